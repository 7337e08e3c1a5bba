import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyStatement } from '../../../../test/statements.ts'
import type { Statement, XapiVersion } from './statement.ts'
import { completeStatement } from './statement-completion.ts'
import { checkStatement } from './statement-validation.ts'

const completion = {
  id: '9dc99b37-e920-4a68-a066-917faca28949',
  stored: '2026-11-22T10:00:00.123456Z',
  authority: { account: { homePage: 'https://preau.example', name: 'key' } },
}
const plain: Statement = { actor: { mbox: 'mailto:a@b' }, verb: { id: 'urn:v' }, object: { id: 'urn:o' } }
const complete = (statement: Statement, version: XapiVersion = '1.0.3') =>
  completeStatement(statement, { ...completion, version })

describe.each<XapiVersion>(['1.0.3', '2.0.0'])('a completed statement of %s', (version) => {
  it('is valid, and completing it again changes nothing', () => {
    fc.assert(
      fc.property(anyStatement(version), (sent) => {
        const before = JSON.stringify(sent)
        const completed = complete(checkStatement(sent, version), version)
        expect(JSON.stringify(sent)).toBe(before)
        const read: unknown = JSON.parse(JSON.stringify(completed))
        expect(complete(checkStatement(read, version), version)).toEqual(completed)
      }),
    )
  })

  it('has what the store sets, whatever was sent', () => {
    const sent = { ...plain, stored: '2011-07-15T00:00:00Z', authority: { mbox: 'mailto:x@y' } }
    expect(complete(sent, version)).toEqual({
      ...plain,
      ...completion,
      timestamp: completion.stored,
      version: version === '2.0.0' ? '2.0.0' : '1.0.0',
    })
    expect(complete({ ...plain, version: '1.0.2' }, version).version).toBe('1.0.2')
  })

  it('has the activities of its contexts as arrays', () => {
    const context = { contextActivities: { parent: { id: 'urn:p' }, other: [{ id: 'urn:o' }] } }
    const lists = { contextActivities: { parent: [{ id: 'urn:p' }], other: [{ id: 'urn:o' }] } }
    const within: Statement = {
      ...plain,
      object: { objectType: 'SubStatement', ...plain, object: { id: 'urn:o' }, context },
    }
    expect(complete({ ...plain, context }, version).context).toEqual(lists)
    expect(complete(within, version).object).toMatchObject({ context: lists })
  })
})

it('tells time in UTC in 2.0, as it was told in 1.0.3', () => {
  const timestamp = '2023-05-04T12:00:00.5-05:00'
  const sent: Statement = {
    ...plain,
    timestamp,
    object: { objectType: 'SubStatement', ...plain, object: { id: 'urn:o' }, timestamp },
  }
  const utc = '2023-05-04T17:00:00.5Z'
  expect(complete(sent)).toMatchObject({ timestamp, object: { timestamp } })
  expect(complete(sent, '2.0.0')).toMatchObject({ timestamp: utc, object: { timestamp: utc } })
})
