import type { Tx } from '#kernel/postgres'
import { insertDefinitions, lockDefinitions, updateDefinitions } from './activity-definitions.queries.ts'
import { mergeDefinitions } from '../model/activity-definitions.ts'
import { activitiesOf, type Activity, type Statement } from '../model/statement.ts'
import { keyOf } from '../model/statement-keys.ts'

/** What statements told of activities, by key: the JSON of the last definition. */
export type Told = Map<string, string>

export interface DefinitionKeeper {
  /**
   * Merges what statements tell of activities into what is kept of them, but for what was told lately already.
   * @returns what is to be remembered once it is durable.
   */
  keep(tx: Tx, tenantId: string, statements: Statement[], now: Date): Promise<Told>
  remember(told: Told): void
}

/** Activities remembered by a process: a source tells the same of the same ones, all day. */
const mostRemembered = 20_000
/** Characters of the longest definition remembered: one may be as long as a request. */
const longestRemembered = 10_000
/** How long, in ms: another process may be told something else. */
const rememberedFor = 60_000

export function createDefinitionKeeper(): DefinitionKeeper {
  let known: Told = new Map()
  let since = 0

  return {
    async keep(tx, tenantId, statements, now) {
      if (known.size > mostRemembered || now.getTime() - since > rememberedFor) {
        known = new Map()
        since = now.getTime()
      }
      const told: Told = new Map()
      const news = new Map<string, Activity[]>()
      for (const statement of statements) {
        for (const activity of activitiesOf(statement)) {
          if (activity.definition === undefined) continue
          const key = keyOf(tenantId, 'activity', activity.id)
          const text = JSON.stringify(activity.definition)
          if ((told.get(key) ?? known.get(key)) === text) continue
          told.set(key, text)
          const several = news.get(key)
          if (several) several.push(activity)
          else news.set(key, [activity])
        }
      }
      if (news.size > 0) await merge(tx, news, now)
      return told
    },
    remember(told) {
      for (const [key, text] of told) if (text.length <= longestRemembered) known.set(key, text)
    },
  }
}

/** Characters of the longest definition kept of an activity: what tools add at each session would grow without end. */
const longestKept = 1_000_000

/**
 * Where a definition would become too long, what is known stays.
 * @param news activities by key, each as it was told, in order.
 */
async function merge(tx: Tx, news: Map<string, Activity[]>, now: Date): Promise<void> {
  const activities = [...news]
    .map(([key, several]) => ({
      key,
      iri: several[0]?.id ?? '',
      definition: JSON.stringify(several.map(({ definition }) => definition ?? {}).reduce(mergeDefinitions)),
    }))
    .filter(({ definition }) => definition.length <= longestKept)
  if (activities.length === 0) return
  // In one order, so that two transactions with the same ones wait for each other rather than die.
  activities.sort((one, other) => (one.key < other.key ? -1 : 1))
  const taken = await insertDefinitions(tx, activities, now)
  if (taken.size === 0) return
  const changed = [...(await lockDefinitions(tx, taken))].flatMap(([key, kept]) => {
    const several = news.get(key) ?? []
    const definition = JSON.stringify(several.map((each) => each.definition ?? {}).reduce(mergeDefinitions, kept))
    return definition.length > longestKept || definition === JSON.stringify(kept)
      ? []
      : [{ key, iri: several[0]?.id ?? '', definition }]
  })
  if (changed.length > 0) await updateDefinitions(tx, changed, now)
}
