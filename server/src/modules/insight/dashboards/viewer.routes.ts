import { z } from 'zod'
import type { Viewer } from '#kernel/access'
import { type App, actorOf, viewerOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listObjectors } from '../privacy/objections.queries.ts'
import { findReadBuild } from '../projection/builds.queries.ts'
import { listAudiences } from '../viewers/viewers.ts'
import { type CourseUse, listActivities, listCourseNames, listCourseUses } from './courses.queries.ts'
import { audiences } from './default-dashboards.ts'

/** A key of an activity: 64 bits in decimal, beyond what JSON numbers hold. */
export const key = z
  .string()
  .regex(/^-?\d{1,19}$/, { abort: true })
  .refine((text) => String(BigInt.asIntN(64, BigInt(text))) === text)
export const localName = z.record(z.string(), z.string()).describe('by language tag')

/** Under so many learners, nothing is told of them. */
const k = 5

/** Who looks, and at what they may look. */
export function registerViewer(app: App, services: Services): void {
  app.get(
    '/api/insight/audiences',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listAudiences',
        summary: 'As whom the reader may look at learning dashboards, the widest first',
        response: { 200: z.object({ audiences: z.array(z.enum(audiences)) }) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      return { audiences: await inTenant(services.db, actor.tenantId, (tx) => listAudiences(tx, actor)) }
    },
  )

  app.get(
    '/api/insight/viewer',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getViewer',
        summary: 'Who looks at learning dashboards, and within what reach',
        querystring: z.object({ as: z.enum(audiences).optional() }),
        response: {
          200: z.object({
            audience: z.enum(audiences),
            audiences: z.array(z.enum(audiences)).describe('as whom the reader may look'),
            learner: z.boolean().describe('whether their own traces are known'),
            nominative: z.boolean().describe('whether they may see learners of their courses by name'),
            indicator: z.string().nullable().describe('the only one that was embedded'),
            courses: z
              .array(z.object({ key, name: localName }))
              .nullable()
              .describe('the first fifty within reach; null for all'),
            tenant: z.object({ name: z.string() }),
          }),
        },
      },
    },
    async (request) => {
      const viewer = viewerOf(request)
      const { actor, tenant } = request
      return inTenant(services.db, viewer.tenantId, async (tx) => {
        const reach = viewer.courses?.slice(0, 50)
        const names = await listCourseNames(tx, reach ?? [])
        // Whoever a platform launched looks as it said.
        const launched = request.headers.authorization !== undefined
        return {
          audience: viewer.audience,
          audiences: launched || !actor ? [viewer.audience] : await listAudiences(tx, actor),
          learner: viewer.learner !== null,
          nominative: viewer.nominative,
          indicator: viewer.indicator,
          courses: reach?.map((course) => ({ key: course, name: names.get(course) ?? {} })) ?? null,
          tenant: { name: tenant.name },
        }
      })
    },
  )

  app.get(
    '/api/insight/courses',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listCourses',
        summary: 'Courses within the reader’s reach, the lately used first',
        querystring: z.object({
          q: z.string().max(100).default(''),
          limit: z.coerce.number().int().min(1).max(500).default(50),
          as: z.enum(audiences).optional(),
        }),
        response: {
          200: z.object({
            courses: z.array(
              z.object({
                key,
                name: localName,
                lastWeek: z.iso.date().nullable().describe('Monday of the last week in which enough learners worked'),
                learners: z.number().nullable().describe('null when they are too few to be told'),
              }),
            ),
            more: z.boolean(),
          }),
        },
      },
    },
    async (request) => {
      const viewer = viewerOf(request)
      const { q, limit } = request.query
      const uses = await listUses(services, viewer)
      const names = await inTenant(services.db, viewer.tenantId, (tx) =>
        listCourseNames(
          tx,
          uses.map((use) => use.key),
        ),
      )
      const found = uses
        .map((use) => ({
          ...use,
          name: names.get(use.key) ?? {},
          learners: viewer.audience === 'student' ? null : use.learners,
        }))
        .filter(({ name }) => q === '' || Object.values(name).some((text) => simplify(text).includes(simplify(q))))
      return { courses: found.slice(0, limit), more: found.length > limit }
    },
  )

  app.get(
    '/api/insight/activities',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listActivities',
        summary: 'Activities of the courses within the reader’s reach, to choose one',
        querystring: z.object({
          course: key.optional(),
          kinds: z.string().max(400).default('').describe('separated by commas; all of them when empty'),
          q: z.string().max(100).default(''),
          limit: z.coerce.number().int().min(1).max(200).default(50),
          as: z.enum(audiences).optional(),
        }),
        response: {
          200: z.object({
            activities: z.array(z.object({ key, kind: z.string(), name: localName, course: key })),
          }),
        },
      },
    },
    async (request) => {
      const viewer = viewerOf(request)
      const { course, kinds, q, limit } = request.query
      // A student is told of the courses where they worked, not of all there are.
      const reach =
        viewer.audience === 'student' && viewer.courses === null
          ? (await listUses(services, viewer)).map((use) => use.key)
          : viewer.courses
      const courses = course === undefined ? reach : [course].filter((each) => reach?.includes(each) ?? true)
      return inTenant(services.db, viewer.tenantId, async (tx) => ({
        activities: await listActivities(tx, { courses, kinds: kinds.split(',').filter(Boolean), q, limit }),
      }))
    },
  )
}

async function listUses(services: Services, viewer: Viewer): Promise<CourseUse[]> {
  const { read, without } = await inTenant(services.db, viewer.tenantId, async (tx) => ({
    read: await findReadBuild(tx),
    without: await listObjectors(tx),
  }))
  const { tenantId, courses: within } = viewer
  const own = viewer.audience === 'student'
  const used =
    read === undefined || (own && viewer.learner === null)
      ? []
      : await listCourseUses(
          await services.clickhouse(),
          own
            ? { tenantId, build: read.build, within, learner: viewer.learner, without: [], k: 1 }
            : { tenantId, build: read.build, within, learner: null, without, k },
        )
  const unused = (within ?? []).filter((course) => !used.some((use) => use.key === course))
  return [...used, ...unused.map((course) => ({ key: course, lastWeek: null, learners: null }))]
}

const simplify = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
