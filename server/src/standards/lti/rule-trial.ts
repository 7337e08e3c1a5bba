import { countKnown, getLearner } from '#modules/insight'
import { keyOf } from '#modules/records'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { getPlatform } from './platforms.ts'
import { identifyCourse, identifyUser, type IdentityRule } from './rules.ts'

/** Where rules lead for what a platform would say of somebody. */
export interface RuleTrial {
  /** As statements would name the person; null when the rule leads to nobody. */
  identifier: string | null
  /** Events of that person in the analytics. */
  personEvents: number
  courseIri: string | null
  courseEvents: number
}

/**
 * Tries rules without keeping anything.
 * @param input.values what the platform would say, by the names of rules; its issuer is known.
 * @throws Problem 404 `platform_unknown`.
 */
export async function applyRules(
  services: Pick<Services, 'db' | 'clickhouse'>,
  tenantId: string,
  input: { platformId: string; identityRule?: IdentityRule; courseRule?: string; values: Record<string, string> },
): Promise<RuleTrial> {
  const { identifier, courseIri, learner } = await inTenant(services.db, tenantId, async (tx) => {
    const platform = await getPlatform(tx, input.platformId)
    const values = { ...input.values, issuer: platform.issuer }
    const user = identifyUser(input.identityRule ?? platform.identityRule, values) ?? null
    return {
      identifier: user,
      courseIri: identifyCourse(input.courseRule ?? platform.courseRule, values) ?? null,
      learner: user === null ? null : await getLearner(tx, user),
    }
  })
  const course = courseIri === null ? null : keyOf(tenantId, 'activity', courseIri)
  const known = await countKnown(services, tenantId, {
    learners: learner === null ? [] : [learner],
    courses: course === null ? [] : [course],
  })
  return {
    identifier,
    personEvents: known.learners.get(learner ?? '') ?? 0,
    courseIri,
    courseEvents: known.courses.get(course ?? '') ?? 0,
  }
}
