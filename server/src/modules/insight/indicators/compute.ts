import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '#kernel/clickhouse'
import { Problem } from '#kernel/problem'
import type { AnswerValue, Indicator, Row, ScopeName, Value } from './definition.ts'
import { type Reach, tellsActions, toKeys, writeRelations } from './scoped-events.ts'

/** What an indicator's SQL is told beside the traces. */
export interface Circumstances {
  /** IANA zone of the tenant. */
  zone: string
  now: Date
  /** Students of the course; empty when nobody told. */
  roster: readonly string[]
  /** How many students; 0 when nobody told. */
  enrolled: number
  /** Own pseudonym; '0' for none. */
  learner: string
  /** What the learner set themselves, per week; 0 for none. */
  planWeekly: number
  /** The indicator's own, by name. */
  parameters: Readonly<Record<string, string | number>>
}

/** What an indicator answers, before anything is hidden. */
export interface Computed {
  rows: Row[]
  answer: Row | null
}

/** An answer holds no more rows. */
export const mostRows = 5000
/** How long one question may take, in seconds. */
const longestRun = 10

// `readonly` 1 lets a statement change nothing, not even its own settings, and call no table function that reads elsewhere.
const settings = {
  readonly: '1',
  max_execution_time: longestRun,
  max_memory_usage: '600000000',
  max_result_rows: String(mostRows + 1),
  result_overflow_mode: 'throw',
  max_rows_to_read: '500000000',
  max_ast_depth: '500',
  max_query_size: '1000000',
  allow_introspection_functions: 0,
  // A server of one's own may have another zone.
  session_timezone: 'UTC',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 0,
  // Rows keep the order of the indicator.
  query_plan_remove_redundant_sorting: 0,
} as const

/**
 * Computes one scope of an indicator over the traces within reach: a statement for the rows, one for the sentence,
 * whatever the size of the course.
 * @param corrected whether some events within reach are taken back: what `hasCorrections` says.
 * @throws Problem 503 `indicator_too_heavy` beyond the limits of time, memory or rows; 500 `indicator_failed` when its SQL
 *   cannot be run.
 */
export async function compute(
  clickhouse: ClickHouseClient,
  indicator: Pick<Indicator, 'name' | 'scopes' | 'sql'>,
  scope: ScopeName,
  reach: Reach,
  circumstances: Circumstances,
  corrected: boolean,
): Promise<Computed> {
  const sql = indicator.sql[scope]
  const defined = indicator.scopes[scope]
  if (!sql || !defined) throw new Problem(404, 'indicator_scope_unknown', `${indicator.name} says nothing of this.`)
  const read = writeRelations(reach, { corrected, byAction: tellsActions(`${sql.rows} ${sql.answer}`) })
  const parameters = { ...read.parameters, ...readCircumstances(reach, circumstances) }
  const run = async (statement: string, columns: readonly AnswerValue[]): Promise<Row[]> => {
    const rows = await ask(clickhouse, {
      // The indicator's own text is between parentheses, which it cannot close: it sees the relations and nothing else.
      query: `with ${read.sql}\nselect ${columns.map(({ name }) => `\`${name}\``).join(', ')} from (\n${statement}\n)`,
      parameters,
    }).catch((error: unknown) => {
      throw toProblem(error, indicator.name)
    })
    return rows.map((row) => readRow(row, columns))
  }
  const values = (sql.answer !== undefined && defined.answer) || []
  const runAnswer = async () =>
    sql.answer !== undefined && values.length > 0 ? (await run(sql.answer, values))[0] : undefined
  const borne = values.map((value) => ({ ...value, name: `answer_${value.name}` }))
  if (borne.length === 0 || !borne.every(({ name }) => new RegExp(`\\b${name}\\b`).test(sql.rows))) {
    const [rows, answer] = await Promise.all([run(sql.rows, defined.columns), runAnswer()])
    return check(indicator.name, { rows, answer: answer ?? null })
  }
  // Each row bears the answer too, so that the traces are read once.
  const found = await run(sql.rows, [...defined.columns, ...borne])
  const rows = found.map((row) => pick(row, defined.columns))
  const [first] = found
  const answer = first ? pick(first, values, 'answer_') : await runAnswer()
  return check(indicator.name, { rows, answer: answer ?? null })
}

function check(name: string, computed: Computed): Computed {
  if (computed.rows.length > mostRows) throw tooHeavy(name)
  return computed
}

const pick = (row: Row, columns: readonly { name: string }[], prefix = ''): Row =>
  Object.fromEntries(columns.map(({ name }) => [name, row[`${prefix}${name}`] ?? null]))

async function ask(
  clickhouse: ClickHouseClient,
  { query, parameters }: { query: string; parameters: Record<string, unknown> },
): Promise<Record<string, unknown>[]> {
  // The engine looks at the time between two blocks only.
  const patience = AbortSignal.timeout((longestRun + 5) * 1000)
  const answer = await clickhouse.query({
    query,
    query_params: parameters,
    // Courses, students and objectors may be many.
    use_multipart_params_auto: true,
    clickhouse_settings: settings,
    format: 'JSONEachRow',
    abort_signal: patience,
  })
  return answer.json<Record<string, unknown>>()
}

function readCircumstances(reach: Reach, circumstances: Circumstances): Record<string, unknown> {
  const { zone, now, roster, enrolled, learner, planWeekly, parameters } = circumstances
  const own = Object.entries(parameters).map(([name, value]) => [`p_${name}`, value])
  return {
    from: reach.from,
    until: reach.until,
    zone,
    now: now.toISOString().slice(0, -1).replace('T', ' '),
    enrolled,
    roster: toKeys(roster),
    learner,
    plan_weekly: planWeekly,
    ...Object.fromEntries(own),
  }
}

function readRow(row: Record<string, unknown>, columns: readonly AnswerValue[]): Row {
  return Object.fromEntries(columns.map(({ name, type }) => [name, readValue(row[name], type)]))
}

function readValue(value: unknown, type: AnswerValue['type']): Value {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'integer':
    case 'decimal':
    case 'share':
    case 'duration':
    case 'learners': {
      const number = Number(value)
      return Number.isFinite(number) ? number : null
    }
    case 'activity':
    case 'learner':
      // 0 stands for none.
      return toText(value) === '0' ? null : toText(value)
    default:
      return toText(value)
  }
}

const toText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

const tooHeavy = (name: string) =>
  new Problem(503, 'indicator_too_heavy', `${name} takes more than may be spent on it; ask for fewer courses or days.`)

// TIMEOUT_EXCEEDED, TOO_MANY_ROWS, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES, QUERY_WAS_CANCELLED, TOO_MANY_BYTES
const limits = new Set(['159', '158', '241', '396', '394', '307'])

function toProblem(error: unknown, name: string): unknown {
  if (error instanceof Error && error.name === 'AbortError') return tooHeavy(name)
  if (!(error instanceof ClickHouseError)) return error
  if (limits.has(error.code)) return tooHeavy(name)
  // The engine's own words: they quote the SQL, and no data.
  return new Problem(500, 'indicator_failed', `${name}: ${error.message.slice(0, 500)}`)
}
