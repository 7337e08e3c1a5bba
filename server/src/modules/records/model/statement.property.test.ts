import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyStatement } from '../../../../test/statements.ts'
import type { Statement, XapiVersion } from './statement.ts'
import { completeStatement } from './statement-completion.ts'
import { areSame } from './statement-equality.ts'
import { toCanonical, toIds, toVersion } from './statement-formats.ts'
import { keysOf } from './statement-keys.ts'
import { repairStatement } from '../quarantine/statement-repairs.ts'
import { checkStatement } from './statement-validation.ts'
import { StatementError } from './value-validation.ts'

const completion = {
  id: '9dc99b37-e920-4a68-a066-917faca28949',
  stored: '2026-11-22T10:00:00.123456Z',
  authority: { mbox: 'mailto:lms@lycee.example' },
}

/** What hostile and careless sources put where something else belongs. */
const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, '', 1e308, [], {}, [[]], [null], 'http://', 'mailto:', '2026-02-30', { id: 'urn:x' }),
  fc.constantFrom<unknown>(
    { objectType: 'Group' },
    { objectType: 'SubStatement' },
    { objectType: 'Agent', member: [] },
  ),
)
const strangeKeys = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'rawJSON',
  'mbox',
  'member',
  'objectType',
  'id',
)

/** Every place of a JSON value: the object or array, and the key in it. */
function listPlaces(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return []
  const place = value as Record<string, unknown>
  return Object.keys(place).flatMap((key) => [[place, key] as [typeof place, string], ...listPlaces(place[key])])
}

/** A valid statement of which one part is replaced, taken away or given company. */
function anyAltered(version: XapiVersion): fc.Arbitrary<unknown> {
  const change = fc.tuple(fc.nat(), strange, fc.constantFrom('replace', 'remove', 'add'), strangeKeys)
  return fc.tuple(anyStatement(version), change).map(([statement, [index, value, act, extra]]) => {
    const places = listPlaces(statement)
    const [place, key] = places[index % places.length]!
    if (act === 'remove' && !Array.isArray(place)) delete place[key]
    else {
      const name = act === 'add' && !Array.isArray(place) ? extra : key
      // Assigned, __proto__ would be no property.
      Object.defineProperty(place, name, { value, enumerable: true, configurable: true, writable: true })
    }
    return JSON.parse(JSON.stringify(statement)) as unknown
  })
}

function isRefused(value: unknown, version: XapiVersion): boolean {
  try {
    checkStatement(value, version)
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(StatementError)
    return true
  }
}

test.each<XapiVersion>(['1.0.3', '2.0.0'])(
  'whatever is sent under %s is refused with its place, or passes through all that a store does with it',
  (version) => {
    fc.assert(
      fc.property(anyAltered(version), (value) => {
        const mending = repairStatement(value, { version, sourceId: '1' })
        if ('statement' in mending) expect(isRefused(mending.statement, version)).toBe(false)
        if (isRefused(value, version)) return
        const sent = value as Statement
        const kept = completeStatement(sent, { ...completion, version })
        expect(areSame(kept, sent)).toBe(true)
        expect(keysOf('tenant', toIds(kept)).actor).toBe(keysOf('tenant', kept).actor)
        expect(isRefused(toCanonical(kept, new Map(), ['fr']), version)).toBe(false)
        expect(isRefused(JSON.parse(JSON.stringify(toVersion(kept, '1.0.3'))), '1.0.3')).toBe(false)
      }),
      { numRuns: 500 },
    )
  },
)
