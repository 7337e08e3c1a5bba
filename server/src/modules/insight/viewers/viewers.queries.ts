import type { Viewer } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

export async function insertLaunch(
  tx: Tx,
  row: { token_digest: Buffer; viewer: string; created_at: Date; expires_at: Date; opened_by: string | null },
): Promise<void> {
  await tables(tx).insertInto('insight.launch').values(row).execute()
}

/** Who holds the token of a launch; undefined when it is unknown or over. */
export async function findLaunch(tx: Tx, tokenDigest: Buffer, now: Date): Promise<Viewer | undefined> {
  const row = await tables(tx)
    .selectFrom('insight.launch')
    .select('viewer')
    .where('token_digest', '=', tokenDigest)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row?.viewer
}

/** Ends what a platform or a portal opened. */
export async function endLaunches(tx: Tx, openedBy: string): Promise<void> {
  await tables(tx).deleteFrom('insight.launch').where('opened_by', '=', openedBy).execute()
}

/** Keys of the courses of the programmes that a person heads. */
export async function listHeadedCourses(tx: Tx, personId: string): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('insight.programme_head')
    .innerJoin(
      'insight.programme_course',
      'insight.programme_course.programme_id',
      'insight.programme_head.programme_id',
    )
    .select((row) => row.cast<string>('course', 'text').as('course'))
    .distinct()
    .where('person_id', '=', personId)
    .execute()
  return rows.map(({ course }) => course)
}

/** The pseudonym that a person of the directory was tied to. */
export async function findOwnLearner(tx: Tx, personId: string): Promise<string | undefined> {
  const row = await tables(tx)
    .selectFrom('insight.learner')
    .select((each) => each.cast<string>('learner', 'text').as('learner'))
    .where('person_id', '=', personId)
    .executeTakeFirst()
  return row?.learner
}
