import { z } from 'zod'
import { addressOf } from '#modules/identity'
import { countKnown } from '#modules/insight'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import { courseQueue } from './course-reading.ts'
import { type LaunchedCourse, listCourses } from './courses.queries.ts'
import { launchUrlOf } from './launch.ts'
import { applyRules } from './rule-trial.ts'
import { type LaunchView, listLaunches } from './launches.queries.ts'
import {
  changePlatform,
  createPlatform,
  createRegistrationLink,
  getPlatform,
  platformSettings,
  removePlatform,
  tryPlatform,
} from './platforms.ts'
import { listPlatforms, type Platform } from './platforms.queries.ts'
import { registrationPath } from './registration.routes.ts'
import { courseRule, identityRule, listUnboundRules } from './rules.ts'

const shownLaunches = 30
const shownCourses = 100

const platformSchema = z.object({
  ...platformSettings.shape,
  frameOrigin: z.string(),
  id: z.uuid(),
  registeredBy: z.enum(['link', 'hand']),
  createdAt: z.iso.datetime(),
})
const when = z.iso.datetime().nullable()

const launchSchema = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  outcome: z.string().describe('`accepted`, or the code of why not'),
  detail: z.string().nullable(),
  role: z.string().nullable(),
  person: z.object({
    subject: z.string().nullable().describe('as the platform says'),
    name: z.string().nullable(),
    identifier: z.string().nullable().describe('as its rule says, and statements should'),
    events: z.number().describe('of this learner, in the analytics'),
  }),
  course: z.object({
    context: z.string().nullable().describe('as the platform says'),
    title: z.string().nullable(),
    iri: z.string().nullable().describe('as its rule says, and statements should'),
    events: z.number(),
  }),
})

const courseSchema = z.object({
  course: z.string(),
  title: z.string().nullable(),
  iri: z.string(),
  launchedAt: z.iso.datetime(),
  readAt: when,
  members: z.number().nullable(),
  unidentified: z.number().nullable().describe('members whom the identity rule leads to nobody'),
  grades: z.number().nullable(),
  offersMembers: z.boolean(),
  offersGrades: z.boolean(),
  failure: z.object({ code: z.string(), status: z.number().nullable() }).nullable(),
})

/** Learning platforms that launch dashboards, for those who administer these. */
export function registerPlatforms(app: App, services: Services): void {
  const config = { access: { right: 'insight.administer' } } as const
  const params = z.object({ id: z.uuid() })

  app.get(
    '/api/lti/platforms',
    {
      config,
      schema: {
        operationId: 'listLtiPlatforms',
        summary: 'Platforms that launch dashboards, and the addresses to declare this tool with',
        response: {
          200: z.object({
            platforms: z.array(platformSchema),
            tool: z.object({ loginUrl: z.string(), launchUrl: z.string(), keysUrl: z.string() }),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const platforms = await inTenant(services.db, tenantId, listPlatforms)
      return { platforms: platforms.map(describe), tool: describeTool(services, request.tenant) }
    },
  )

  app.post(
    '/api/lti/platforms',
    {
      config,
      schema: {
        operationId: 'createLtiPlatform',
        summary: 'Declares a platform by hand',
        body: platformSettings,
        response: { 201: platformSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const platform = await inTenant(services.db, tenantId, (tx) =>
        createPlatform(services, tx, request.body, { registeredBy: 'hand', actorPersonId }),
      )
      return reply.status(201).send(describe(platform))
    },
  )

  app.post(
    '/api/lti/registration-links',
    {
      config,
      schema: {
        operationId: 'createLtiRegistrationLink',
        summary: 'A link by which one platform registers by itself, once and within a day',
        response: { 201: z.object({ url: z.string(), expiresAt: z.iso.datetime() }) },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { token, expiresAt } = await inTenant(services.db, tenantId, (tx) =>
        createRegistrationLink(tx, personId, services.now()),
      )
      const url = new URL(`${registrationPath}/${token}`, addressOf(services, request.tenant)).href
      return reply.status(201).send({ url, expiresAt: expiresAt.toISOString() })
    },
  )

  app.get(
    '/api/lti/platforms/:id',
    {
      config,
      schema: {
        operationId: 'getLtiPlatform',
        summary: 'A platform: its last launches, who and where they led to, and the courses they came from',
        params,
        response: {
          200: z.object({
            platform: platformSchema,
            unboundRules: z
              .array(z.enum(['identity', 'course']))
              .describe(
                'rules that could lead to people or courses of another platform; empty while there is no other',
              ),
            launches: z.array(launchSchema),
            courses: z.array(courseSchema),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const { id } = request.params
      const { platform, platforms, launches, courses } = await inTenant(services.db, tenantId, async (tx) => ({
        platform: await getPlatform(tx, id),
        platforms: await listPlatforms(tx),
        launches: await listLaunches(tx, id, shownLaunches),
        courses: await listCourses(tx, id, shownCourses),
      }))
      return {
        platform: describe(platform),
        unboundRules: platforms.length > 1 ? listUnboundRules(platform) : [],
        launches: await describeLaunches(services, tenantId, launches),
        courses: courses.map(describeCourse),
      }
    },
  )

  app.put(
    '/api/lti/platforms/:id',
    {
      config,
      schema: {
        operationId: 'updateLtiPlatform',
        summary: 'Changes a platform, from its next launch on',
        params,
        body: platformSettings,
        response: { 200: platformSchema },
      },
    },
    async (request) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const { id } = request.params
      return inTenant(services.db, tenantId, async (tx) =>
        describe(await changePlatform(services, tx, { id, settings: request.body, actorPersonId })),
      )
    },
  )

  app.delete(
    '/api/lti/platforms/:id',
    {
      config,
      schema: {
        operationId: 'withdrawLtiPlatform',
        summary: 'Refuses the launches of a platform from now on; what was read from it stays',
        params,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const { id } = request.params
      await inTenant(services.db, tenantId, (tx) => removePlatform(tx, { id, actorPersonId }, services.now()))
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/lti/platforms/:id/try',
    {
      config,
      schema: {
        operationId: 'tryLtiPlatform',
        summary: 'Reads the keys of a platform now',
        params,
        response: { 200: z.object({ keys: z.number() }) },
      },
    },
    (request) => tryPlatform(services, actorOf(request).tenantId, request.params.id),
  )

  app.post(
    '/api/lti/platforms/:id/rules/try',
    {
      config,
      schema: {
        operationId: 'tryLtiRules',
        summary:
          'Where rules would lead, without keeping them: the actor, the course, and whether the analytics know them',
        params,
        body: z.object({
          identityRule,
          courseRule,
          values: z
            .record(z.string().max(100), z.string().max(2_000))
            .describe('as `sub`, `context.id`, `custom.username`'),
        }),
        response: {
          200: z.object({
            identifier: z.string().nullable(),
            personEvents: z.number(),
            courseIri: z.string().nullable(),
            courseEvents: z.number(),
          }),
        },
      },
    },
    (request) => applyRules(services, actorOf(request).tenantId, { platformId: request.params.id, ...request.body }),
  )

  app.post(
    '/api/lti/platforms/:id/courses/:course/read',
    {
      config,
      schema: {
        operationId: 'readLtiCourse',
        summary: 'Asks for the roster and the grades of a course to be read now',
        params: params.extend({ course: z.string().regex(/^-?\d{1,19}$/) }),
        response: { 202: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId } = actorOf(request)
      const { id: platformId, course } = request.params
      await inTenant(services.db, tenantId, async (tx) => {
        await getPlatform(tx, platformId)
        await services.jobs.enqueue(tx, courseQueue, { tenantId, platformId, course })
      })
      return reply.status(202).send(null)
    },
  )
}

/** The addresses a platform is given when this tool is declared there by hand. */
export function describeTool(services: Services, tenant: Tenant) {
  const at = (path: string) => new URL(path, addressOf(services, tenant)).href
  return { loginUrl: at('/api/lti/login'), launchUrl: launchUrlOf(services, tenant), keysUrl: at('/api/lti/keys') }
}

function describe(platform: Platform): z.infer<typeof platformSchema> {
  return { ...platform, createdAt: platform.createdAt.toISOString() }
}

/** Both sides of launches: what the platform said, where its rules led, and whether anything is known there. */
async function describeLaunches(
  services: Services,
  tenantId: string,
  launches: LaunchView[],
): Promise<z.infer<typeof launchSchema>[]> {
  const present = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))]
  const known = await countKnown(services, tenantId, {
    learners: present(launches.map((each) => each.learner)),
    courses: present(launches.map((each) => each.course)),
  })
  return launches.map((each) => ({
    id: each.id,
    at: each.begunAt.toISOString(),
    outcome: each.outcome,
    detail: each.detail,
    role: each.role,
    person: {
      subject: each.subject,
      name: each.personName,
      identifier: each.identifier,
      events: known.learners.get(each.learner ?? '') ?? 0,
    },
    course: {
      context: each.contextId,
      title: each.contextTitle,
      iri: each.courseIri,
      events: known.courses.get(each.course ?? '') ?? 0,
    },
  }))
}

function describeCourse(course: LaunchedCourse): z.infer<typeof courseSchema> {
  return {
    course: course.course,
    title: course.title,
    iri: course.iri,
    launchedAt: course.launchedAt.toISOString(),
    readAt: course.readAt?.toISOString() ?? null,
    members: course.members,
    unidentified: course.unidentified,
    grades: course.grades,
    offersMembers: course.membersUrl !== null,
    offersGrades: course.lineItemsUrl !== null,
    failure: course.failure,
  }
}
