import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { requestKey } from '../request-once.ts'
import { inStanding, type Standing } from '../standing.ts'
import { getReadableMeeting } from './meetings.ts'
import { answerCorrection, approveMinutes, askCorrection, composeDraft } from './minutes-life.ts'
import { writeMinutesPdf } from './minutes-pdf.ts'
import { findApproval, listCorrections, listMinutes } from './minutes.queries.ts'

const base = '/api/governance/agreements/:slug'
const slug = z.string().max(80)
const byId = z.object({ slug, id: z.uuid() })
const blockSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('heading'), level: z.union([z.literal(2), z.literal(3)]), text: z.string() }),
  z.object({ kind: z.literal('paragraph'), text: z.string() }),
  z.object({ kind: z.literal('list'), items: z.array(z.string()) }),
  z.object({
    kind: z.literal('table'),
    caption: z.string(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
  }),
])

/** The minutes of a meeting: as written, corrected, approved. */
export function registerMinutes(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    `${base}/meetings/:id/minutes`,
    {
      config,
      schema: {
        operationId: 'getMinutes',
        summary: 'The minutes of a meeting; while it is open, as they would be written now',
        params: byId,
        response: {
          200: z.object({
            title: z.string(),
            blocks: z.array(blockSchema).describe('in French, as in the PDF'),
            version: z.int().nullable().describe('null: not written yet, the meeting is open'),
            digest: z.string().nullable().describe('SHA-256 as the journal has it'),
            writtenAt: z.iso.datetime().nullable(),
            approvedAt: z.iso.datetime().nullable(),
            leads: z.boolean(),
            mayAsk: z.boolean().describe('whether the reader may ask for corrections'),
            corrections: z.array(
              z.object({
                id: z.uuid(),
                text: z.string(),
                askedAt: z.iso.datetime(),
                state: z.enum(['asked', 'accepted', 'refused']),
                answer: z.string().nullable(),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { id } = request.params
        const found = await readMinutes(tx, standing, id, request.tenant.timeZone)
        const { meeting, leads } = await getReadableMeeting(tx, standing, id)
        const corrections = await listCorrections(tx, id)
        return {
          ...found.minutes,
          version: found.version,
          digest: found.digest,
          writtenAt: found.writtenAt?.toISOString() ?? null,
          approvedAt: found.approvedAt?.toISOString() ?? null,
          leads,
          mayAsk:
            meeting.state === 'closed' &&
            found.approvedAt === null &&
            (leads || standing.seats.some(({ body }) => body === meeting.body)),
          corrections: corrections.map((each) => ({ ...each, askedAt: each.askedAt.toISOString() })),
        }
      }),
  )

  app.get(
    `${base}/meetings/:id/minutes.pdf`,
    {
      config,
      schema: { operationId: 'downloadMinutes', summary: 'The minutes of a meeting as a tagged PDF', params: byId },
    },
    async (request, reply) => {
      const { tenant, params } = request
      const { minutes, footer, author } = await inStanding(services, request, async (tx, standing) => {
        const found = await readMinutes(tx, standing, params.id, tenant.timeZone)
        return { ...found, author: standing.agreement.rules.title }
      })
      return reply
        .header('content-disposition', 'attachment; filename="proces-verbal.pdf"')
        .type('application/pdf')
        .send(writeMinutesPdf(minutes, { author, footer }))
    },
  )

  app.post(
    `${base}/meetings/:id/minutes/corrections`,
    {
      config,
      schema: {
        operationId: 'askCorrection',
        summary: 'Ask for a correction of the minutes, once for each request key',
        params: byId,
        body: z.strictObject({ requestKey, text: z.string().trim().min(1).max(5000) }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => ({
          id: await askCorrection(tx, standing, request.params.id, request.body, now),
        })),
      ),
  )

  app.put(
    `${base}/minutes-corrections/:id/answer`,
    {
      config,
      schema: {
        operationId: 'answerCorrection',
        summary: 'Take a correction in, which makes a new version of the minutes, or refuse it',
        params: byId,
        body: z.strictObject({ accepted: z.boolean(), answer: z.string().trim().max(5000).default('') }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { timeZone } = request.tenant
      await inStanding(services, request, (tx, standing, now) =>
        answerCorrection(tx, standing, request.params.id, { ...request.body, timeZone }, now),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/agenda-items/:id/minutes-approval`,
    {
      config,
      schema: {
        operationId: 'approveMinutes',
        summary: 'Approve the minutes that an item of an open meeting is about',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) => approveMinutes(tx, standing, request.params.id, now))
      return reply.status(204).send(null)
    },
  )
}

/** The last version of the minutes; of an open meeting, what they would be. @throws Problem 404 `minutes_not_found`. */
async function readMinutes(tx: Tx, standing: Standing, meetingId: string, timeZone: string) {
  const { meeting, body } = await getReadableMeeting(tx, standing, meetingId)
  const [last] = await listMinutes(tx, meetingId)
  if (last) {
    const approval = await findApproval(tx, meetingId)
    const state = approval ? 'Approuvé' : `Version ${last.version}, non approuvée`
    return {
      minutes: last.content,
      version: last.version,
      digest: last.digest,
      writtenAt: last.writtenAt,
      approvedAt: approval?.approvedAt ?? null,
      footer: `${state}. Empreinte SHA-256 : ${last.digest}`,
    }
  }
  if (meeting.state !== 'open') throw new Problem(404, 'minutes_not_found', 'This meeting has no minutes yet.')
  return {
    minutes: await composeDraft(tx, standing, meeting, body, timeZone),
    version: null,
    digest: null,
    writtenAt: null,
    approvedAt: null,
    footer: 'Projet, séance en cours',
  }
}
