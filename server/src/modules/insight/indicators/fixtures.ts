import { hash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { Problem } from '#kernel/problem'
import { tablesOfBuilds } from '../projection/events.queries.ts'
import { type Circumstances, compute } from './compute.ts'
import { type Indicator, type Row, type ScopeName, scopeNames } from './definition.ts'
import { hasCorrections, type Reach } from './scoped-events.ts'

const row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))
const expected = z.strictObject({ rows: z.array(row).optional(), answer: row.nullable().optional() })
const number = z.number()

const event = z.strictObject({
  /** Null when the actor is not one person. */
  learner: z.string().nullable(),
  action: z.string(),
  kind: z.string().default(''),
  object: z.string().optional(),
  parent: z.string().optional(),
  /** Null when none is told. */
  course: z.string().nullable().default('c1'),
  at: z.iso.datetime(),
  session: z.string().optional(),
  score: number.optional(),
  success: z.boolean().optional(),
  completed: z.boolean().optional(),
  progress: number.optional(),
  seconds: number.optional(),
  position: number.optional(),
  from: number.optional(),
  to: number.optional(),
  length: number.optional(),
  sign: z.union([z.literal(1), z.literal(-1)]).default(1),
})

/** A case of `fixtures/`: what was done, and what each scope must answer. Names stand for keys. */
export const fixture = z.strictObject({
  zone: z.string().default('Europe/Paris'),
  now: z.iso.datetime(),
  period: z.strictObject({ from: z.iso.date(), until: z.iso.date() }),
  enrolled: z.int().min(0).optional(),
  roster: z.array(z.string()).optional(),
  plan: z.int().min(0).default(0),
  parameters: z.record(z.string(), z.union([z.string(), number])).default({}),
  events: z.array(event).max(5000),
  expect: z.strictObject({
    group: expected.optional(),
    person: expected.extend({ of: z.string() }).optional(),
    named: expected.optional(),
  }),
})
type Fixture = z.infer<typeof fixture>

/** What became of a case: no faults when all is as expected. */
export interface CaseResult {
  case: string
  faults: string[]
  /** How long each scope took, in ms. */
  took: Partial<Record<ScopeName, number>>
}

/**
 * Runs the cases of an indicator on the analytics themselves, as a tenant that exists nowhere else, and takes their
 * events away afterwards.
 */
export async function checkFixtures(
  clickhouse: ClickHouseClient,
  indicator: Indicator,
  signal?: AbortSignal,
): Promise<CaseResult[]> {
  const folder = join(indicator.folder, 'fixtures')
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json')).sort()
  const tenantId = randomUUID()
  const results: CaseResult[] = []
  try {
    for (const [at, file] of files.entries()) {
      signal?.throwIfAborted()
      results.push(await checkCase(clickhouse, indicator, { tenantId, build: at + 1 }, join(folder, file), file))
    }
  } finally {
    for (const table of tablesOfBuilds) {
      await clickhouse.command({
        query: `alter table ${table} delete where tenant_id = {tenant: UUID}`,
        query_params: { tenant: tenantId },
        clickhouse_settings: { mutations_sync: '1' },
      })
    }
  }
  return results
}

async function checkCase(
  clickhouse: ClickHouseClient,
  indicator: Indicator,
  place: { tenantId: string; build: number },
  path: string,
  file: string,
): Promise<CaseResult> {
  const result: CaseResult = { case: file, faults: [], took: {} }
  const read = readFixture(await readFile(path, 'utf8'))
  if ('faults' in read) return { ...result, faults: read.faults }
  const { given } = read
  await insertEvents(clickhouse, place, given)
  const names = new Map(listNames(given).map((name) => [toKey(name), name]))
  for (const scope of scopeNames) {
    const wanted = given.expect[scope]
    if (!wanted) continue
    const refuse = (fault: string) => void result.faults.push(`${scope}: ${fault}`)
    if (!indicator.scopes[scope]) {
      refuse('the indicator has no such scope')
      continue
    }
    const learner = 'of' in wanted ? toKey(String(wanted.of)) : null
    const began = performance.now()
    try {
      const reach = makeReach(place, given, learner)
      const circumstances: Circumstances = {
        zone: given.zone,
        now: new Date(given.now),
        roster: (given.roster ?? []).map(toKey),
        enrolled: given.enrolled ?? given.roster?.length ?? 0,
        learner: learner ?? '0',
        planWeekly: given.plan,
        parameters: readParameters(indicator, given),
      }
      const corrected = await hasCorrections(clickhouse, reach)
      const computed = await compute(clickhouse, indicator, scope, reach, circumstances, corrected)
      const named = (row: Row): Row =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [column, names.get(String(value)) ?? value]))
      if (wanted.rows) compareRows(computed.rows.map(named), wanted.rows).forEach(refuse)
      if (wanted.answer !== undefined) {
        compareRows(computed.answer ? [named(computed.answer)] : [], wanted.answer ? [wanted.answer] : []).forEach(
          (fault) => refuse(`answer, ${fault}`),
        )
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      refuse(error.message)
    }
    result.took[scope] = Math.round(performance.now() - began)
  }
  return result
}

function readFixture(text: string): { given: Fixture } | { faults: string[] } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { faults: [(error as Error).message] }
  }
  const parsed = fixture.safeParse(json)
  if (parsed.success) return { given: parsed.data }
  return { faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
}

function makeReach(place: { tenantId: string; build: number }, given: Fixture, learner: string | null): Reach {
  return { ...place, ...given.period, courses: null, learner, without: [], staff: [], release: null }
}

/** The key a name stands for; any 64 bits that are not 0. */
const toKey = (name: string): string => hash('sha256', `fixture ${name}`, 'buffer').readBigInt64BE(0).toString()

const keyOr0 = (name: string | null | undefined) => (name ? toKey(name) : '0')

function listNames({ events, roster = [] }: Fixture): string[] {
  return [
    ...roster,
    ...events.flatMap(({ learner, object, parent, course, session }) => [learner, object, parent, course, session]),
  ].filter((name) => typeof name === 'string')
}

function readParameters(indicator: Indicator, given: Fixture): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(indicator.parameters).map(([name, parameter]) => {
      const value = given.parameters[name]
      if (parameter.type === 'activity') return [name, value === undefined ? '0' : toKey(String(value))]
      return [name, value ?? parameter.default]
    }),
  )
}

async function insertEvents(
  clickhouse: ClickHouseClient,
  { tenantId, build }: { tenantId: string; build: number },
  { events, zone }: Fixture,
): Promise<void> {
  const values = events.map((each, at) => {
    const { learner, action, kind, object, parent, course, at: moment, session, from, to, sign, ...figures } = each
    const target = sign < 0 ? events.findIndex((other) => areOpposite(other, each)) : at
    return {
      ...figures,
      tenant_id: tenantId,
      build,
      course: keyOr0(course),
      occurred_at: Date.parse(moment),
      day: new Date(moment).toLocaleDateString('sv-SE', { timeZone: zone }),
      learner: keyOr0(learner),
      // What takes a row back bears its statement.
      statement_id: `00000000-0000-0000-0000-${String(target + 1).padStart(12, '0')}`,
      seq: Date.parse(moment) * 1000,
      source_id: '00000000-0000-0000-0000-000000000000',
      dialect: 'general',
      verb: '',
      action,
      object: keyOr0(object),
      object_kind: kind,
      parent: keyOr0(parent),
      session: keyOr0(session),
      position_from: from ?? null,
      position_to: to ?? null,
      sign,
    }
  })
  if (values.length === 0) return
  await clickhouse.insert({ table: 'learning_event_v1', values, format: 'JSONEachRow' })
}

function areOpposite(one: Fixture['events'][number], other: Fixture['events'][number]): boolean {
  return JSON.stringify({ ...one, sign: 0 }) === JSON.stringify({ ...other, sign: 0 }) && one.sign === -other.sign
}

/** Differences, in words. Columns that are not told are not compared; figures are the same to a millionth. */
function compareRows(found: readonly Row[], wanted: readonly Row[]): string[] {
  const faults: string[] = []
  if (found.length !== wanted.length)
    faults.push(`${found.length} rows, not ${wanted.length}: ${JSON.stringify(found)}`)
  wanted.forEach((row, at) => {
    const other = found[at]
    if (!other) return
    for (const [column, value] of Object.entries(row)) {
      const given = other[column]
      const same =
        typeof value === 'number' && typeof given === 'number'
          ? Math.abs(value - given) <= 1e-6 * Math.max(1, Math.abs(value))
          : given === value
      if (!same) faults.push(`row ${at + 1}, ${column}: ${JSON.stringify(given)}, not ${JSON.stringify(value)}`)
    }
  })
  return faults
}
