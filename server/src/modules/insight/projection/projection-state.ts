import { countStatementsAfter } from '#modules/records'
import type { Tx } from '#kernel/postgres'
import { rulesVersion } from '../events/learning-event.ts'
import { type Build, listBuilds } from './builds.queries.ts'

/** How far the analytics are behind the store. */
export interface ProjectionState {
  builds: (Pick<Build, 'build' | 'state' | 'statements' | 'startedAt' | 'updatedAt' | 'failure'> & {
    /** All that was stored until then is in; null for nothing. */
    until: Date | null
    /** Statements stored that are not in yet, a million at most. */
    waiting: number
    /** Since when the first of them has been waiting, in seconds. */
    lag: number
    /** Whether statements were understood by the rules of this version of the program. */
    current: boolean
  })[]
}

/** Statements waiting, beyond which they are not counted. */
const mostCounted = 1_000_000

export async function readProjectionState(tx: Tx, now: Date): Promise<ProjectionState> {
  const builds: ProjectionState['builds'] = []
  for (const { cursor, rules, pendingUntil: _pending, identities: _identities, ...build } of await listBuilds(tx)) {
    const { count, first } = await countStatementsAfter(tx, cursor, mostCounted)
    builds.push({
      ...build,
      until: cursor === 0 ? null : new Date(cursor / 1000),
      waiting: build.state === 'left' ? 0 : count,
      lag: first === null || build.state === 'left' ? 0 : Math.max(0, now.getTime() - first / 1000) / 1000,
      current: rules === rulesVersion,
    })
  }
  return { builds }
}
