import type { Tx } from '#kernel/postgres'
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
