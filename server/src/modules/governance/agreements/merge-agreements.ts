import { isDeepStrictEqual } from 'node:util'
import type { Agreement } from './agreement-schema.ts'

/** A rule that an amendment and another version both change, each in its own way. */
export interface Conflict {
  /** Names and keys from the whole agreement down: `bodies`, `copil`, `notice`, `days`. */
  path: string[]
  base: unknown
  proposed: unknown
  present: unknown
}

/**
 * The change that an amendment makes of the version it was written from, made of a later version. Things with a key are
 * followed under it; lists of words are followed word by word. Where both changed one rule, the later version's stays.
 * The date from which the whole holds is the later of the two: an amendment begins no earlier than what it amends.
 */
export function mergeAgreements(
  base: Agreement,
  proposed: Agreement,
  present: Agreement,
): { rules: unknown; conflicts: Conflict[] } {
  const conflicts: Conflict[] = []
  const validFrom = proposed.validFrom > present.validFrom ? proposed.validFrom : present.validFrom
  const [from, change, onto] = [base, proposed, present].map((each) => ({ ...each, validFrom }))
  return { rules: merge(from, change, onto, [], conflicts), conflicts }
}

/** Lists whose order says something: two changes of them are not put together. */
const ordered = new Set(['steps', 'phases'])

function merge(base: unknown, proposed: unknown, present: unknown, path: string[], conflicts: Conflict[]): unknown {
  if (isDeepStrictEqual(proposed, present) || isDeepStrictEqual(proposed, base)) return present
  if (isDeepStrictEqual(present, base)) return proposed
  const last = path.at(-1) ?? ''
  const sides = [base, proposed, present]
  if (isRecord(base) && isRecord(proposed) && isRecord(present)) {
    // Methods of voting of two kinds have nothing in common.
    const kinds = new Set([base, proposed, present].map((each) => each['kind']))
    if (last !== 'method' || kinds.size === 1) return mergeRecords(base, proposed, present, path, conflicts)
  } else if (sides.every(isList) && !ordered.has(last)) {
    const keyed = sides.map(keyList)
    if (keyed.every((each) => each !== undefined)) return mergeKeyed(keyed, path, conflicts)
    if (sides.every(isWords)) return mergeWords(sides)
  }
  conflicts.push({ path, base, proposed, present })
  return present
}

function mergeRecords(base: Named, proposed: Named, present: Named, path: string[], conflicts: Conflict[]): Named {
  const names = new Set([...Object.keys(present), ...Object.keys(proposed)])
  const merged = [...names].map(
    (name) => [name, merge(base[name], proposed[name], present[name], [...path, name], conflicts)] as const,
  )
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined))
}

/** In the order of the later version; what the amendment adds comes after what it follows there. */
function mergeKeyed(sides: Map<string, Named>[], path: string[], conflicts: Conflict[]): Named[] {
  const [base, proposed, present] = sides as [Map<string, Named>, Map<string, Named>, Map<string, Named>]
  const order = [...present.keys()]
  let previous: string | undefined
  for (const key of proposed.keys()) {
    if (!order.includes(key)) order.splice(previous === undefined ? 0 : order.indexOf(previous) + 1, 0, key)
    previous = key
  }
  return order
    .map((key) => merge(base.get(key), proposed.get(key), present.get(key), [...path, key], conflicts))
    .filter(isRecord)
}

function mergeWords(sides: string[][]): string[] {
  const [base = [], proposed = [], present = []] = sides
  return [
    ...present.filter((word) => proposed.includes(word) || !base.includes(word)),
    ...proposed.filter((word) => !base.includes(word) && !present.includes(word)),
  ]
}

type Named = Record<string, unknown>

const isRecord = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isList = (value: unknown): value is unknown[] => Array.isArray(value)
const isWords = (value: unknown[]): value is string[] => value.every((each) => typeof each === 'string')

/** The key under which a thing of a list is followed: an article by its number. */
export function readRuleKey(value: unknown): string | undefined {
  const key = isRecord(value) ? (value['key'] ?? value['number']) : undefined
  return typeof key === 'string' ? key : undefined
}

function keyList(list: unknown[]): Map<string, Named> | undefined {
  const keyed = new Map<string, Named>()
  for (const each of list) {
    const key = readRuleKey(each)
    if (key === undefined || !isRecord(each)) return undefined
    keyed.set(key, each)
  }
  return keyed
}
