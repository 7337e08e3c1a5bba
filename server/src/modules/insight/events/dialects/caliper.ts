import { contextOf, placeOf, toKind, toObject } from '../activities.ts'
import type { ReadDialect } from '../meaning.ts'
import { mediaOf, sessionOf } from '../results.ts'
import { toAction } from '../verbs.ts'
import { videoSession } from './video.ts'

const versions = 'http://purl.imsglobal.org/ctx/caliper/'
const attempt = 'http://adlnet.gov/expapi/activities/attempt'

/** Events of Caliper, kept as statements with the usual verbs (docs/standards/caliper.md). */
export const readCaliper: ReadDialect = (statement) => {
  if (!contextOf(statement, 'category').some(({ id }) => id.replace(/^https:/, 'http:').startsWith(versions))) {
    return undefined
  }
  const place = placeOf(statement)
  const action = place.object === null ? '' : toAction(statement.verb.id, place.object.kind)
  // Messages are parts of a discussion, and held by it.
  if (place.object?.kind === 'discussion' && place.parent?.kind === 'discussion') {
    const [, holder] = contextOf(statement, 'parent').filter((each) => toKind(each) !== 'course')
    place.object = place.parent
    place.parent = holder === undefined ? null : toObject(holder)
  }
  const attempted = contextOf(statement, 'other').find(({ definition }) => definition?.type === attempt)?.id
  return {
    action,
    ...place,
    session: attempted ?? sessionOf(statement, [videoSession]),
    ...mediaOf(statement, action),
  }
}
