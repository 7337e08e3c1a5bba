import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDuration, isIri, isLanguageTag, isMailto, isMediaType, isUuid } from './text-formats.ts'

const rules: [(text: string) => boolean, string[], string[]][] = [
  [
    isIri,
    [
      'https://lms.example/a?b=c#d',
      'urn:uuid:9dc99b37-e920-4a68-a066-917faca28949',
      'uuid://7d4f3c70-1e79-4243-9b7d-166076ce8bfb',
      'course-v1:FUN-MOOC+00002+session01',
      'https://école.example/élève/😀',
      'http://a/%zz',
      'tag:a',
      'http://[::1]:80/',
    ],
    [
      '',
      'a',
      '12',
      ':a',
      '1a:b',
      'a:',
      '/a',
      'http:',
      'http://',
      'https:/a',
      'http:///a',
      'a b:c',
      'a:b c',
      'a:<b>',
      'a:"',
      'a:|',
      'a:\u0000',
      'a:\u0085',
      'a:\ud83d',
      'a:\ude00x',
      'a_b:c',
    ],
  ],
  [
    isUuid,
    [
      '9dc99b37-e920-4a68-a066-917faca28949',
      'AA97B177-9383-4934-8543-0F91A7A02836',
      '00000000-0000-0000-0000-000000000000',
    ],
    [
      '',
      '{9dc99b37-e920-4a68-a066-917faca28949}',
      '9dc99b37e9204a68a066917faca28949',
      'MA97B177-9383-4934-8543-0F91A7A02836',
    ],
  ],
  [
    isLanguageTag,
    [
      'fr',
      'FR',
      'fr-FR',
      'zh-Hant',
      'zh-Hant-TW',
      'es-419',
      'de-1996',
      'sl-rozaj-biske',
      'en-a-bbb-x-a',
      'x-prof',
      'und',
      'i-klingon',
      'gsw',
    ],
    ['', 'f', 'f1', 'fr_FR', 'fr-', '-fr', 'fr-F', 'a12345678', 'something', 'fr FR', '1a', 'fr-F1'],
  ],
  [
    isDuration,
    ['PT0S', 'P3Y', 'P4W', 'PT16559.14S', 'P3Y1M29DT4H35M59.14S', 'PT0,5H', 'P0.5Y', 'P1DT12H36M0.12567S'],
    [
      '',
      'P',
      'PT',
      'P1',
      '1H',
      'P1H',
      'PT1D',
      'PA1H0M0S',
      'P4W1D',
      'PT1.5H3M',
      '-PT1S',
      'PT1S ',
      'P1YT',
      'p1y',
      'PT.5S',
    ],
  ],
  [
    isMailto,
    ['mailto:a@b', 'mailto:ana.b+c@lycee.example'],
    ['', 'a@b', 'mailto:', 'mailto:a', 'mailto:@b', 'mailto:a@', 'mailto:a b@c', 'mailto:a@b@c', 'Mailto:a@b'],
  ],
  [
    isMediaType,
    ['text/plain', 'text/plain; charset=ascii', 'application/vnd.a+json'],
    ['', 'text', 'text/', '/plain', 'a b/c', 'text/plain charset'],
  ],
]

describe.each(rules)('%o', (isRight, right, wrong) => {
  it.each(right)('accepts %j', (text) => expect(isRight(text)).toBe(true))
  it.each(wrong)('refuses %j', (text) => expect(isRight(text)).toBe(false))
})

it('answers soon whatever it is given', () => {
  const hostile = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.string({ unit: fc.constantFrom(...'a1-:@T.PS'), maxLength: 5000 }),
  )
  fc.assert(
    fc.property(hostile, (text) => {
      for (const [isRight] of rules) expect(typeof isRight(text)).toBe('boolean')
    }),
    { numRuns: 200 },
  )
  const long = `${'a-'.repeat(50_000)}!`
  const start = performance.now()
  for (const [isRight] of rules)
    for (const text of [long, `x:${long}`, `mailto:${long}`, `P${'1'.repeat(100_000)}`]) isRight(text)
  expect(performance.now() - start).toBeLessThan(500)
})
