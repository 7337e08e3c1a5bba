import type { paths as ApiPaths } from '../../api/schema.d.ts'

export type Import = ApiPaths['/api/directory/imports/{id}']['get']['responses'][200]['content']['application/json']

export const recordKinds = ['establishment', 'class', 'group', 'pupil', 'guardian', 'staff', 'subject', 'mef'] as const
export const changeKinds = ['added', 'modified', 'removed'] as const

/** Whether it works by itself: the page then asks again every second. */
export function isRunning(each: Import): boolean {
  return each.state === 'staging' || each.state === 'applying'
}

/** Its state as people are told it: one that waits for an answer is not merely interrupted. */
export function toShownState(each: Pick<Import, 'state' | 'actions'>): Import['state'] | 'asking' {
  return each.actions.includes('describe') ? 'asking' : each.state
}

/** Records changed, over all kinds. */
export function countChanges(each: Import): number {
  return Object.values(each.counts).reduce((sum, counts) => sum + counts.added + counts.modified + counts.removed, 0)
}

export function countQuarantined(each: Import): number {
  return Object.values(each.counts).reduce((sum, counts) => sum + counts.quarantined, 0)
}

/** Seconds left at the pace so far; undefined during the first two seconds, whose pace means nothing. */
export function secondsLeft(progress: NonNullable<Import['progress']>, now: Date): number | undefined {
  const spent = (now.getTime() - new Date(progress.startedAt).getTime()) / 1_000
  if (spent < 2 || progress.done <= 0 || progress.total <= 0) return undefined
  return (spent * (progress.total - progress.done)) / progress.done
}
