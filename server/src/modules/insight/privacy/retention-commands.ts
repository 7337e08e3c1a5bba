import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { setRetention } from './retention.ts'
import { listRetentions, mostMonths, purposes } from './retention.queries.ts'

const newRetention = z.object({
  purpose: z.enum(purposes),
  months: z.union([z.literal('forever').transform(() => null), z.coerce.number().int().min(1).max(mostMonths)]),
  basis: z.string().trim().max(2_000).optional(),
})

/** `insight retention`: how long learning records, events, looks and launches are kept. */
export const retentionCommands: Command[] = [
  {
    name: 'retention',
    usage: `[<${purposes.join('|')}> <MONTHS|forever> [--basis TEXT]]`,
    summary: 'Shows how long things are kept, or says it of one; applied each night.',
    options: { basis: { type: 'string' } },
    async run(context, [purpose, given], { basis }) {
      const { id: tenantId } = await context.tenant()
      return inTenant(context.db, tenantId, async (tx) => {
        if (purpose !== undefined) {
          const wanted = readValues(newRetention, { purpose, months: given, basis })
          const held = (await listRetentions(tx)).find((each) => each.purpose === wanted.purpose)
          const legalBasis = wanted.basis ?? held?.legalBasis ?? null
          const { purpose: kept, months } = wanted
          await setRetention(tx, { purpose: kept, months, legalBasis }, null, context.now())
        }
        const retentions = await listRetentions(tx)
        for (const each of retentions) {
          context.print(`${each.purpose}  ${each.months === null ? 'forever' : `${each.months} months`}`)
        }
        return retentions
      })
    },
  },
]
