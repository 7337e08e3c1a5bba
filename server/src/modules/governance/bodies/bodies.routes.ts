import { z } from 'zod'
import { searchPeople } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { requestKey } from '../request-once.ts'
import { inStanding, readsBody } from '../standing.ts'
import { leadsBody, listSeats } from './bodies.ts'
import { changeFollowUp } from './follow-up.ts'
import { listFollowUps } from './follow-up.queries.ts'
import { meetingLineSchema, toMeetingLine } from './meeting-schemas.ts'
import { createMeeting, readsMeeting } from './meetings.ts'
import { listMeetings } from './meetings.queries.ts'
import { appointRepresentative, endRepresentative, getBody, listNameableRanks } from './representatives.ts'

const slug = z.string().max(80)
const key = z.string().max(60)
const rank = z.enum(['holder', 'deputy'])
const day = z.iso.date()
const name = z.object({ givenName: z.string(), familyName: z.string() }).nullable().describe('null once erased')
const base = '/api/governance/agreements/:slug'

const bodySchema = z.object({
  key: z.string(),
  shortName: z.string(),
  name: z.string(),
  kind: z.enum(['deciding', 'advisory', 'crisis']),
  article: z.string(),
})
const followUpSchema = z.object({
  id: z.uuid(),
  number: z.string(),
  title: z.string(),
  decidedOn: day,
  dueOn: day.nullable(),
  doneOn: day.nullable(),
  doneNote: z.string().nullable(),
})

/** Bodies: who sits, whom they may name, their meetings, what became of their decisions. */
export function registerBodies(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    `${base}/bodies`,
    {
      config,
      schema: {
        operationId: 'listBodies',
        summary: 'The bodies of an agreement, with their vacant seats and next meeting',
        params: z.object({ slug }),
        response: {
          200: z.object({
            bodies: z.array(
              bodySchema.extend({
                seats: z.int().describe('parties that sit'),
                vacant: z.int().describe('of which nobody holds the seat today'),
                openFollowUps: z.int(),
                next: meetingLineSchema.nullable().describe('open, or the next to come'),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { id, rules } = standing.agreement
        const meetings = (await listMeetings(tx, id)).filter((each) => readsMeeting(standing, each)).toReversed()
        const followUps = await listFollowUps(tx, id, {})
        const bodies = []
        for (const body of rules.bodies) {
          const seats = await listSeats(tx, standing, body)
          const next = meetings.find(
            (meeting) =>
              meeting.body === body.key &&
              (meeting.state === 'open' || (meeting.state === 'convened' && meeting.day >= standing.today)),
          )
          bodies.push({
            ...body,
            seats: seats.length,
            vacant: seats.filter(({ vacant }) => vacant).length,
            openFollowUps: followUps.filter((each) => each.body === body.key && each.doneOn === null).length,
            next: next ? toMeetingLine(next) : null,
          })
        }
        return { bodies }
      }),
  )

  app.get(
    `${base}/bodies/:body`,
    {
      config,
      schema: {
        operationId: 'getBody',
        summary: 'A body: its seats, its meetings, the follow-up of its decisions',
        params: z.object({ slug, body: key }),
        response: {
          200: bodySchema.extend({
            interpretation: z.string().nullable(),
            chairedBy: z.string().nullable().describe('name of the party; null: chosen at each meeting'),
            convenedBy: z.string(),
            composition: z.object({
              article: z.string(),
              interpretation: z.string().nullable(),
              mostPersonsPerParty: z.int().nullable(),
              deputies: z.boolean(),
              proxies: z.int().nullable().describe('most that one party may hold; null: none'),
            }),
            notice: z
              .object({ article: z.string(), days: z.int(), urgentDays: z.int().nullable() })
              .nullable()
              .describe('null: the text sets none'),
            leads: z.boolean().describe('whether the reader prepares and opens its meetings'),
            seats: z.array(
              z.object({
                party: z.string(),
                name: z.string(),
                votes: z.boolean(),
                voices: z.string().nullable().describe('exact number'),
                vacant: z.boolean(),
                nameable: z.array(rank).describe('ranks that the reader may give'),
                representatives: z.array(
                  z.object({ id: z.uuid(), personId: z.uuid(), name, rank, startsOn: day, endsOn: day.nullable() }),
                ),
              }),
            ),
            meetings: z.array(meetingLineSchema),
            followUps: z.array(followUpSchema),
            ballots: z
              .array(z.object({ key: z.string(), name: z.string(), article: z.string() }))
              .describe('rules by which it votes'),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { id, rules } = standing.agreement
        const body = getBody(rules, request.params.body)
        const leads = leadsBody(standing, body)
        const meetings = await listMeetings(tx, id, body.key)
        const partyName = (party: string) => rules.parties.find((each) => each.key === party)?.name ?? party
        const { composition } = body
        return {
          ...body,
          interpretation: body.interpretation ?? null,
          chairedBy: body.chairedBy === null ? null : partyName(body.chairedBy),
          convenedBy: partyName(body.convenedBy),
          composition: {
            ...composition,
            interpretation: composition.interpretation ?? null,
            proxies: composition.proxies?.mostReceived ?? null,
          },
          leads,
          seats: await listSeats(tx, standing, body),
          meetings: meetings.filter((each) => readsMeeting(standing, each)).map(toMeetingLine),
          followUps: readsBody(standing, body.key) ? await listFollowUps(tx, id, { body: body.key }) : [],
          ballots: rules.ballots.filter((ballot) => ballot.body === body.key),
        }
      }),
  )

  app.get(
    `${base}/bodies/:body/candidates`,
    {
      config,
      schema: {
        operationId: 'listCandidates',
        summary: 'People of the directory who may be named for a party, by the beginning of their name',
        description: 'Agents and staff only: neither a pupil nor a guardian as such.',
        params: z.object({ slug, body: key }),
        querystring: z.object({ party: key, q: z.string().trim().min(2).max(100) }),
        response: {
          200: z.object({
            people: z.array(
              z.object({
                id: z.uuid(),
                givenName: z.string(),
                familyName: z.string(),
                organisations: z.array(z.string()),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const body = getBody(standing.agreement.rules, request.params.body)
        if (listNameableRanks(standing, body, request.query.party).length === 0)
          throw new Problem(403, 'not_allowed', 'Only who names representatives looks for them.')
        // Partners' agents are in nobody's reach but an operator's; this shows their names and where they work only.
        const { personId } = actorOf(request)
        const rights = [{ right: 'directory.administer' as const, organisationId: null }]
        const { people } = await searchPeople(tx, { personId, rights }, { q: request.query.q, limit: 50 })
        return {
          people: people
            .map(({ affiliations, ...person }) => ({
              ...person,
              places: affiliations.filter(({ profile }) => profile !== 'pupil' && profile !== 'guardian'),
              elsewhere: affiliations.length > 0,
            }))
            .filter(({ places, elsewhere }) => places.length > 0 || !elsewhere)
            .slice(0, 12)
            .map(({ id, givenName, familyName, places }) => ({
              id,
              givenName,
              familyName,
              organisations: [...new Set(places.flatMap(({ organisation }) => organisation?.name ?? []))],
            })),
        }
      }),
  )

  app.post(
    `${base}/bodies/:body/representatives`,
    {
      config,
      schema: {
        operationId: 'appointRepresentative',
        summary: 'Name someone to sit for a party in a body',
        params: z.object({ slug, body: key }),
        body: z.strictObject({
          party: key,
          personId: z.uuid(),
          rank,
          startsOn: day,
          endsOn: day.nullable().default(null).describe('last day, included'),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => ({
          id: await appointRepresentative(tx, standing, { ...request.body, body: request.params.body }, now),
        })),
      ),
  )

  app.patch(
    `${base}/representatives/:id`,
    {
      config,
      schema: {
        operationId: 'endRepresentative',
        summary: 'Say until when someone sits',
        params: z.object({ slug, id: z.uuid() }),
        body: z.strictObject({ endsOn: day }),
        response: { 200: z.object({ id: z.uuid(), endsOn: day }) },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        await endRepresentative(tx, standing, request.params.id, request.body.endsOn)
        return { id: request.params.id, endsOn: request.body.endsOn }
      }),
  )

  app.post(
    `${base}/bodies/:body/meetings`,
    {
      config,
      schema: {
        operationId: 'createMeeting',
        summary: 'Prepare a meeting of a body, once for each request key',
        params: z.object({ slug, body: key }),
        body: z.strictObject({
          requestKey,
          title: z.string().trim().min(1).max(200),
          startsAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
          endsAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
          place: z.string().trim().max(300).default(''),
          urgent: z.boolean().default(false),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => {
          const body = getBody(standing.agreement.rules, request.params.body)
          return { id: await createMeeting(tx, standing, body, request.body, now) }
        }),
      ),
  )

  app.patch(
    `${base}/decisions/:id/follow-up`,
    {
      config,
      schema: {
        operationId: 'updateFollowUp',
        summary: 'Say by when a decision is to be done, or that it is',
        params: z.object({ slug, id: z.uuid() }),
        body: z.strictObject({
          dueOn: day.nullable().optional(),
          done: z.boolean().optional(),
          note: z.string().trim().max(2000).nullable().optional(),
        }),
        response: { 200: followUpSchema },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        changeFollowUp(tx, standing, request.params.id, request.body, now),
      ),
  )
}
