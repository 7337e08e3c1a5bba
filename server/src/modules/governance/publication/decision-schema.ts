import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '#kernel/postgres'
import type { Agreement } from '../agreements/agreement-schema.ts'
import type { DecisionRow } from './publications.queries.ts'

const told = z.object({ fr: z.string(), en: z.string() })

/** A verdict as it is told: each step with its figures and its article. */
export const verdictSchema = z.object({
  outcome: z.enum(['adopted', 'rejected', 'none']),
  threshold: z.object({ comparator: z.enum(['>=', '>']), voices: z.string() }).nullable(),
  tally: z.array(z.object({ choice: z.string(), label: told, voices: z.string(), parties: z.array(z.string()) })),
  steps: z.array(
    z.object({
      key: z.string(),
      text: told,
      figures: z.record(z.string(), z.union([z.string(), z.number()])),
      article: z.string().nullable(),
      interpretation: told.nullable(),
      holds: z.boolean().nullable(),
    }),
  ),
})

/** A decision or an opinion, as everybody may come to read it. */
export const decisionSchema = z.object({
  number: z.string(),
  kind: z.enum(['decision', 'opinion', 'crisis']),
  body: z.string(),
  bodyName: z.string(),
  title: z.string(),
  text: z.string(),
  outcome: z.enum(['adopted', 'rejected', 'none']),
  decidedOn: z.iso.date(),
  verdict: verdictSchema.nullable(),
})

export function toDecision(row: DecisionRow, rules: Agreement): z.infer<typeof decisionSchema> {
  const { number, kind, body, title, text, outcome, decidedOn, verdict } = row
  const parsed = verdictSchema.safeParse(verdict)
  return {
    number,
    kind,
    body,
    bodyName: rules.bodies.find(({ key }) => key === body)?.name ?? body,
    title,
    text,
    outcome,
    decidedOn,
    verdict: parsed.success ? parsed.data : null,
  }
}

/** Decisions with the place of the event that tells of each in the journal, and the version of the agreement it made. */
export async function withPlaces<Row extends { id: string }>(
  tx: Tx,
  agreementId: string,
  rows: Row[],
): Promise<(Row & { seq: number; adoptedVersion: number | null })[]> {
  const ids = rows.map(({ id }) => id)
  const { rows: places } = await sql<{ subject: string; seq: number }>`
    select subject_id as subject, min(seq)::bigint as seq from governance.journal_entry
    where agreement_id = ${agreementId} and subject_id = any(${ids}::uuid[])
    group by subject_id`.execute(tx)
  const { rows: versions } = await sql<{ decision: string; number: number }>`
    select decision_id as decision, max(number) as number from governance.agreement_version
    where agreement_id = ${agreementId} and decision_id = any(${ids}::uuid[]) group by decision_id`.execute(tx)
  return rows.map((row) => ({
    ...row,
    seq: places.find(({ subject }) => subject === row.id)?.seq ?? 0,
    adoptedVersion: versions.find(({ decision }) => decision === row.id)?.number ?? null,
  }))
}
