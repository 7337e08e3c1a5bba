import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listCourseUses } from '../dashboards/courses.queries.ts'
import { findReadBuild } from '../projection/builds.queries.ts'
import { isEnrolled } from './enrolments.queries.ts'

/** Whether somebody takes part in a course: their platform says so, or they did something there. */
export async function takesPart(
  services: Pick<Services, 'db' | 'clickhouse'>,
  tenantId: string,
  { learner, course }: { learner: string; course: string },
): Promise<boolean> {
  const { enrolled, read } = await inTenant(services.db, tenantId, async (tx) => ({
    enrolled: await isEnrolled(tx, { learner, course }),
    read: await findReadBuild(tx),
  }))
  if (enrolled || read === undefined) return enrolled
  const reach = { tenantId, build: read.build, within: [course], learner, without: [], k: 1 }
  return (await listCourseUses(await services.clickhouse(), reach)).length > 0
}
