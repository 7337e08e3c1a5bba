import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { getBody } from '../bodies/representatives.ts'
import { listVoters } from '../bodies/presence.ts'
import { inStanding, type Standing } from '../standing.ts'
import { findHeadCountFor } from './assembly.ts'
import { getBallotRule } from './ballot-reading.ts'
import { listVoices, type VoterState } from './roll.ts'
import { outcomeSchema, ruleSchema, stepSchema, verdictSchema } from './votes.routes.ts'
import { explore } from './what-if.ts'
import { describeRule } from './ballot-views.ts'

const parties = z
  .string()
  .max(2_000)
  .default('')
  .transform((text) => text.split(',').filter(Boolean))
  .describe('keys of parties, with commas')

const asked = z.object({
  ballot: z
    .string()
    .max(80)
    .optional()
    .describe('key of a ballot rule; without one, the first that weighs voices, or else the first'),
  absent: parties,
  represented: parties,
  recused: parties,
  for: parties,
  against: parties,
  abstain: parties,
})

const told = z.object({ fr: z.string(), en: z.string() })
const keys = z.array(z.string())
const groups = z.object({
  count: z.int().describe('groups that are just enough: without any one of theirs, they are not'),
  patterns: z
    .array(
      z.object({
        size: z.int(),
        groups: z.int().describe('how many groups it stands for'),
        voices: z.string().nullable(),
        members: keys.describe('who is in each of them'),
        choices: z.array(z.object({ count: z.int(), of: keys })).describe('any so many of each'),
      }),
    )
    .describe('the smallest first'),
})
const comparator = z.enum(['>=', '>'])

/** Before the vote: what it would need, and what each member's presence changes. */
export function registerWhatIf(app: App, services: Services): void {
  app.get(
    '/api/governance/agreements/:slug/what-if',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'exploreVote',
        summary: 'What a vote under a rule would need, supposing who comes and who votes what',
        description: 'Every member whose absence is not supposed is present. Nothing is kept.',
        params: z.object({ slug: z.string().max(80) }),
        querystring: asked,
        response: {
          200: z.object({
            rule: ruleSchema,
            rules: z.array(z.object({ key: z.string(), name: z.string(), bodyName: z.string() })),
            headCount: z.object({ countedOn: z.iso.date(), source: z.string() }).nullable(),
            voters: z.array(
              z.object({
                party: z.string(),
                name: z.string(),
                voices: z.string(),
                pupils: z.int().nullable(),
                state: z.enum(['present', 'represented', 'absent', 'recused']),
                vote: z.string().nullable(),
              }),
            ),
            quorum: z.object({ reached: z.boolean(), steps: z.array(stepSchema), minimal: groups.nullable() }),
            passing: z.object({
              needed: z.string().describe('voices, exact'),
              comparator,
              available: z.string(),
              groups: z.int().describe('of those who can vote in favour'),
              winning: z.int(),
              minimal: groups,
              blocking: z.array(z.string()).describe('without whom it cannot pass'),
            }),
            power: z
              .array(z.object({ party: z.string(), decisive: z.int(), of: z.int() }))
              .describe('of the groups of the others, how many carry it with this one only'),
            absences: z.array(
              z.object({
                party: z.string(),
                quorum: z.boolean(),
                needed: z.string(),
                available: z.string(),
                canPass: z.boolean(),
                blocking: z.array(z.string()),
              }),
            ),
            verdict: verdictSchema,
            certain: outcomeSchema.nullable(),
            assumptions: z.array(told),
          }),
        },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => answer(tx, standing, request.query)),
  )
}

async function answer(tx: Tx, { agreement, today }: Standing, query: z.infer<typeof asked>) {
  const { rules } = agreement
  const first = rules.ballots.find(({ weights }) => weights === 'voices') ?? rules.ballots[0]
  const rule = getBallotRule(agreement, query.ballot ?? first?.key ?? '')
  const body = getBody(rules, rule.body)
  const headCount = (await findHeadCountFor(tx, agreement, body, today)) ?? null
  const stateOf = (party: string): VoterState => {
    if (query.recused.includes(party)) return 'recused'
    if (query.absent.includes(party)) return 'absent'
    return query.represented.includes(party) ? 'represented' : 'present'
  }
  const voters = listVoices(rules, body, rule.weights, listVoters(rules, body, today)).map((voter) => ({
    ...voter,
    pupils: headCount ? (headCount.pupils.get(voter.party) ?? 0) : null,
    state: stateOf(voter.party),
  }))
  const votes = new Map(
    (['abstain', 'against', 'for'] as const).flatMap((choice) =>
      query[choice].map((party) => [party, choice] as const),
    ),
  )
  return {
    ...explore({ rule, body, voters, votes, headCount, chair: body.chairedBy, secondConvening: false, most: 12 }),
    rule: describeRule(rule),
    rules: rules.ballots.map(({ key, name, body: of }) => ({ key, name, bodyName: getBody(rules, of).shortName })),
    headCount: headCount && { countedOn: headCount.countedOn, source: headCount.source },
    voters: voters.map((voter) => ({ ...voter, vote: votes.get(voter.party) ?? null })),
  }
}
