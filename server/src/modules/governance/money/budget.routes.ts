import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { closeExercise } from './close-exercise.ts'
import { exerciseOf } from './exercises.ts'
import { type ListedEntry, listEntries } from './ledger.queries.ts'
import { reverseEntry } from './ledger.ts'
import { listUnbilled } from './bills.ts'
import {
  centsSchema,
  idParams,
  inAccounts,
  inManagedAccounts,
  requireParty,
  seenParties,
  slugParams,
} from './money-access.ts'
import { balanceExercise, explainPart, listCommitmentsByKey, listExercises, projectYears } from './statements.ts'
import { natures } from './tables.ts'

const base = '/api/governance/agreements/:slug/money'
const config = { access: 'signed-in' } as const
const ofExercise = z.object({ exercise: z.iso.date().optional().describe('first day; the one of today when absent') })
const partCents = z.object({ party: z.string(), cents: centsSchema })
const nature = z.enum(natures)

const entrySchema = z.object({
  id: z.uuid(),
  number: z.int(),
  kind: z.string(),
  label: z.string(),
  effectiveOn: z.iso.date(),
  recordedAt: z.date(),
  exercise: z.iso.date(),
  decisionNumber: z.string().nullable(),
  sharingKey: z.string().nullable(),
  reversesNumber: z.int().nullable(),
  reversedByNumber: z.int().nullable(),
  postings: z.array(z.object({ party: z.string(), nature, cents: centsSchema.describe('debits above zero') })),
})

/** The accounts of a consortium: balance of a year, its projection, a member's part explained, the ledger. */
export function registerBudget(app: App, services: Services): void {
  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'getBudget',
        summary: 'Balance of an exercise by member; own accounts of other parties are null',
        params: slugParams,
        querystring: ofExercise,
        response: {
          200: z.object({
            exercise: z.object({ startsOn: z.iso.date(), endsOn: z.iso.date() }),
            exercises: z.array(
              z.object({
                startsOn: z.iso.date(),
                endsOn: z.iso.date(),
                approvedAt: z.date().nullable(),
                decisionNumber: z.string().nullable(),
              }),
            ),
            manages: z.boolean(),
            ownParties: z.array(z.string()),
            holder: z.string(),
            parties: z.array(z.object({ key: z.string(), name: z.string(), member: z.boolean() })),
            sharingKeys: z.array(
              z.object({
                key: z.string(),
                name: z.string(),
                article: z.string(),
                interpretation: z.string().nullable(),
                among: z.string(),
                by: z.string(),
                usedFor: z.array(z.string()),
              }),
            ),
            bankCents: centsSchema.describe('of all exercises'),
            advanceCents: centsSchema.describe('advanced and neither spent nor given back'),
            members: z.array(
              z.object({
                party: z.string(),
                committedCents: centsSchema,
                costCents: centsSchema,
                regularisationCents: centsSchema,
                individualCommittedCents: centsSchema.nullable(),
                individualCostCents: centsSchema.nullable(),
                billedCents: centsSchema.nullable(),
                openCents: centsSchema.nullable(),
              }),
            ),
            commitments: z.array(partCents.extend({ sharingKey: z.string() })),
          }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const { agreement, today } = standing
        const terms = { agreementId: agreement.id, versionId: agreement.versionId, rules: agreement.rules }
        const exercise = exerciseOf(agreement.rules, request.query.exercise ?? today)
        const seen = seenParties(standing)
        const balance = await balanceExercise(tx, terms, exercise.startsOn, seen)
        const commitments = await listCommitmentsByKey(tx, agreement.id, exercise.startsOn, seen)
        return {
          exercise,
          exercises: await listExercises(tx, terms, today),
          manages: standing.manages,
          ownParties: [...new Set(standing.seats.map(({ party }) => party))],
          holder: agreement.rules.money.heldBy,
          parties: agreement.rules.parties.map(({ key, name, roles }) => ({
            key,
            name,
            member: roles.includes('member'),
          })),
          sharingKeys: agreement.rules.money.sharing.map((each) => ({
            key: each.key,
            name: each.name,
            article: each.article,
            interpretation: each.interpretation ?? null,
            among: each.among,
            by: each.by,
            usedFor: each.usedFor,
          })),
          bankCents: String(balance.bankCents),
          advanceCents: String(balance.advanceCents),
          members: balance.members.map((member) => ({
            party: member.party,
            committedCents: String(member.committedCents),
            costCents: String(member.costCents),
            regularisationCents: String(member.regularisationCents),
            individualCommittedCents: textOf(member.individualCommittedCents),
            individualCostCents: textOf(member.individualCostCents),
            billedCents: textOf(member.billedCents),
            openCents: textOf(member.openCents),
          })),
          commitments: commitments.map((each) => ({ ...each, cents: String(each.cents) })),
        }
      }),
  )

  app.get(
    `${base}/projection`,
    {
      config,
      schema: {
        operationId: 'projectBudget',
        summary: 'What the services of an exercise would cost each member in the years after it',
        params: slugParams,
        querystring: ofExercise.extend({
          headCountId: z.uuid().optional().describe('the last one known when absent'),
          growthBasisPoints: z.coerce.number().int().min(-5_000).max(5_000).default(0),
        }),
        response: {
          200: z.object({ years: z.array(z.object({ startsOn: z.iso.date(), parts: z.array(partCents) })) }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const { agreement, today } = standing
        const years = await projectYears(tx, {
          agreementId: agreement.id,
          exercise: exerciseOf(agreement.rules, request.query.exercise ?? today).startsOn,
          years: 3,
          headCountId: request.query.headCountId ?? null,
          growthBasisPoints: request.query.growthBasisPoints,
          seen: seenParties(standing),
        })
        return { years: years.map((year) => ({ ...year, parts: year.parts.map(toPart) })) }
      }),
  )

  app.get(
    `${base}/parts/:party`,
    {
      config,
      schema: {
        operationId: 'explainPart',
        summary: 'What a member bears of each order of an exercise, computed step by step with its article and key',
        params: slugParams.extend({ party: z.string().max(80) }),
        querystring: ofExercise,
        response: {
          200: z.object({
            steps: z.array(
              z.object({
                orderId: z.uuid(),
                number: z.string(),
                label: z.string(),
                scope: z.enum(['shared', 'individual']),
                state: z.enum(['placed', 'committed', 'settled']),
                effectiveOn: z.iso.date(),
                decisionNumber: z.string().nullable(),
                sharingKey: z.string(),
                keyName: z.string(),
                article: z.string(),
                interpretation: z.string().nullable(),
                by: z.string(),
                headCountOn: z.iso.date().nullable(),
                amountCents: centsSchema,
                weight: centsSchema.describe('voices in thousandths, pupils, heads or units ordered'),
                totalWeight: centsSchema,
                floorCents: centsSchema.describe('the exact part, rounded down'),
                lastCent: z.boolean().describe('whether one of the last cents went to this member'),
                cents: centsSchema.describe('the part as it was committed'),
                committedCents: centsSchema.describe('still committed'),
                costCents: centsSchema.describe('borne so far, regularisations and reductions included'),
              }),
            ),
            unbilled: z.array(
              z.object({ label: z.string(), nature, subjectId: z.uuid().nullable(), cents: centsSchema }),
            ),
          }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const { party } = request.params
        requireParty(standing, party)
        const { agreement, today } = standing
        const terms = { agreementId: agreement.id, versionId: agreement.versionId, rules: agreement.rules }
        const { startsOn } = exerciseOf(agreement.rules, request.query.exercise ?? today)
        const steps = await explainPart(tx, terms, party, startsOn)
        return {
          steps: steps.map((step) => ({
            ...step,
            amountCents: String(step.amountCents),
            weight: String(step.weight),
            totalWeight: String(step.totalWeight),
            floorCents: String(step.floorCents),
            cents: String(step.cents),
            committedCents: String(step.committedCents),
            costCents: String(step.costCents),
          })),
          unbilled: await listUnbilled(tx, agreement.id, party, today),
        }
      }),
  )

  app.get(
    `${base}/entries`,
    {
      config,
      schema: {
        operationId: 'listLedgerEntries',
        summary: 'Entries of the ledger that the reader sees whole, the newest first',
        params: slugParams,
        querystring: ofExercise.extend({
          before: z.coerce.number().int().min(1).optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: { 200: z.object({ entries: z.array(entrySchema), next: z.int().nullable() }) },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const { exercise, before, limit } = request.query
        const found = await listEntries(tx, {
          agreementId: standing.agreement.id,
          seen: seenParties(standing),
          exercise,
          before,
          limit: limit + 1,
        })
        const entries = found.slice(0, limit)
        return { entries: entries.map(toEntry), next: found.length > limit ? entries.at(-1)!.number : null }
      }),
  )

  app.post(
    `${base}/entries/:id/reversal`,
    {
      config,
      schema: {
        operationId: 'reverseLedgerEntry',
        summary: 'Undo an entry by its reverse, once',
        params: idParams,
        body: z.strictObject({ effectiveOn: z.iso.date(), reason: z.string().trim().min(3).max(300) }),
        response: { 200: z.object({ number: z.int() }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { number } = await reverseEntry(
          tx,
          {
            agreementId: standing.agreement.id,
            entryId: request.params.id,
            ...request.body,
            by: standing.personId,
          },
          now,
        )
        return { number }
      }),
  )

  app.post(
    `${base}/exercises`,
    {
      config,
      schema: {
        operationId: 'closeExercise',
        summary: 'Close an exercise whose balance a decision approved',
        params: slugParams,
        body: z.strictObject({ startsOn: z.iso.date(), decisionId: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        closeExercise(
          tx,
          { agreementId: standing.agreement.id, today: standing.today, by: standing.personId, ...request.body },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )
}

const textOf = (cents: bigint | null) => (cents === null ? null : String(cents))
const toPart = ({ party, cents }: { party: string; cents: bigint }) => ({ party, cents: String(cents) })
const toEntry = (entry: ListedEntry) => ({
  ...entry,
  postings: entry.postings.map((posting) => ({ ...posting, cents: String(posting.cents) })),
})
