import { z } from 'zod'
import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { readCoverage } from './coverage.ts'

/** `insight coverage`: what share of statements is understood. */
export const coverageCommands: Command[] = [
  {
    name: 'coverage',
    usage: '[--days N]',
    summary: 'What share of the statements of the last days (30) was understood, and which were not.',
    options: { days: { type: 'string' } },
    async run(context, _positionals, { days = '30' }) {
      const asked = z.coerce.number().int().min(1).max(4000).safeParse(days)
      if (!asked.success) throw new Problem(400, 'days_invalid', '--days takes a number of days.')
      const { id: tenantId } = await context.tenant()
      const coverage = await readCoverage(context, { tenantId, days: asked.data })
      const nameOf = new Map(coverage.sources.map(({ id, name }) => [id, name]))
      const statements = coverage.parts.reduce((sum, part) => sum + part.statements, 0)
      const understood = coverage.parts.reduce((sum, part) => sum + part.understood, 0)
      context.print(`${understood} of ${statements} statements understood (${percent(understood, statements)})`)
      for (const part of coverage.parts) {
        const source = nameOf.get(part.source) ?? 'no source'
        const share = percent(part.understood, part.statements)
        context.print(
          `  ${source}, ${part.dialect || 'no dialect'}: ${part.understood} of ${part.statements} (${share})`,
        )
      }
      const missed = coverage.verbs.filter((verb) => verb.understood < verb.statements)
      if (missed.length > 0) context.print('Not understood:')
      for (const { source, dialect, verb, ...counts } of missed) {
        const count = counts.statements - counts.understood
        context.print(`  ${count}  ${verb}  ${nameOf.get(source) ?? 'no source'}, ${dialect || 'no dialect'}`)
      }
      return { statements, understood, ...coverage }
    },
  },
]

// 99.99 % is not all.
const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)} %`
