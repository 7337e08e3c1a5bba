import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { addressOf, digest } from '#modules/identity'
import { getLearner } from '#modules/insight'
import { identifyAgent, keyOf } from '#modules/records'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { holdGrant, insertPortalLaunch } from './launches.queries.ts'
import { newSecret } from './platforms.ts'
import { createPortal, endPortal, portalFields } from './portals.ts'
import { listPortals, type Portal, usePortal } from './portals.queries.ts'

/** The page that frames it is being made when it is asked for. */
const codeMinutes = 5

const portalSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  origin: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})

const actor = z.union([
  z.strictObject({ account: z.strictObject({ homePage: z.url(), name: z.string().min(1).max(500) }) }),
  z.strictObject({ mbox: z.string().regex(/^mailto:[^\s@|]+@[^\s@|]+$/) }),
])

/** Portals of the institution that frame an indicator: their credentials, and what their servers ask for. */
export function registerPortals(app: App, services: Services): void {
  const config = { access: { right: 'insight.administer' } } as const

  app.get(
    '/api/lti/portals',
    {
      config,
      schema: {
        operationId: 'listPortals',
        summary: 'Portals whose pages may frame indicators',
        response: { 200: z.object({ portals: z.array(portalSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      return { portals: (await inTenant(services.db, tenantId, listPortals)).map(describe) }
    },
  )

  app.post(
    '/api/lti/portals',
    {
      config,
      schema: {
        operationId: 'createPortal',
        summary: 'Lets a portal frame indicators; its secret is told here and never again',
        body: portalFields,
        response: { 201: portalSchema.extend({ secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { secret, ...portal } = await inTenant(services.db, tenantId, (tx) =>
        createPortal(tx, request.body, personId, services.now()),
      )
      return reply.status(201).send({ ...describe(portal), secret })
    },
  )

  app.delete(
    '/api/lti/portals/:id',
    {
      config,
      schema: {
        operationId: 'withdrawPortal',
        summary: 'Ends what a portal may frame',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { id } = request.params
      await inTenant(services.db, tenantId, (tx) => endPortal(tx, id, personId, services.now()))
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/lti/portals/launches',
    {
      config: { access: 'public', crossSite: true },
      schema: {
        operationId: 'createPortalLaunch',
        summary:
          'What the server of a portal asks for before its page frames it: Basic, with the identifier and the secret',
        body: z.object({
          audience: z
            .enum(['student', 'teacher', 'institution'])
            .describe('student: own traces; teacher: those of a course, by name; institution: figures of everything'),
          course: z.string().max(2_000).optional().describe('IRI of the activity of the course, as statements say it'),
          actor: actor.optional().describe('who looks, as statements say it; a student needs it'),
          name: z.string().max(200).optional().describe('told to the students whom a teacher sees'),
          indicator: z
            .object({
              name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/),
              parameters: z.record(z.string(), z.string().max(300)).default({}),
            })
            .optional()
            .describe('a whole dashboard without it'),
          locale: z.string().max(35).optional(),
        }),
        response: {
          201: z.object({
            url: z.string().describe('for `src` of <preau-indicator>; it serves once'),
            expiresAt: z.iso.datetime(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { tenant, body } = request
      const { id, secret } = readBasic(request.headers.authorization)
      const now = services.now()
      const code = newSecret()
      const launchId = randomUUIDv7()
      const expiresAt = new Date(now.getTime() + codeMinutes * 60_000)
      const { audience, indicator = null } = body
      await inTenant(services.db, tenant.id, async (tx) => {
        const portal = await usePortal(tx, id, digest(secret), now)
        if (!portal) throw refused()
        const identifier = (body.actor && identifyAgent(body.actor)) ?? null
        if (audience === 'student' && identifier === null) {
          throw new Problem(422, 'actor_missing', 'Own traces need to know whose they are: `actor`.')
        }
        if (audience === 'teacher' && body.course === undefined) {
          throw new Problem(422, 'course_missing', 'A teacher looks at a course: `course`.')
        }
        const role = audience
        const launch = { id: launchId, portalId: portal.id, courseIri: body.course ?? null, identifier, role }
        await insertPortalLaunch(tx, launch, now)
        const viewer = {
          tenantId: tenant.id,
          audience,
          courses: body.course === undefined ? null : [keyOf(tenant.id, 'activity', body.course)],
          learner: identifier === null ? null : await getLearner(tx, identifier),
          nominative: audience === 'teacher',
          personId: null,
          name: body.name ?? null,
          indicator: indicator?.name ?? null,
        }
        const grant = { viewer, locale: body.locale ?? null, indicator, deepLink: null }
        await holdGrant(tx, launchId, grant, { digest: digest(code), expiresAt })
      })
      const url = new URL(`/embed/${launchId}`, addressOf(services, tenant))
      url.hash = new URLSearchParams({ code }).toString()
      return reply.status(201).send({ url: url.href, expiresAt: expiresAt.toISOString() })
    },
  )
}

const refused = () => new Problem(401, 'portal_refused', 'These are not the identifier and the secret of a portal.')

function readBasic(header: string | undefined): { id: string; secret: string } {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? []
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  if (!z.uuid().safeParse(id).success) throw refused()
  return { id, secret }
}

function describe(portal: Portal): z.infer<typeof portalSchema> {
  const { id, name, origin, createdAt, lastUsedAt } = portal
  return { id, name, origin, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null }
}
