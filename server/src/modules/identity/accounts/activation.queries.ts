import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'

/** How far someone came with their account. */
export interface AccountProgress {
  login: string
  /** When the last code was issued that is still kept. */
  codedAt: Date | null
  /** Until when an unused code opens the account. */
  codeUntil: Date | null
  activatedAt: Date | null
  /** Whether it was opened in the last thirty days. */
  recent: boolean
}

/** The accounts of some people, by person; who has none is absent. */
export async function listAccountsOf(tx: Tx, personIds: string[], now: Date): Promise<Map<string, AccountProgress>> {
  const { rows } = await sql<AccountProgress & { personId: string }>`
    select a.person_id as "personId", a.login, a.activated_at as "activatedAt", c.issued_at as "codedAt",
      case when c.used_at is null and c.replaced_at is null and c.expires_at > ${now} then c.expires_at end as "codeUntil",
      exists (select from identity.sign_in s where s.account_id = a.id and s.outcome = 'opened'
        and s.attempted_at > ${now}::timestamptz - interval '30 days') as recent
    from identity.account a left join lateral (select issued_at, used_at, replaced_at, expires_at
      from identity.access_code c where c.account_id = a.id order by issued_at desc, id desc limit 1) c on true
    where a.person_id = any(${personIds}::uuid[])`.execute(tx)
  return new Map(rows.map(({ personId, ...progress }) => [personId, progress]))
}
