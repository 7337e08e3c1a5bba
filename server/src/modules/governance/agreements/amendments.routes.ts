import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listItemsAbout } from '../bodies/agenda.queries.ts'
import { listMeetingTimes } from '../changes/changes.queries.ts'
import { inStanding, readsBody, type Standing } from '../standing.ts'
import { compareAgreements, compareTexts } from './agreement-diff.ts'
import { fault, reason, ruleChange, source, textLine } from './agreement-versions.routes.ts'
import { getLastVersion, getVersion } from './agreements.queries.ts'
import { listAmendmentBallots, proposeAmendment, withdrawAmendment } from './amendments.ts'
import { amendmentStates, findAmendment, listAmendments } from './amendments.queries.ts'
import { carryOver, planCarryingOver } from './carrying-over.ts'
import { checkAgreementText } from './read-agreement.ts'

const base = '/api/governance/agreements/:slug/amendments'
const bySlug = z.object({ slug: z.string().max(80) })
const byNumber = bySlug.extend({ number: z.coerce.number().int().min(1).max(100_000) })

const amendment = z.object({
  id: z.uuid(),
  number: z.int().describe('from 1, in the agreement'),
  basedOn: z.int().describe('version it was written from'),
  validFrom: z.iso.date(),
  reason: z.string(),
  state: z.enum(amendmentStates),
  proposedAt: z.date(),
  settledAt: z.date().nullable(),
  decision: z.string().nullable().describe('number of the decision about it'),
  version: z.int().nullable().describe('that it made'),
})

const ballot = z.object({
  key: z.string(),
  name: z.string(),
  body: z.string(),
  article: z.string(),
  interpretation: z.string().nullable(),
})

const conflict = ruleChange.omit({ kind: true, from: true, to: true }).extend({
  base: z
    .string()
    .nullable()
    .describe('in the version that the amendment was written from; null for what is not there'),
  proposed: z.string().nullable(),
  proposedLine: z.int().describe('in the file of the amendment'),
  present: z.string().nullable(),
  presentLine: z.int().describe('in the file of the last version'),
})

const meeting = z.object({ id: z.uuid(), title: z.string(), startsAt: z.date() })

/** Versions proposed to the vote. */
export function registerAmendments(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'listAmendments',
        summary: 'The amendments that were proposed to the vote, newest first',
        params: bySlug,
        response: {
          200: z.object({
            ballots: z.array(ballot).describe('by which an amendment is adopted; none: it is recorded without a vote'),
            lastVersion: z.int(),
            amendments: z.array(amendment),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { id, rules } = standing.agreement
        const { number: lastVersion } = await getLastVersion(tx, id)
        const ballots = listAmendmentBallots(rules).map(({ key, name, body, article, interpretation = null }) => ({
          key,
          name,
          body,
          article,
          interpretation,
        }))
        return { ballots, lastVersion, amendments: readsAmendments(standing) ? await listAmendments(tx, id) : [] }
      }),
  )

  app.post(
    base,
    {
      config,
      schema: {
        operationId: 'proposeAmendment',
        summary: 'Proposes a version to the vote; nothing of the agreement changes before it is adopted',
        params: bySlug,
        body: z.strictObject({
          source,
          reason,
          basedOn: z.int().min(1).describe('number of the version that the amendment was written from'),
        }),
        response: { 201: z.object({ number: z.int() }) },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => proposeAmendment(tx, standing, request.body, now)),
        ),
  )

  app.get(
    `${base}/:number`,
    {
      config,
      schema: {
        operationId: 'getAmendment',
        summary: 'An amendment proposed to the vote, with what it changes of the version it was written from',
        params: byNumber,
        response: {
          200: amendment.extend({
            lastVersion: z.int(),
            source: z.string(),
            changes: z.array(ruleChange).describe('none when the file cannot be read any more'),
            lines: z.array(textLine),
            agenda: z.array(
              meeting.extend({ meetingId: z.uuid(), state: z.string(), decision: z.string().nullable() }),
            ),
            meetings: z
              .array(meeting.extend({ ballotRule: z.string() }))
              .describe('to come, of the bodies that adopt amendments'),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing) => describeAmendment(tx, standing, request.params.number)),
  )

  app.get(
    `${base}/:number/carrying-over`,
    {
      config,
      schema: {
        operationId: 'planCarryingOver',
        summary: 'What an amendment that another version overtook comes to when its own change is made of that version',
        params: byNumber,
        response: {
          200: z.object({
            onto: z.int().describe('version onto which it is carried: the last one'),
            source: z.string().describe('the file it would be; of what conflicts, it says what the last version does'),
            changes: z.array(ruleChange).describe('of the last version'),
            conflicts: z.array(conflict).describe('rules that both change, by their line in the last version'),
            faults: z.array(fault).describe('what makes that file none of an agreement'),
            carriedOver: z.int().nullable().describe('proposal that was made of it already, awaiting its vote'),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) =>
        planCarryingOver(tx, standing.agreement.id, await getReadAmendment(tx, standing, request.params.number)),
      ),
  )

  app.post(
    `${base}/:number/carrying-over`,
    {
      config,
      schema: {
        operationId: 'carryAmendmentOver',
        summary: 'Proposes an overtaken amendment again, its own change made of the last version',
        params: byNumber,
        body: z.strictObject({ onto: z.int().min(1).describe('version that was looked at') }),
        response: { 201: z.object({ number: z.int().describe('of the new proposal') }) },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const made = await inStanding(services, request, (tx, standing, now) =>
        carryOver(tx, standing, params.number, body.onto, now),
      )
      return reply.status(201).send(made)
    },
  )

  app.post(
    `${base}/:number/withdrawal`,
    {
      config,
      schema: {
        operationId: 'withdrawAmendment',
        summary: 'Takes a proposed amendment back',
        params: byNumber,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        withdrawAmendment(tx, standing, request.params.number, now),
      )
      return reply.status(204).send(null)
    },
  )
}

/** Proposals are read by those who read the bodies that adopt them. */
function readsAmendments(standing: Standing): boolean {
  return (
    standing.manages || listAmendmentBallots(standing.agreement.rules).some(({ body }) => readsBody(standing, body))
  )
}

async function getReadAmendment(tx: Tx, standing: Standing, number: number) {
  const found = readsAmendments(standing) ? await findAmendment(tx, standing.agreement.id, number) : undefined
  if (!found) throw new Problem(404, 'amendment_not_found', 'There is no such amendment.')
  return found
}

async function describeAmendment(tx: Tx, standing: Standing, number: number) {
  const { id: agreementId, rules } = standing.agreement
  const found = await getReadAmendment(tx, standing, number)
  const before = await getVersion(tx, agreementId, found.basedOn)
  const read = checkAgreementText(found.source)
  const seen = ({ state, body }: { state: string; body: string }) =>
    readsBody(standing, body) && (standing.manages || state !== 'draft')
  const items = (await listItemsAbout(tx, { kind: 'amendment', id: found.id })).filter(seen)
  const ballots = listAmendmentBallots(rules)
  const meetings = (await listMeetingTimes(tx, agreementId))
    .filter((each) => each.state === 'draft' || each.state === 'convened')
    .filter(seen)
    .flatMap(({ id, body, title, startsAt }) => {
      const ballotRule = ballots.find((rule) => rule.body === body)?.key
      return ballotRule === undefined ? [] : [{ id, title, startsAt, ballotRule }]
    })
  return {
    ...found,
    lastVersion: (await getLastVersion(tx, agreementId)).number,
    changes: 'rules' in read ? compareAgreements(before.rules, read.rules) : [],
    lines: compareTexts(before.source, found.source),
    agenda: items.map(({ id, meetingId, meeting: title, startsAt, state, decision }) => ({
      id,
      meetingId,
      title,
      startsAt,
      state,
      decision,
    })),
    meetings,
  }
}
