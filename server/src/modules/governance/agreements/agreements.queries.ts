import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'
import type { Agreement } from './agreement-schema.ts'

/** An agreement as it holds on a day: the last version recorded of those that begin by then. */
export interface AgreementInForce {
  id: string
  slug: string
  versionId: string
  /** Number of the version, from 1. */
  version: number
  rules: Agreement
}

/** The agreement as it holds on a day; undefined when there is none under this name, or none in force yet. */
export async function findAgreementInForce(tx: Tx, slug: string, day: Day): Promise<AgreementInForce | undefined> {
  return tables(tx)
    .selectFrom('governance.agreement')
    .innerJoin('governance.agreement_version', 'governance.agreement_version.agreement_id', 'governance.agreement.id')
    .select([
      'governance.agreement.id',
      'slug',
      'governance.agreement_version.id as versionId',
      'number as version',
      'content as rules',
    ])
    .where('slug', '=', slug)
    .where('valid_from', '<=', day)
    .orderBy('valid_from', 'desc')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** The agreements in force on a day that someone sits for, or all of them for whoever manages the consortium. */
export async function listAgreementsInForce(
  tx: Tx,
  reader: { personId: string; manages: boolean },
  day: Day,
): Promise<{ slug: string; title: string }[]> {
  return tables(tx)
    .selectFrom('governance.agreement')
    .innerJoin('governance.agreement_version', 'governance.agreement_version.agreement_id', 'governance.agreement.id')
    .distinctOn('slug')
    .select(['slug', sql<string>`content ->> 'title'`.as('title')])
    .where('valid_from', '<=', day)
    .where((where) =>
      where.or([
        where.lit(reader.manages),
        where.exists(
          where
            .selectFrom('governance.representative')
            .select(where.lit(1).as('one'))
            .whereRef('governance.representative.agreement_id', '=', 'governance.agreement.id')
            .where('person_id', '=', reader.personId)
            .where('starts_on', '<=', day)
            .where((each) => each.or([each('ends_on', 'is', null), each('ends_on', '>=', day)])),
        ),
      ]),
    )
    .orderBy('slug')
    .orderBy('valid_from', 'desc')
    .orderBy('number', 'desc')
    .execute()
}

/** A version as it is listed. */
export interface VersionSummary {
  number: number
  validFrom: Day
  reason: string
  recordedAt: Date
  /** Decision that adopted it, and its number. */
  decisionId: string | null
  decision: string | null
}

/** A version whole: its rules, and the file they were read from. */
export interface Version extends VersionSummary {
  source: string
  rules: Agreement
}

const summaryColumns = [
  'version.number',
  'valid_from as validFrom',
  'reason',
  'recorded_at as recordedAt',
  'decision_id as decisionId',
  'decision.number as decision',
] as const

/** Versions of an agreement, newest first. */
export async function listVersions(tx: Tx, agreementId: string): Promise<VersionSummary[]> {
  return selectVersions(tx, agreementId).orderBy('version.number', 'desc').execute()
}

/** @throws Problem 404 `version_not_found`. */
export async function getVersion(tx: Tx, agreementId: string, number: number): Promise<Version> {
  const version = await selectWhole(tx, agreementId).where('version.number', '=', number).executeTakeFirst()
  if (!version) throw new Problem(404, 'version_not_found', `This agreement has no version ${number}.`)
  return version
}

/** The last version recorded, in force or yet to be. */
export async function getLastVersion(tx: Tx, agreementId: string): Promise<Version> {
  return selectWhole(tx, agreementId).orderBy('version.number', 'desc').limit(1).executeTakeFirstOrThrow()
}

const selectVersions = (tx: Tx, agreementId: string) =>
  tables(tx)
    .selectFrom('governance.agreement_version as version')
    .leftJoin('governance.decision as decision', 'decision.id', 'version.decision_id')
    .select(summaryColumns)
    .where('version.agreement_id', '=', agreementId)

const selectWhole = (tx: Tx, agreementId: string) =>
  selectVersions(tx, agreementId).select(['source', 'content as rules'])
