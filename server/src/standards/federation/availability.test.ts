import { expect, test } from 'vitest'
import { judge } from './availability.ts'
import type { StateRow } from './availability.queries.ts'

const now = new Date('2026-09-01T08:00:00Z')
const before = new Date('2026-09-01T07:00:00Z')
const row = (state: StateRow['state'], failedProbes = 0): StateRow => ({
  providerId: 'p',
  state,
  since: before,
  checkedAt: before,
  latencyMs: 10,
  failedProbes,
  reason: null,
})
const well = { ok: true, latencyMs: 120.4, reason: null }
const bad = { ok: false, latencyMs: 5_000, reason: 'unreachable' }
const counts = (signedIn: number, failed: number) => ({
  providerId: 'p',
  probes: 0,
  failedProbes: 0,
  slowProbes: 0,
  latencyMs: 0,
  signedIn,
  refused: 0,
  failed,
})
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000)

test.each([
  ['works', undefined, well, undefined, null, 'up', null, now],
  ['goes on working', row('up'), well, undefined, null, 'up', null, before],
  ['failed once', row('up'), bad, undefined, null, 'degraded', 'unreachable', now],
  ['failed again', row('degraded', 1), bad, undefined, null, 'down', 'unreachable', now],
  ['stays down', row('down', 7), bad, undefined, null, 'down', 'unreachable', before],
  ['is back', row('down', 7), well, undefined, null, 'up', null, now],
  ['is slow', row('up'), { ...well, latencyMs: 2_001 }, undefined, null, 'degraded', 'slow', now],
  ['fails people', row('up'), well, counts(5, 5), null, 'degraded', 'sign_ins_fail', now],
  ['fails few of many', row('up'), well, counts(100, 20), null, 'up', null, before],
  ['fails a handful', row('up'), well, counts(0, 4), null, 'up', null, before],
  ['is about to expire', row('up'), well, undefined, hours(23), 'degraded', 'metadata_expiring', now],
  ['has time', row('up'), well, undefined, hours(25), 'up', null, before],
])('a provider that %s', (_, former, measure, recent, validUntil, state, reason, since) => {
  expect(judge(former, { providerId: 'p', measure, recent, validUntil }, now)).toMatchObject({ state, reason, since })
})

test('sign-ins that fail never make a provider look down', () => {
  let state = judge(undefined, { providerId: 'p', measure: well, recent: counts(0, 10_000), validUntil: null }, now)
  for (let i = 0; i < 10; i += 1) {
    state = judge(state, { providerId: 'p', measure: well, recent: counts(0, 10_000), validUntil: null }, now)
  }
  expect(state.state).toBe('degraded')
})
