import { isActivity } from '#modules/records'
import { contextOf, placeOf } from '../activities.ts'
import type { ReadDialect } from '../meaning.ts'
import { mediaOf, sessionOf } from '../results.ts'
import { toAction } from '../verbs.ts'
import { cmi5Session } from './cmi5.ts'
import { videoSession } from './video.ts'

const profile = 'https://w3id.org/xapi/lms'
const typeExtension = 'https://w3id.org/xapi/acrossx/extensions/type'

/** The LMS profile of the French learning platforms (gaia-x-dases/xapi-lms), which Marsha uses for downloads too. */
export const readFrenchLms: ReadDialect = (statement) => {
  if (!contextOf(statement, 'category').some(({ id }) => id === profile)) return undefined
  const place = placeOf(statement)
  const { object } = statement
  // The page of a course stands for the course.
  if (place.object !== null && isActivity(object) && object.definition?.extensions?.[typeExtension] === 'course') {
    place.object.kind = 'course'
    place.course = place.object
  }
  const action = place.object === null ? '' : toAction(statement.verb.id, place.object.kind)
  return { action, ...place, session: sessionOf(statement, [videoSession, cmi5Session]), ...mediaOf(statement, action) }
}
