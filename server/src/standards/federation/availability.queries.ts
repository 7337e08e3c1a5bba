import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type ProviderState, tables } from './tables.ts'

export interface StateRow {
  providerId: string
  state: ProviderState
  since: Date
  checkedAt: Date
  latencyMs: number | null
  failedProbes: number
  reason: string | null
}

export async function listStates(tx: Tx): Promise<StateRow[]> {
  return tables(tx)
    .selectFrom('federation.provider_state')
    .select([
      'provider_id as providerId',
      'state',
      'since',
      'checked_at as checkedAt',
      'latency_ms as latencyMs',
      'failed_probes as failedProbes',
      'reason',
    ])
    .execute()
}

export async function saveState(tx: Tx, row: StateRow): Promise<void> {
  const values = {
    state: row.state,
    since: row.since,
    checked_at: row.checkedAt,
    latency_ms: row.latencyMs,
    failed_probes: row.failedProbes,
    reason: row.reason,
  }
  await tables(tx)
    .insertInto('federation.provider_state')
    .values({ provider_id: row.providerId, ...values })
    .onConflict((conflict) => conflict.column('provider_id').doUpdateSet(values))
    .execute()
}

/** What happened once with a provider. */
export type Happening = 'signed_in' | 'refused' | 'failed' | { probe: 'well' | 'slow' | 'failed'; latencyMs: number }

/** Counts what happened in its hour. */
export async function countHappening(tx: Tx, providerId: string, happening: Happening, now: Date): Promise<void> {
  const probe = typeof happening === 'object' ? happening : undefined
  const one = (matches: boolean) => (matches ? 1 : 0)
  await sql`insert into federation.provider_hour as h
      (provider_id, hour, probes, failed_probes, slow_probes, latency_ms, signed_in, refused, failed)
    values (${providerId}, date_trunc('hour', ${now}::timestamptz), ${one(probe !== undefined)},
      ${one(probe?.probe === 'failed')}, ${one(probe?.probe === 'slow')}, ${Math.round(probe?.latencyMs ?? 0)},
      ${one(happening === 'signed_in')}, ${one(happening === 'refused')}, ${one(happening === 'failed')})
    on conflict (provider_id, hour) do update set probes = h.probes + excluded.probes,
      failed_probes = h.failed_probes + excluded.failed_probes, slow_probes = h.slow_probes + excluded.slow_probes,
      latency_ms = h.latency_ms + excluded.latency_ms, signed_in = h.signed_in + excluded.signed_in,
      refused = h.refused + excluded.refused, failed = h.failed + excluded.failed`.execute(tx)
}

/** Counts of a span of time. */
export interface Span {
  providerId: string
  probes: number
  failedProbes: number
  slowProbes: number
  /** Milliseconds, of all probes together. */
  latencyMs: number
  signedIn: number
  refused: number
  failed: number
}

export interface DaySpan extends Span {
  /** `YYYY-MM-DD` in the zone asked for. */
  day: string
}

const sums = sql`sum(probes)::int as probes, sum(failed_probes)::int as "failedProbes",
  sum(slow_probes)::int as "slowProbes", sum(latency_ms)::float8 as "latencyMs", sum(signed_in)::int as "signedIn",
  sum(refused)::int as refused, sum(failed)::int as failed`

/** What happened since a moment, by provider. */
export async function sumSince(tx: Tx, since: Date): Promise<Span[]> {
  const { rows } = await sql<Span>`select provider_id as "providerId", ${sums}
    from federation.provider_hour where hour >= date_trunc('hour', ${since}::timestamptz) group by 1`.execute(tx)
  return rows
}

/** What happened since a moment, by provider and day. */
export async function sumByDay(tx: Tx, since: Date, timeZone: string): Promise<DaySpan[]> {
  const { rows } = await sql<DaySpan>`select provider_id as "providerId",
      to_char(hour at time zone ${timeZone}, 'YYYY-MM-DD') as day, ${sums}
    from federation.provider_hour where hour >= ${since} group by 1, 2 order by 2`.execute(tx)
  return rows
}

/** Measures are kept for thirteen months, so that a month can be compared with the same one of last year. */
export async function purgeMeasures(tx: Tx, providerIds: string[], now: Date): Promise<void> {
  await sql`delete from federation.provider_hour
    where hour < ${now}::timestamptz - interval '13 months' or not provider_id = any(${providerIds}::uuid[])`.execute(
    tx,
  )
  await sql`delete from federation.provider_state where not provider_id = any(${providerIds}::uuid[])`.execute(tx)
}
