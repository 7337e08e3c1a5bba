import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inStanding } from '../standing.ts'
import { describeBallot, describeVotes } from './ballot-views.ts'
import { openBallot } from './opening.ts'
import { castVote, closeBallot } from './voting.ts'

const slug = z.string().max(80)
const told = z.object({ fr: z.string(), en: z.string() })
export const stepSchema = z.object({
  key: z.string(),
  text: told,
  figures: z.record(z.string(), z.union([z.string(), z.number()])),
  article: z.string().nullable(),
  interpretation: told.nullable().describe('what the text leaves open, and how it is read'),
  holds: z.boolean().nullable(),
})
export const outcomeSchema = z.enum(['adopted', 'rejected', 'none'])
const state = z.enum(['present', 'represented', 'absent', 'recused'])
const comparator = z.enum(['>=', '>'])
const option = z.object({ key: z.string(), label: z.string(), ageRank: z.int().optional() })
const tally = z.array(
  z.object({ choice: z.string(), label: told, voices: z.string().describe('exact'), parties: z.array(z.string()) }),
)
const threshold = z.object({ comparator, voices: z.string() }).nullable()
export const verdictSchema = z.object({
  outcome: outcomeSchema,
  chosen: z.string().nullable(),
  secondRound: z.array(option).nullable(),
  tally,
  threshold,
  roll: z.array(
    z.object({ party: z.string(), name: z.string(), voices: z.string(), state, choice: z.string().nullable() }),
  ),
  steps: z.array(stepSchema),
})
export const ruleSchema = z.object({
  key: z.string(),
  name: z.string(),
  article: z.string(),
  interpretation: z.string().nullable(),
  weights: z.enum(['one', 'voices']),
  method: z.enum(['twoRounds', 'yesNoAbstain']),
  base: z.enum(['cast', 'presentOrRepresented', 'all']),
  comparator,
  share: z.string(),
  tie: z.enum(['rejected', 'chairDecides', 'eldest', 'newMeeting']),
})
const meeting = z.object({ id: z.uuid(), title: z.string(), bodyName: z.string(), shortName: z.string() })

/** Votes: what a meeting votes on, ballots opened, cast and closed, with their verdict explained. */
export function registerVotes(app: App, services: Services): void {
  app.get(
    '/api/governance/agreements/:slug/meetings/:meetingId/votes',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listMeetingVotes',
        summary: 'What a meeting votes on: what each item still lacks, its quorum now, its ballots',
        params: z.object({ slug, meetingId: z.uuid() }),
        response: {
          200: z.object({
            meeting: meeting.extend({ state: z.string(), day: z.iso.date(), body: z.string() }),
            leads: z.boolean().describe('whether the reader opens and closes the votes'),
            items: z.array(
              z.object({
                id: z.uuid(),
                position: z.int(),
                title: z.string(),
                kind: z.enum(['decision', 'opinion']),
                rule: ruleSchema.nullable(),
                openable: z.boolean(),
                candidates: z.boolean().describe('whether names must be given to open the vote'),
                requirements: z.array(stepSchema),
                quorum: z.object({ reached: z.boolean(), steps: z.array(stepSchema) }).nullable(),
                ballots: z.array(
                  z.object({
                    id: z.uuid(),
                    round: z.int(),
                    openedAt: z.date(),
                    closedAt: z.date().nullable(),
                    outcome: outcomeSchema.nullable(),
                    secondRound: z.boolean(),
                  }),
                ),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) => describeVotes(tx, standing, request.params.meetingId, now)),
  )

  app.post(
    '/api/governance/agreements/:slug/agenda-items/:itemId/ballots',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'openBallot',
        summary: 'Puts an agenda item to the vote, or opens its second round; freezes the roll of voters',
        params: z.object({ slug, itemId: z.uuid() }),
        body: z.object({
          candidates: z
            .array(
              z.object({
                label: z.string().trim().min(1).max(200),
                ageRank: z.int().min(1).max(100).optional().describe('1 for the eldest'),
              }),
            )
            .max(50)
            .default([]),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) => {
      const { itemId } = request.params
      const id = await inStanding(services, request, (tx, standing, now) =>
        openBallot(tx, standing, itemId, request.body.candidates, now),
      )
      return reply.code(201).send({ id })
    },
  )

  const byBallot = z.object({ slug, ballotId: z.uuid() })
  app.get(
    '/api/governance/agreements/:slug/ballots/:ballotId',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getBallot',
        summary: 'A ballot as it stands: its frozen roll with who voted what, its tally, its verdict once closed',
        params: byBallot,
        response: {
          200: z.object({
            id: z.uuid(),
            round: z.int(),
            rule: ruleSchema,
            item: z.object({ id: z.uuid(), title: z.string(), text: z.string(), opinion: z.boolean() }),
            meeting,
            leads: z.boolean(),
            openedAt: z.date(),
            closedAt: z.date().nullable(),
            choices: z.array(z.object({ key: z.string(), label: told })),
            roll: z.array(
              z.object({
                party: z.string(),
                name: z.string(),
                voices: z.string(),
                state,
                representedBy: z.string().nullable(),
                voterRank: z.enum(['holder', 'deputy', 'proxy']).nullable(),
                voter: z.string().nullable().describe('who votes for the party; null once erased'),
                mine: z.boolean().describe('whether the reader votes for this party'),
                choice: z.string().nullable(),
                aloud: z.boolean().describe('said aloud, written down by who leads the meeting'),
                recordedBy: z.string().nullable().describe('who wrote it down; null once erased'),
              }),
            ),
            rollDigest: z.string().describe('SHA-256 of the roll as the journal has it'),
            tally,
            threshold,
            opening: z.array(stepSchema),
            certain: outcomeSchema.nullable().describe('the outcome, when those who have not voted cannot change it'),
            verdict: verdictSchema.nullable(),
            decision: z.object({ id: z.uuid(), number: z.string() }).nullable(),
          }),
        },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => describeBallot(tx, standing, request.params.ballotId)),
  )

  app.put(
    '/api/governance/agreements/:slug/ballots/:ballotId/votes/:party',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'castVote',
        summary: 'Votes for a party, or replaces its vote until the ballot is closed',
        params: byBallot.extend({ party: z.string().max(80) }),
        body: z.object({
          choice: z.string().max(80),
          aloud: z.boolean().default(false).describe('said aloud, written down by who leads the meeting'),
        }),
        response: { 200: z.object({ version: z.int(), choice: z.string() }) },
      },
    },
    (request) => {
      const { ballotId, party } = request.params
      return inStanding(services, request, (tx, standing, now) =>
        castVote(tx, standing, ballotId, { party, ...request.body }, now),
      )
    },
  )

  app.post(
    '/api/governance/agreements/:slug/ballots/:ballotId/closing',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'closeBallot',
        summary: 'Closes a ballot, reaches its verdict, and records the decision unless a second round follows',
        params: byBallot,
        response: { 200: verdictSchema },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) => closeBallot(tx, standing, request.params.ballotId, now)),
  )
}
