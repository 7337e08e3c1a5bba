import { randomUUIDv7 } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type App, viewerOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listCourseNames } from '../dashboards/courses.queries.ts'
import { key, localName } from '../dashboards/viewer.routes.ts'
import { takesPart } from '../enrolments/taking-part.ts'
import { actions, kinds } from '../events/learning-event.ts'
import { findOwnLearner } from '../viewers/viewers.queries.ts'
import { exportCsv, exportJson, listTraces } from './own-traces.ts'
import {
  deleteObjection,
  deletePlan,
  findObjection,
  insertFollowUp,
  insertObjection,
  listFollowUps,
  listLooks,
  listOwnFollowUps,
  listPlans,
  upsertPlan,
} from './own.queries.ts'

const object = z.object({ iri: z.string(), kind: z.enum(kinds), name: localName }).nullable()
const namedCourse = { course: key, courseName: localName.nullable() }
const followUp = z.object({
  id: z.uuid(),
  ...namedCourse,
  rule: z.string(),
  decision: z.enum(['followed', 'dismissed']),
  note: z.string().nullable(),
  decidedAt: z.date(),
  decidedBy: z.string().nullable(),
  until: z.date().nullable(),
})

/** The learner who looks at what is theirs, whatever else they may look at. @throws Problem 404 `learner_unknown`. */
async function ownOf(services: Services, request: FastifyRequest): Promise<{ tenantId: string; learner: string }> {
  const { tenantId, personId, learner: told } = viewerOf(request)
  const learner =
    told ??
    (personId === null ? undefined : await inTenant(services.db, tenantId, (tx) => findOwnLearner(tx, personId)))
  if (learner === undefined) throw new Problem(404, 'learner_unknown', 'No learning records are known to be yours.')
  return { tenantId, learner }
}

async function nameCourses<Row extends { course: string }>(tx: Tx, rows: Row[]) {
  const names = await listCourseNames(tx, [...new Set(rows.map(({ course }) => course))])
  return rows.map((row) => ({ ...row, courseName: names.get(row.course) ?? null }))
}

/** What is one's own: traces, who looked, objection, plans, what became of flags; and what a teacher does about flags. */
export function registerOwn(app: App, services: Services): void {
  const config = { access: 'viewer' } as const

  app.get(
    '/api/insight/own/traces',
    {
      config,
      schema: {
        operationId: 'listOwnTraces',
        summary: 'What the reader did, as it is kept and as it is understood, the latest first',
        querystring: z.object({ before: z.coerce.number().int().positive().optional() }),
        response: {
          200: z.object({
            traces: z.array(
              z.object({
                id: z.uuid(),
                storedAt: z.date(),
                happenedAt: z.date(),
                source: z.string().nullable().describe('the tool that told it'),
                action: z.enum([...actions, '']).describe('empty when dashboards do not understand it'),
                verb: localName,
                object,
                course: object,
                score: z.number().nullable(),
                success: z.boolean().nullable(),
                completed: z.boolean().nullable(),
                seconds: z.number().nullable(),
                body: z.string().describe('the statement, word for word'),
              }),
            ),
            next: z.number().nullable().describe('`before` of the following page'),
          }),
        },
      },
    },
    async (request) => {
      const own = await ownOf(services, request)
      return inTenant(services.db, own.tenantId, (tx) => listTraces(tx, own, request.query.before))
    },
  )

  for (const [name, type] of [
    ['json', 'application/json; charset=utf-8'],
    ['csv', 'text/csv; charset=utf-8'],
  ] as const) {
    app.get(
      `/api/insight/own/export.${name}`,
      {
        config,
        schema: {
          operationId: `exportOwn${name === 'json' ? 'Json' : 'Csv'}`,
          summary:
            name === 'json'
              ? 'All that is kept about the reader: statements, events, documents, who looked, what they decided'
              : 'What the reader did, as a table',
          querystring: z.object({ language: z.enum(['fr', 'en']).default('fr') }),
        },
      },
      async (request, reply) => {
        const own = await ownOf(services, request)
        const text =
          name === 'json' ? exportJson(services, own, services.now()) : exportCsv(services, own, request.query.language)
        return reply
          .type(type)
          .header('content-disposition', `attachment; filename="traces.${name}"`)
          .send(Readable.from(text, { objectMode: false }))
      },
    )
  }

  app.get(
    '/api/insight/own/looks',
    {
      config,
      schema: {
        operationId: 'listOwnLooks',
        summary: 'Who saw the reader by name: when, in which course, what',
        response: {
          200: z.object({
            looks: z.array(
              z.object({
                lookedAt: z.date(),
                by: z.string().nullable(),
                ...namedCourse,
                indicators: z.array(z.string()),
                times: z.number(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId, learner } = await ownOf(services, request)
      return inTenant(services.db, tenantId, async (tx) => ({
        looks: await nameCourses(tx, await listLooks(tx, learner, 500)),
      }))
    },
  )

  app.get(
    '/api/insight/own/objection',
    {
      config,
      schema: {
        operationId: 'findOwnObjection',
        summary: 'Whether the reader objects to being counted, and since when',
        response: { 200: z.object({ since: z.date().nullable() }) },
      },
    },
    async (request) => {
      const { tenantId, learner } = await ownOf(services, request)
      return inTenant(services.db, tenantId, async (tx) => ({ since: (await findObjection(tx, learner)) ?? null }))
    },
  )
  app.put(
    '/api/insight/own/objection',
    {
      config,
      schema: {
        operationId: 'objectToBeingCounted',
        summary: 'Objects: from the next question on, the reader is in no figure and shown to nobody by name',
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, learner } = await ownOf(services, request)
      await inTenant(services.db, tenantId, (tx) => insertObjection(tx, learner, services.now()))
      return reply.status(204).send(null)
    },
  )
  app.delete(
    '/api/insight/own/objection',
    {
      config,
      schema: {
        operationId: 'withdrawObjection',
        summary: 'Takes the objection back: all that the reader did counts again',
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, learner } = await ownOf(services, request)
      await inTenant(services.db, tenantId, (tx) => deleteObjection(tx, learner))
      return reply.status(204).send(null)
    },
  )

  app.get(
    '/api/insight/own/plans',
    {
      config,
      schema: {
        operationId: 'listOwnPlans',
        summary: 'What the reader set themselves to do, by course',
        response: {
          200: z.object({
            plans: z.array(
              z.object({ ...namedCourse, weekly: z.number(), since: z.string(), until: z.string().nullable() }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId, learner } = await ownOf(services, request)
      return inTenant(services.db, tenantId, async (tx) => ({
        plans: await nameCourses(tx, await listPlans(tx, learner)),
      }))
    },
  )
  const course = z.object({ course: key })
  app.put(
    '/api/insight/own/plans/:course',
    {
      config,
      schema: {
        operationId: 'setOwnPlan',
        summary: 'Sets how many activities the reader means to complete each week in a course',
        params: course,
        body: z
          .object({ weekly: z.number().int().min(1).max(200), since: z.iso.date(), until: z.iso.date().nullable() })
          .refine(({ since, until }) => until === null || until >= since, { path: ['until'] }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, learner } = await ownOf(services, request)
      const { course: of } = request.params
      // The course they come from, or one of theirs.
      if (
        viewerOf(request).courses?.includes(of) !== true &&
        !(await takesPart(services, tenantId, { learner, course: of }))
      )
        throw new Problem(404, 'course_unknown', 'There is no such course within your reach.')
      const plan = { ...request.body, course: of }
      await inTenant(services.db, tenantId, (tx) => upsertPlan(tx, learner, plan))
      return reply.status(204).send(null)
    },
  )
  app.delete(
    '/api/insight/own/plans/:course',
    {
      config,
      schema: {
        operationId: 'deleteOwnPlan',
        summary: 'Gives a plan up',
        params: course,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, learner } = await ownOf(services, request)
      await inTenant(services.db, tenantId, (tx) => deletePlan(tx, learner, request.params.course))
      return reply.status(204).send(null)
    },
  )

  app.get(
    '/api/insight/own/follow-ups',
    {
      config,
      schema: {
        operationId: 'listOwnFollowUps',
        summary: 'What teachers did about flags raised on the reader',
        response: { 200: z.object({ followUps: z.array(followUp) }) },
      },
    },
    async (request) => {
      const { tenantId, learner } = await ownOf(services, request)
      return inTenant(services.db, tenantId, async (tx) => ({
        followUps: await nameCourses(tx, await listOwnFollowUps(tx, learner)),
      }))
    },
  )

  const teacherOf = (request: FastifyRequest, of: string) => {
    const viewer = viewerOf(request)
    if (!viewer.nominative || viewer.courses?.includes(of) !== true)
      throw new Problem(403, 'not_allowed', 'Only a teacher, come from this course, sees who needs help.')
    return viewer
  }
  app.get(
    '/api/insight/courses/:course/follow-ups',
    {
      config,
      schema: {
        operationId: 'listFollowUps',
        summary: 'What was done about flags raised in a course, the latest first',
        params: course,
        response: { 200: z.object({ followUps: z.array(followUp.extend({ learner: key })) }) },
      },
    },
    async (request) => {
      const { tenantId } = teacherOf(request, request.params.course)
      return inTenant(services.db, tenantId, async (tx) => ({
        followUps: await nameCourses(tx, await listFollowUps(tx, request.params.course)),
      }))
    },
  )
  app.post(
    '/api/insight/courses/:course/follow-ups',
    {
      config,
      schema: {
        operationId: 'createFollowUp',
        summary: 'Says that a flag was seen to, or is not meant; the learner can read it',
        params: course,
        body: z.object({
          learner: key,
          rule: z.string().trim().min(1).max(100),
          decision: z.enum(['followed', 'dismissed']),
          note: z.string().trim().max(1_000).nullable().default(null),
          days: z.number().int().min(1).max(365).nullable().default(14).describe('the flag stays away; null: for good'),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) => {
      const {
        tenantId,
        learner: decidedByLearner,
        personId: decidedByPersonId,
      } = teacherOf(request, request.params.course)
      const { days, note, ...said } = request.body
      if (!(await takesPart(services, tenantId, { learner: said.learner, course: request.params.course })))
        throw new Problem(404, 'learner_not_in_course', 'Nobody of this course is known under this identifier.')
      const now = services.now()
      const id = randomUUIDv7()
      const until = days === null ? null : new Date(now.getTime() + days * 86_400_000)
      const row = { ...said, note: note === '' ? null : note, id, course: request.params.course, decidedAt: now, until }
      await inTenant(services.db, tenantId, (tx) => insertFollowUp(tx, { ...row, decidedByLearner, decidedByPersonId }))
      return reply.status(201).send({ id })
    },
  )
}
