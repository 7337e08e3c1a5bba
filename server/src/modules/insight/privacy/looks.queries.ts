import { randomUUIDv7 } from 'node:crypto'
import type { Viewer } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

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
  await tables(tx)
    .insertInto('insight.look')
    .values(
      learners.map((learner) => ({
        id: randomUUIDv7(),
        learner,
        course,
        indicator,
        viewer_learner: viewer.learner,
        viewer_person_id: viewer.personId,
        viewer_name: viewer.name,
        looked_at: now,
      })),
    )
    .execute()
}
