import { z } from 'zod'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { matchPeople } from './matching.ts'
import { getThresholds, saveThresholds } from './matching.queries.ts'
import { thresholdsSchema } from './matching.routes.ts'
import { listMerges } from './proposals.queries.ts'
import { undoMerge } from './merges.ts'

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
        const wanted = thresholdsSchema.safeParse({
          automatic: Number(values['automatic'] ?? now.automatic),
          review: Number(values['review'] ?? now.review),
        })
        if (!wanted.success) {
          throw new Problem(400, 'thresholds_unusable', 'Give whole numbers, the one of review not above the other.')
        }
        await saveThresholds(tx, wanted.data, null, context.now())
        context.print(`merged at once from ${wanted.data.automatic} points, proposed from ${wanted.data.review}`)
        return wanted.data
      })
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
