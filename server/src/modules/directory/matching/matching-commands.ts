import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { changeThresholds, matchPeople, opinions, settleProposal } from './matching.ts'
import { getThresholds } from './matching.queries.ts'
import type { Thresholds } from './matching-rule.ts'
import { thresholdsSchema } from './matching.routes.ts'
import { listMerges, listProposals, type ProposedPerson } from './proposals.queries.ts'
import { undoMerge } from './merges.ts'

const proposalsPage = z.object({
  state: z.enum(['open', 'later', 'never']).default('open'),
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
})

/** Who is whom, on the command line. */
export const matchingCommands: Command[] = [
  {
    name: 'match',
    usage: '',
    summary: 'Looks among everyone for people who are one: merges the certain, proposes the likely.',
    async run(context) {
      const { id: tenantId } = await context.tenant()
      const report = await matchPeople(context, tenantId, 'everyone', {
        signal: context.signal,
        onProgress: ({ merged }) => context.print(`${merged} merged so far`),
      })
      context.print(`${report.concerned} people, ${report.compared} pairs compared`)
      context.print(`${report.merged} merged, ${report.proposed} to review`)
      return report
    },
  },
  {
    name: 'match-policy',
    usage: '[--automatic POINTS] [--review POINTS]',
    summary: 'Shows or changes from how many points two people are merged at once, or proposed.',
    options: { automatic: { type: 'string' }, review: { type: 'string' } },
    async run(context, _, values) {
      const { id: tenantId } = await context.tenant()
      return inTenant(context.db, tenantId, async (tx) => {
        const now = await getThresholds(tx)
        if (values['automatic'] === undefined && values['review'] === undefined) {
          context.print(describeThresholds(now))
          return now
        }
        const wanted = thresholdsSchema.safeParse({
          automatic: Number(values['automatic'] ?? now.automatic),
          review: Number(values['review'] ?? now.review),
        })
        if (!wanted.success) {
          throw new Problem(400, 'thresholds_unusable', 'Give whole numbers, the one of review not above the other.')
        }
        await changeThresholds(context, tx, { tenantId, thresholds: wanted.data, by: null })
        context.print(describeThresholds(wanted.data))
        return wanted.data
      })
    },
  },
  {
    name: 'proposals',
    usage: '[--state open|later|never] [--after CURSOR] [--limit N]',
    summary: 'Lists pairs of people who may be one, the most certain first.',
    options: { state: { type: 'string' }, after: { type: 'string' }, limit: { type: 'string' } },
    async run(context, _, values) {
      const page = readValues(proposalsPage, values)
      const { id: tenantId } = await context.tenant()
      const found = await inTenant(context.db, tenantId, (tx) => listProposals(tx, { whole: true }, page))
      for (const { id, points, parts, cautions, left, right } of found.proposals) {
        const why = [...parts.map(({ code, points: each }) => `${code} ${each}`), ...cautions].join(', ')
        context.print(`${id}  ${points}  ${describePerson(left)}  =?  ${describePerson(right)}  ${why}`)
      }
      if (found.next !== null) context.print(`more: --after ${found.next}`)
      return found
    },
  },
  {
    name: 'proposal-settle',
    usage: `<id> ${opinions.join('|')}`,
    summary:
      'Says of two people that they are one (accept), are two for good, are to be seen later, or are open again.',
    async run(context, [id, given]) {
      const asked = z.object({ id: z.uuid(), opinion: z.enum(opinions) }).safeParse({ id, opinion: given })
      if (!asked.success) {
        const wanted = `Give the identifier of a proposal, as \`directory proposals\` lists them, and ${opinions.join('|')}.`
        throw new Problem(400, 'opinion_needed', wanted)
      }
      const { id: tenantId } = await context.tenant()
      await inTenant(context.db, tenantId, (tx) => settleProposal(context, tx, tenantId, { ...asked.data, by: null }))
      context.print(asked.data.opinion === 'accept' ? 'They are one person now.' : `${asked.data.opinion}: noted.`)
      return asked.data
    },
  },
  {
    name: 'merges',
    usage: '',
    summary: 'Lists the last merges.',
    async run(context) {
      const { id: tenantId } = await context.tenant()
      const { merges } = await inTenant(context.db, tenantId, (tx) => listMerges(tx, { whole: true }, { limit: 50 }))
      for (const { id, mergedAt, keptId, mergedId, undoneAt } of merges) {
        context.print(
          `${id}  ${mergedAt.toISOString().slice(0, 16)}  ${mergedId} → ${keptId}${undoneAt ? '  undone' : ''}`,
        )
      }
      return merges
    },
  },
  {
    name: 'merge-undo',
    usage: '<id>',
    summary: 'Undoes a merge, however old: the two are two people again.',
    async run(context, [id]) {
      const parsed = z.uuid().safeParse(id)
      if (!parsed.success) throw new Problem(400, 'merge_needed', 'Give the identifier of a merge.')
      const { id: tenantId } = await context.tenant()
      await inTenant(context.db, tenantId, (tx) => undoMerge(context, tx, tenantId, { id: parsed.data, by: null }))
      context.print('undone')
      return { id: parsed.data }
    },
  },
]

const describeThresholds = ({ automatic, review }: Thresholds) =>
  `merged at once from ${automatic} points, proposed from ${review}`

const describePerson = ({ id, familyName, givenName, bornOn }: ProposedPerson) =>
  `${familyName} ${givenName}${bornOn === null ? '' : ` ${bornOn}`} (${id})`
