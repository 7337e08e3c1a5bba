import { createHash, randomUUIDv7 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { requireAdopted } from '../bodies/decisions.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { recordInJournal } from '../journal/journal.ts'
import { tables } from '../tables.ts'
import type { Agreement } from './agreement-schema.ts'
import { readAgreement, refuseRule } from './read-agreement.ts'

/** Agreements that are shipped, each a file of `agreements/` at the root of the project. */
export const shippedAgreements = ['grand-est', 'hauts-de-france', 'service-numerique'] as const
export type ShippedAgreement = (typeof shippedAgreements)[number]

/** The file of a shipped agreement, as it is. */
export function readShippedAgreement(slug: ShippedAgreement): Promise<string> {
  return readFile(join(import.meta.dirname, '../../../../../agreements', `${slug}.yaml`), 'utf8')
}

export interface CreatedVersion {
  agreementId: string
  versionId: string
  /** From 1. */
  version: number
  rules: Agreement
}

/**
 * Adds an agreement, or an amendment of one: a new version, which takes nothing away of those before.
 * @param input.source the file, as given
 * @param input.basedOn version that the amendment was written from (0: none there yet); absent when that is not known
 * @throws Problem as `readVersion` and `requireNext`; as `requireAdopted` for the decision it cites.
 */
export async function createAgreementVersion(
  tx: Tx,
  input: {
    source: string
    reason: string
    recordedBy: string | null
    slug?: string
    basedOn?: number
    decisionId?: string
  },
  now: Date,
): Promise<CreatedVersion> {
  const rules = readVersion(input.source, input.slug)
  const slug = rules.agreement
  // The journal first, as acts that end in an amendment: then no two of them hold what the other waits for.
  const known = await tables(tx)
    .selectFrom('governance.agreement')
    .select('id')
    .where('slug', '=', slug)
    .executeTakeFirst()
  if (known) await lockJournal(tx, known.id)
  // Two amendments of one agreement are told one after the other: the second sees the first.
  await sql`select pg_advisory_xact_lock(hashtextextended(
    'governance.agreement ' || kernel.current_tenant() || ' ' || ${slug}, 0))`.execute(tx)
  const last = await requireNext(tx, rules, input)

  const agreementId = last?.id ?? randomUUIDv7()
  if (input.decisionId !== undefined) await requireAdopted(tx, agreementId, input.decisionId)
  const versionId = randomUUIDv7()
  const version = (last?.number ?? 0) + 1
  if (!last)
    await tables(tx).insertInto('governance.agreement').values({ id: agreementId, slug, created_at: now }).execute()
  await tables(tx)
    .insertInto('governance.agreement_version')
    .values({
      id: versionId,
      agreement_id: agreementId,
      number: version,
      valid_from: rules.validFrom,
      content: JSON.stringify(rules),
      source: input.source,
      reason: input.reason,
      decision_id: input.decisionId ?? null,
      recorded_at: now,
      recorded_by: input.recordedBy,
    })
    .execute()
  await recordAudit(tx, {
    action: version === 1 ? 'governance.agreement_added' : 'governance.agreement_amended',
    actorPersonId: input.recordedBy,
    subjectKind: 'agreement',
    subjectId: agreementId,
    detail: { version, validFrom: rules.validFrom },
  })
  await recordInJournal(
    tx,
    {
      agreementId,
      kind: 'agreementVersion',
      subjectId: versionId,
      content: {
        agreement: slug,
        version,
        validFrom: rules.validFrom,
        sha256: createHash('sha256').update(input.source, 'utf8').digest('hex'),
        decision: input.decisionId ?? null,
      },
    },
    now,
  )
  return { agreementId, versionId, version, rules }
}

/**
 * Reads the file of a version.
 * @param expected name of the agreement that it is to amend; absent: any
 * @throws Problem 422 `agreement_invalid` with line and reason.
 */
export function readVersion(source: string, expected: string | undefined): Agreement {
  const rules = readAgreement(source)
  const got = rules.agreement
  if (expected === undefined || expected === got) return rules
  throw refuseRule(source, {
    path: ['agreement'],
    code: 'other_agreement',
    values: { got, expected },
    reason: `This is the agreement “${got}”; an amendment of “${expected}” is expected.`,
  })
}

/**
 * Sees that rules can follow the last version of their agreement; the caller sees to it that none comes in between.
 * @returns the last version; undefined when there is none.
 * @throws Problem 409 `agreement_exists` for the first version of one that is there, `agreement_amended_meanwhile` when
 *   another version came in between, `agreement_unchanged` for the file of the last version; 422 `agreement_invalid` for rules that begin before it does.
 */
export async function requireNext(tx: Tx, rules: Agreement, input: { source: string; basedOn?: number }) {
  const last = await tables(tx)
    .selectFrom('governance.agreement as agreement')
    .innerJoin('governance.agreement_version as version', 'version.agreement_id', 'agreement.id')
    .select(['agreement.id', 'version.number', 'version.valid_from', 'version.source'])
    .where('slug', '=', rules.agreement)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last && input.basedOn === 0)
    throw new Problem(409, 'agreement_exists', `There is an agreement “${rules.agreement}” already: amend it.`)
  if (input.basedOn !== undefined && input.basedOn !== (last?.number ?? 0)) {
    const detail = `Version ${last?.number ?? 0} was recorded meanwhile; begin the amendment again from it.`
    throw new Problem(409, 'agreement_amended_meanwhile', detail, { version: last?.number ?? 0 })
  }
  if (last && last.source === input.source) {
    throw new Problem(409, 'agreement_unchanged', `This is version ${last.number}, as it stands.`)
  }
  if (last && rules.validFrom < last.valid_from) {
    throw refuseRule(input.source, {
      path: ['validFrom'],
      code: 'begins_before_previous',
      values: { got: rules.validFrom, previous: last.valid_from },
      reason: `An amendment begins no earlier than what it amends: ${last.valid_from} or later, not ${rules.validFrom}.`,
    })
  }
  return last
}
