import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { LaunchMessage } from './claims.ts'
import type { Platform } from './platforms.queries.ts'
import { type ServiceFailureNote, tables } from './tables.ts'

/** What a launch says is newer than what was read this long before. */
const freshMinutes = 15

/** A course launched from. */
export interface LaunchedCourse {
  course: string
  contextId: string
  resourceLinkId: string | null
  title: string | null
  iri: string
  membersUrl: string | null
  lineItemsUrl: string | null
  launchedAt: Date
  readAt: Date | null
  members: number | null
  unidentified: number | null
  grades: number | null
  failure: ServiceFailureNote | null
}

/** Notes the course of a launch. @returns whether its services are due to be read. */
export async function noteCourse(
  tx: Tx,
  input: { platform: Platform; message: LaunchMessage; course: string; iri: string; contextId: string },
  now: Date,
): Promise<boolean> {
  const { platform, message, course, iri, contextId } = input
  const said = {
    context_id: contextId,
    ...(message.values['resource_link.id'] === undefined
      ? {}
      : { resource_link_id: message.values['resource_link.id'] }),
    title: message.context?.title ?? null,
    iri,
    members_url: message.membersUrl,
    line_items_url: message.lineItemsUrl,
    launched_at: now,
  }
  const row = await tables(tx)
    .insertInto('lti.course')
    .values({ platform_id: platform.id, course, ...said })
    .onConflict((conflict) => conflict.columns(['platform_id', 'course']).doUpdateSet(said))
    .returning('read_at')
    .executeTakeFirstOrThrow()
  const isServed =
    (platform.readsMembers && message.membersUrl !== null) || (platform.readsGrades && message.lineItemsUrl !== null)
  return isServed && (row.read_at === null || now.getTime() - row.read_at.getTime() > freshMinutes * 60_000)
}

const select = (tx: Tx) =>
  tables(tx)
    .selectFrom('lti.course')
    .select((row) => [
      row.cast<string>('course', 'text').as('course'),
      'context_id as contextId',
      'resource_link_id as resourceLinkId',
      'title',
      'iri',
      'members_url as membersUrl',
      'line_items_url as lineItemsUrl',
      'launched_at as launchedAt',
      'read_at as readAt',
      'members',
      'unidentified',
      'grades',
      'failure',
    ])

/** The courses launched from a platform, the latest first. @param limit at most 1,000. */
export function listCourses(tx: Tx, platformId: string, limit: number): Promise<LaunchedCourse[]> {
  return select(tx)
    .where('platform_id', '=', platformId)
    .orderBy('launched_at', 'desc')
    .limit(Math.min(limit, 1_000))
    .execute()
}

export function findCourse(tx: Tx, platformId: string, course: string): Promise<LaunchedCourse | undefined> {
  return select(tx).where('platform_id', '=', platformId).where('course', '=', course).executeTakeFirst()
}

/** Courses of all platforms launched from since a day, whose services may be read. */
export async function listReadableCourses(tx: Tx, since: Date): Promise<{ platformId: string; course: string }[]> {
  return tables(tx)
    .selectFrom('lti.course')
    .innerJoin('lti.platform', 'lti.platform.id', 'lti.course.platform_id')
    .select((row) => ['platform_id as platformId', row.cast<string>('course', 'text').as('course')])
    .where('withdrawn_at', 'is', null)
    .where('launched_at', '>', since)
    .where((row) => row.or([row('members_url', 'is not', null), row('line_items_url', 'is not', null)]))
    .orderBy(sql`launched_at desc`)
    .execute()
}

/** Notes how a reading of the services of a course ended. */
export async function noteReading(
  tx: Tx,
  where: { platformId: string; course: string },
  result: {
    readAt: Date
    members: number | null
    unidentified: number | null
    grades: number | null
    failure: ServiceFailureNote | null
  },
): Promise<void> {
  await tables(tx)
    .updateTable('lti.course')
    .set((row) => ({
      read_at: result.readAt,
      // What was known stays when this time it could not be read.
      members: row.fn.coalesce(row.val(result.members), 'members'),
      unidentified: row.fn.coalesce(row.val(result.unidentified), 'unidentified'),
      grades: row.fn.coalesce(row.val(result.grades), 'grades'),
      failure: result.failure && JSON.stringify(result.failure),
    }))
    .where('platform_id', '=', where.platformId)
    .where('course', '=', where.course)
    .execute()
}
