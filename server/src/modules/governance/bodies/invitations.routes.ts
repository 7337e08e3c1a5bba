import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { findPersonSummary } from '#modules/directory'
import { inStanding } from '../standing.ts'
import { listAgenda } from './agenda.queries.ts'
import { writeInvitation } from './invitation-calendar.ts'
import { answerInvitation } from './invitations.ts'
import { findOrganizer, listInvitations } from './invitations.queries.ts'
import { getReadableMeeting, requireState } from './meetings.ts'

const base = '/api/governance/agreements/:slug/meetings/:id'
const params = z.object({ slug: z.string().max(80), id: z.uuid() })

/** Invitations to a meeting: as iCalendar, and their answers. */
export function registerInvitations(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    `${base}/invitation.ics`,
    {
      config,
      schema: {
        operationId: 'downloadInvitation',
        summary: 'The invitation to a meeting as iCalendar: a REQUEST, or a CANCEL',
        description:
          'Of the reader, or of someone invited for who leads the meeting: the one address that the file asks to answer.',
        params,
        querystring: z.object({ for: z.uuid().optional().describe('representative') }),
      },
    },
    async (request, reply) => {
      const { publicUrl } = services
      const text = await inStanding(services, request, async (tx, standing, now) => {
        const { meeting, leads } = await getReadableMeeting(tx, standing, request.params.id)
        requireState(meeting, 'convened', 'open', 'closed', 'cancelled')
        const invitations = await listInvitations(tx, meeting.id)
        const of = invitations.find(({ representativeId, personId }) =>
          leads && request.query.for !== undefined
            ? representativeId === request.query.for
            : personId === standing.personId,
        )
        if (!of) throw new Problem(404, 'invitation_not_found', 'Nobody of this name is invited to this meeting.')
        const organizer = await findOrganizer(tx, meeting.id)
        const person = organizer === null ? undefined : await findPersonSummary(tx, organizer)
        const agenda = await listAgenda(tx, meeting.id)
        return writeInvitation(meeting, invitations, {
          for: of.representativeId,
          host: new URL(publicUrl).hostname,
          url: `${publicUrl}/governance/${standing.agreement.slug}/meetings/${meeting.id}`,
          organizer: {
            name: person ? `${person.givenName} ${person.familyName}` : standing.agreement.rules.title,
            email: person?.email ?? null,
          },
          agenda: agenda.map(({ title }, index) => `${index + 1}. ${title}`),
          stamp: now,
        })
      })
      return reply
        .header('content-disposition', 'attachment; filename="convocation.ics"')
        .type('text/calendar; charset=utf-8')
        .send(text)
    },
  )

  app.put(
    `${base}/answer`,
    {
      config,
      schema: {
        operationId: 'answerInvitation',
        summary: 'Answer one’s own invitation: come, not come, or ask a deputy to sit instead',
        params,
        body: z.strictObject({
          answer: z.enum(['accepted', 'declined', 'delegated']),
          delegatedTo: z.uuid().nullable().default(null).describe('representative: a deputy of the same party'),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        answerInvitation(tx, standing, request.params.id, request.body, now),
      )
      return reply.status(204).send(null)
    },
  )
}
