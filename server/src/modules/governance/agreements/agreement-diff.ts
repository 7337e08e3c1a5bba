import { diff } from 'node:util'
import { stringify } from 'yaml'
import type { Agreement } from './agreement-schema.ts'

export const changedParts = [
  'agreement',
  'articles',
  'parties',
  'bodies',
  'ballots',
  'changes',
  'membership',
  'sharing',
  'money',
  'services',
  'deliverables',
  'review',
] as const

/** One rule that differs between two versions. */
export interface RuleChange {
  kind: 'added' | 'removed' | 'changed'
  part: (typeof changedParts)[number]
  /** Of the party, body, ballot… it belongs to, with its name; null for what there is one of. */
  key: string | null
  name: string | null
  /** Names of the rule from the part on; none for the whole of a party, a body… */
  field: string[]
  /** In the words of the file; null for what is not there. */
  from: string | null
  to: string | null
  /** That the rule cites: in the newer version, else in the older. */
  article: string | null
}

interface Place extends Pick<RuleChange, 'part' | 'key' | 'name' | 'field' | 'article'> {}

/** What changes from one version to another, rule by rule, in the order of the file. */
export function compareAgreements(before: Agreement, after: Agreement): RuleChange[] {
  const { sharing: sharingBefore, ...moneyBefore } = before.money
  const { sharing: sharingAfter, ...moneyAfter } = after.money
  const parts = (each: Agreement) => {
    const {
      articles,
      parties,
      bodies,
      ballots,
      changes,
      membership,
      money: _,
      services,
      deliverables,
      review,
      ...agreement
    } = each
    return { agreement, articles, parties, bodies, ballots, changes, membership, services, deliverables, review }
  }
  const old = { ...parts(before), sharing: sharingBefore, money: moneyBefore }
  const fresh = { ...parts(after), sharing: sharingAfter, money: moneyAfter }
  return changedParts.flatMap((part) =>
    compare(old[part], fresh[part], { part, key: null, name: null, field: [], article: null }),
  )
}

function compare(before: unknown, after: unknown, place: Place): RuleChange[] {
  if (writeRule(before) === writeRule(after)) return []
  if (isRecord(before) && isRecord(after)) {
    const article = citedBy(after) ?? citedBy(before) ?? place.article
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) =>
      compare(before[name], after[name], { ...place, article, field: [...place.field, name] }),
    )
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const olds = byKey(before)
    const news = byKey(after)
    if (olds && news && place.field.length === 0) return compareKeyed(olds, news, place)
    if (before.length === after.length && before.every(isRecord)) {
      return before.flatMap((each, index) =>
        compare(each, after[index], { ...place, field: [...place.field, String(index + 1)] }),
      )
    }
  }
  const kind = isAbsent(before) ? 'added' : isAbsent(after) ? 'removed' : 'changed'
  const article = citedBy(after) ?? citedBy(before) ?? place.article
  return [{ kind, ...place, article, from: writeRule(before), to: writeRule(after) }]
}

function compareKeyed(olds: Map<string, Named>, news: Map<string, Named>, place: Place): RuleChange[] {
  const keys = [...new Set([...news.keys(), ...olds.keys()])]
  const changes = keys.flatMap((key) => {
    const [before, after] = [olds.get(key), news.get(key)]
    const known = after ?? before
    const article = citedBy(known) ?? place.article
    return compare(before, after, { ...place, key, name: nameOf(known), article })
  })
  return changes
}

type Named = Record<string, unknown>

const isRecord = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isAbsent = (value: unknown) => value === undefined || value === null

function byKey(list: unknown[]): Map<string, Named> | undefined {
  const entries = list.map((each) => (isRecord(each) ? ([String(each['key'] ?? each['number']), each] as const) : null))
  return entries.includes(null) ? undefined : new Map(entries.filter((each) => each !== null))
}

const citedBy = (value: unknown): string | null =>
  isRecord(value) && typeof value['article'] === 'string' ? value['article'] : null

function nameOf(value: Named | undefined): string | null {
  const name = value?.['name'] ?? value?.['title']
  return typeof name === 'string' ? name : null
}

/** A value in the words of the file. */
export function writeRule(value: unknown): string | null {
  if (isAbsent(value)) return null
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.join(', ')
  return stringify(value).trimEnd()
}

export interface TextLine {
  kind: 'same' | 'added' | 'removed'
  /** In the version it stands in; the newer one for what is the same. */
  line: number
  text: string
}

/** The files of two versions, line by line: what differs, with three lines around. */
export function compareTexts(before: string, after: string): TextLine[] {
  let [old, fresh] = [0, 0]
  const lines = diffLines(before.split('\n'), after.split('\n')).map(([operation, text]): TextLine => {
    if (operation === 1) return { kind: 'removed', line: (old += 1), text }
    fresh += 1
    if (operation === -1) return { kind: 'added', line: fresh, text }
    old += 1
    return { kind: 'same', line: fresh, text }
  })
  const around = 3
  let near = -Infinity
  const kept = lines.map(({ kind }, index) => {
    if (kind !== 'same') near = index
    return index - near <= around
  })
  near = Infinity
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    if (lines[index]?.kind !== 'same') near = index
    kept[index] = kept[index] === true || near - index <= around
  }
  return lines.filter((_, index) => kept[index])
}

// Comparing takes time and memory by the square of the lines that differ: beyond, all between the first and the last changes.
const mostCompared = 2_000

/** What each line is, as `diff` of Node.js says: 1 for one that goes, -1 for one that comes. */
function diffLines(old: string[], fresh: string[]): (readonly [number, string])[] {
  const shorter = Math.min(old.length, fresh.length)
  let head = 0
  while (head < shorter && old[head] === fresh[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1
  const [goes, comes] = [old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)]
  const same = (lines: string[]) => lines.map((line) => [0, line] as const)
  return [
    ...same(old.slice(0, head)),
    ...(goes.length === 0 || comes.length === 0 || goes.length + comes.length > mostCompared
      ? [...goes.map((line) => [1, line] as const), ...comes.map((line) => [-1, line] as const)]
      : diff(goes, comes)),
    ...same(old.slice(old.length - tail)),
  ]
}
