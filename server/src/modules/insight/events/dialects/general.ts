import { placeOf } from '../activities.ts'
import type { ReadDialect } from '../meaning.ts'
import { mediaOf, passageOf, sessionOf } from '../results.ts'
import { toAction } from '../verbs.ts'

/** Statements of any tool with the usual verbs of ADL, Tin Can and Activity Streams. */
export const readGeneral: ReadDialect = (statement) => {
  const place = placeOf(statement)
  if (place.object === null) return undefined
  let action = toAction(statement.verb.id, place.object.kind)
  if (action === '') return undefined
  const passage = action === 'watched' ? passageOf(statement) : undefined
  // Somebody watched something, nobody knows how much of it.
  if (action === 'watched' && passage === undefined) action = 'viewed'
  return { action, ...place, session: sessionOf(statement), ...mediaOf(statement, action), ...passage }
}
