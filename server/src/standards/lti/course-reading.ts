import { randomUUIDv7 } from 'node:crypto'
import { replaceEnrolments, resolveUsers } from '#modules/insight'
import {
  type Agent,
  createStatementWriter,
  ensureImportCredential,
  getCredential,
  type Statement,
} from '#modules/records'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { ServiceFailure } from '#kernel/remote-service'
import { listTenants } from '#kernel/tenancy'
import { findCourse, type LaunchedCourse, listReadableCourses, noteReading } from './courses.queries.ts'
import { type Grade, readGrades, toStatement } from './grades.ts'
import { type Member, readMembers } from './members.ts'
import { checkAddresses } from './platforms.ts'
import { findPlatform, type Platform } from './platforms.queries.ts'
import { readEnrolmentRole } from './roles.ts'
import { identifyUser, needsLink, subjectOf, toActor } from './rules.ts'
import { PlatformService } from './service-client.ts'
import { signMessage } from './signing-keys.ts'

/** The services of a course just launched from. */
export const courseQueue = defineQueue<{ tenantId: string; platformId: string; course: string }>('lti-course', {
  retries: 0,
})

/** Those of every course launched from lately. */
export const nightlyQueue = defineQueue<Record<never, never>>('lti-nightly', { retries: 0, expireInSeconds: 21_600 })

/** A course nobody launches from for a school year is over. */
const livelyDays = 400
const mostStatements = 500

/** What was read of a course; null for what the platform does not offer, or is not to be read. */
export interface Reading {
  members: number | null
  unidentified: number | null
  grades: number | null
  failure: { code: string; status: number | null } | null
}

/**
 * Reads who takes part in a course and what they were graded, as far as its platform tells. What fails is noted with the
 * course; what was known before stays.
 * @throws Problem 404 `course_unknown`.
 */
export async function readCourse(
  services: Services,
  input: { tenantId: string; platformId: string; course: string },
  signal: AbortSignal,
): Promise<Reading> {
  const { tenantId, platformId, course: key } = input
  const { platform, course } = await inTenant(services.db, tenantId, async (tx) => ({
    platform: await findPlatform(tx, platformId),
    course: await findCourse(tx, platformId, key),
  }))
  if (!platform || !course) throw new Problem(404, 'course_unknown', 'No launch came from this course.')
  const service = new PlatformService(
    platform,
    (claims) => inTenant(services.db, tenantId, (tx) => signMessage(tx, services.secrets, claims, services.now())),
    signal,
    (url) => {
      checkAddresses(services, [url])
      // Within a machine or a site only to where the platform itself is: its messages name these addresses.
      const { protocol, host } = new URL(url)
      if (protocol === 'http:' && host !== new URL(platform.tokenUrl).host) throw new ServiceFailure('service_refused')
    },
  )
  const reading: Reading = { members: null, unidentified: null, grades: null, failure: null }
  let members: Member[] = []
  try {
    if (platform.readsMembers && course.membersUrl !== null) {
      const url = new URL(course.membersUrl)
      if (course.resourceLinkId !== null && needsLink(platform.identityRule)) {
        url.searchParams.set('rlid', course.resourceLinkId)
      }
      members = await readMembers(service, url.href, randomUUIDv7())
      Object.assign(reading, await keepMembers(services, tenantId, platform, course, members))
    }
    if (platform.readsGrades && course.lineItemsUrl !== null) {
      const grades = await readGrades(service, course.lineItemsUrl, randomUUIDv7())
      reading.grades = await keepGrades(services, tenantId, { platform, course, members, grades })
    }
  } catch (error) {
    if (error instanceof ServiceFailure) reading.failure = { code: error.code, status: error.status }
    else if (error instanceof Problem) reading.failure = { code: error.code, status: null }
    else throw error
  }
  await inTenant(services.db, tenantId, (tx) =>
    noteReading(tx, { platformId, course: key }, { ...reading, readAt: services.now() }),
  )
  return reading
}

async function keepMembers(
  services: Services,
  tenantId: string,
  platform: Platform,
  course: LaunchedCourse,
  members: Member[],
): Promise<{ members: number; unidentified: number }> {
  const users = members.map(({ sub, name, values }) => ({
    subject: subjectOf(platform.issuer, sub),
    identifier: identifyUser(platform.identityRule, { issuer: platform.issuer, ...values }),
    name,
  }))
  return inTenant(services.db, tenantId, async (tx) => {
    const now = services.now()
    const learners = await resolveUsers(tx, users, now)
    const enrolments = members.flatMap(({ roles, name }, index) => {
      const learner = learners[index]
      return learner === undefined ? [] : [{ learner, role: readEnrolmentRole(roles), name }]
    })
    await replaceEnrolments(tx, { course: course.course, origin: platform.id }, enrolments, now)
    return { members: members.length, unidentified: members.length - enrolments.length }
  })
}

/** Stores grades as statements of a source that bears the name of the platform. @returns how many there are. */
async function keepGrades(
  services: Services,
  tenantId: string,
  input: { platform: Platform; course: LaunchedCourse; members: Member[]; grades: Grade[] },
): Promise<number> {
  const { platform, course, members, grades } = input
  const said = new Map(members.map((each) => [each.sub, each.values]))
  const actorOf = (sub: string): Agent | undefined =>
    toActor(platform.identityRule, { issuer: platform.issuer, ...(said.get(sub) ?? { sub }) })
  const where = { tenantId, platformId: platform.id, courseIri: course.iri, courseTitle: course.title }
  const statements = new Map<string, Statement>()
  for (const grade of grades) {
    const actor = actorOf(grade.sub)
    if (!actor) continue
    const statement = toStatement(grade, { ...where, actor })
    if (statement.id !== undefined) statements.set(statement.id, statement)
  }
  if (statements.size === 0) return grades.length
  const credentialId = await inTenant(services.db, tenantId, (tx) =>
    ensureImportCredential(tx, `LTI ${platform.name}`, services.now()),
  )
  const { authority } = await getCredential(services, tenantId, credentialId)
  const writer = createStatementWriter(services)
  try {
    const all = [...statements.values()]
    for (let start = 0; start < all.length; start += mostStatements) {
      const batch = { tenantId, credentialId, authority, version: '1.0.3' as const, attachments: [] }
      await writer.store({ ...batch, statements: all.slice(start, start + mostStatements) })
    }
  } finally {
    await writer.close()
  }
  return grades.length
}

/** The work of `nightlyQueue`: a course that fails does not keep the others from being read. */
export async function readEveryCourse(services: Services, signal: AbortSignal): Promise<void> {
  const since = new Date(services.now().getTime() - livelyDays * 86_400_000)
  for (const { id: tenantId } of await listTenants(services.owner)) {
    for (const course of await inTenant(services.db, tenantId, (tx) => listReadableCourses(tx, since))) {
      signal.throwIfAborted()
      await readCourse(services, { tenantId, ...course }, signal).catch((error: unknown) => {
        // Withdrawn meanwhile.
        if (!(error instanceof Problem)) throw error
      })
    }
  }
}
