import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { en } from './en.ts'
import { fr } from './fr.ts'

type Texts = { [key: string]: string | string[] | Texts }

/** Every key with its text; plural forms of one key count as one, since languages differ in them. */
function listTexts(texts: Texts, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    const path = `${prefix}${key}`
    if (typeof value === 'string') found.set(path.replace(/_(one|many|other)$/, ''), value)
    else if (Array.isArray(value)) value.forEach((text, index) => found.set(`${path}.${index}`, text))
    else for (const [inner, text] of listTexts(value, `${path}.`)) found.set(inner, text)
  }
  return found
}

const parametersOf = (text = '') => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()

test('both languages say the same things', () => {
  const [french, english] = [listTexts(fr), listTexts(en)]
  expect([...english.keys()].sort()).toEqual([...french.keys()].sort())
  const withParameters = (texts: Map<string, string>) =>
    [...texts].map(([key, text]) => [key, ...parametersOf(text)]).sort()
  expect(withParameters(english)).toEqual(withParameters(french))
})

test('every catalogue is loaded', () => {
  for (const [language, texts] of Object.entries({ fr, en })) {
    const files = readdirSync(new URL(language, import.meta.url)).map((name) => name.replace('.json', ''))
    expect(Object.keys(texts).sort()).toEqual(files.sort())
  }
})

test('plurals have every form of their language', () => {
  for (const [language, catalogue] of Object.entries({ fr, en })) {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    for (const namespace of Object.keys(catalogue)) {
      const text = readFileSync(new URL(`${language}/${namespace}.json`, import.meta.url), 'utf8')
      for (const [, key] of text.matchAll(/"(\w+)_other":/g)) {
        for (const form of forms) expect(text).toContain(`"${key}_${form}":`)
      }
    }
  }
})

test('French punctuation never starts a line', () => {
  const loose = [...listTexts(fr).values()].filter((text) => / [:;?!»]|« /.test(text))
  expect(loose).toEqual([])
})
