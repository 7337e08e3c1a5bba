import type { Definition, ListContent } from './list-schema.ts'

export const comparedFields = ['title', 'what', 'kind', 'owner', 'dueOn', 'criteria', 'pilots', 'receivers'] as const

/** What became of a deliverable from one list to another. */
export interface DeliverableDiff {
  key: string
  /** As the later list says, or the earlier for what it has no more. */
  title: string
  kind: 'added' | 'removed' | 'changed'
  /** What reads otherwise, for what is in both: what only one of them says of it. */
  changes: { field: (typeof comparedFields)[number]; before: string[]; after: string[] }[]
}

export interface ListDiff {
  included: { added: string[]; removed: string[] }
  excluded: { added: string[]; removed: string[] }
  deliverables: DeliverableDiff[]
}

/** What a list says otherwise than an earlier one, deliverable by deliverable, in the order of the later. */
export function diffLists(before: ListContent, after: ListContent): ListDiff {
  const earlier = new Map(before.deliverables.map((each) => [each.key, each]))
  const later = new Set(after.deliverables.map(({ key }) => key))
  const diffs = after.deliverables.flatMap((each): DeliverableDiff[] => {
    const was = earlier.get(each.key)
    if (!was) return [{ key: each.key, title: each.title, kind: 'added', changes: [] }]
    const changes = comparedFields.flatMap((field) => {
      const [one, other] = [readField(was, field), readField(each, field)]
      const { added, removed } = compareLines(one, other)
      return added.length + removed.length === 0 ? [] : [{ field, before: removed, after: added }]
    })
    return changes.length === 0 ? [] : [{ key: each.key, title: each.title, kind: 'changed', changes }]
  })
  const removed = before.deliverables
    .filter(({ key }) => !later.has(key))
    .map(({ key, title }): DeliverableDiff => ({ key, title, kind: 'removed', changes: [] }))
  return {
    included: compareLines(before.perimeter.included, after.perimeter.included),
    excluded: compareLines(before.perimeter.excluded, after.perimeter.excluded),
    deliverables: [...diffs, ...removed],
  }
}

function readField(definition: Definition, field: (typeof comparedFields)[number]): string[] {
  if (field === 'criteria') return definition.criteria.map(({ what, measure }) => `${what} : ${measure}`)
  const value = definition[field]
  return Array.isArray(value) ? value : value === null || value === '' ? [] : [value]
}

const compareLines = (before: string[], after: string[]) => ({
  added: after.filter((line) => !before.includes(line)),
  removed: before.filter((line) => !after.includes(line)),
})
