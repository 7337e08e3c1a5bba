import { contextOf, placeOf } from '../activities.ts'
import type { ReadDialect } from '../meaning.ts'
import { sessionOf } from '../results.ts'
import { toAction } from '../verbs.ts'

const category = 'https://w3id.org/xapi/cmi5/context/categories/cmi5'
export const cmi5Session = 'https://w3id.org/xapi/cmi5/context/extensions/sessionid'
const initialized = 'http://adlnet.gov/expapi/verbs/initialized'

/** Units that a platform launches by cmi5, and what the platform says of them. */
export const readCmi5: ReadDialect = (statement) => {
  const isCmi5 =
    contextOf(statement, 'category').some(({ id }) => id === category) ||
    statement.context?.extensions?.[cmi5Session] !== undefined
  if (!isCmi5) return undefined
  const place = placeOf(statement)
  // Units need not tell their type; courses and blocks do.
  if (place.object?.kind === 'other') place.object.kind = 'package'
  const verb = statement.verb.id
  // The platform launches, then the unit begins.
  const action = place.object === null ? '' : verb === initialized ? 'attempted' : toAction(verb, place.object.kind)
  return { action, ...place, session: sessionOf(statement, [cmi5Session]) }
}
