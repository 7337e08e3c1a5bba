import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Viewer } from '#kernel/access'
import type { Tx } from '#kernel/postgres'

/** Notes that somebody saw learners by name, for these to read. @param learners pseudonyms in decimal. */
export async function recordLooks(
  tx: Tx,
  look: { viewer: Viewer; course: string; indicator: string; learners: readonly string[] },
  now: Date,
): Promise<void> {
  const { viewer, course, indicator } = look
  // What one sees of oneself is nobody's look.
  const learners = [...new Set(look.learners)].filter((learner) => learner !== viewer.learner)
  if (learners.length === 0) return
  // As arrays: a course has thousands of learners, and a statement takes 65,535 values.
  await sql`
    insert into insight.look (id, learner, course, indicator, viewer_learner, viewer_person_id, viewer_name, looked_at)
    select id, learner, ${course}, ${indicator}, ${viewer.learner}, ${viewer.personId}, ${viewer.name}, ${now}
    from unnest(${learners.map(() => randomUUIDv7())}::uuid[], ${learners}::bigint[]) look (id, learner)`.execute(tx)
}
