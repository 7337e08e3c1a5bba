import { contextOf, placeOf } from '../activities.ts'
import type { ReadDialect } from '../meaning.ts'
import { mediaOf, sessionOf } from '../results.ts'
import { toAction } from '../verbs.ts'

const profiles = new Set(['https://w3id.org/xapi/video', 'https://w3id.org/xapi/audio'])
const verbs = 'https://w3id.org/xapi/video/verbs/'
const types = 'https://w3id.org/xapi/video/activity-type/'
export const videoSession = 'https://w3id.org/xapi/video/extensions/session-id'

/** Players that follow the video or the audio profile, such as Marsha. */
export const readVideo: ReadDialect = (statement) => {
  const place = placeOf(statement)
  const isOfPlayer =
    statement.verb.id.startsWith(verbs) ||
    contextOf(statement, 'category').some(({ id }) => profiles.has(id)) ||
    (place.object !== null && 'definition' in statement.object && statement.object.definition?.type?.startsWith(types))
  if (!isOfPlayer) return undefined
  const action = place.object === null ? '' : toAction(statement.verb.id, place.object.kind)
  return { action, ...place, session: sessionOf(statement, [videoSession]), ...mediaOf(statement, action) }
}
