import type { Viewer } from '#kernel/access'
import type { ClickHouseClient } from '#kernel/clickhouse'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import type { Day } from '#kernel/time'
import { recordLooks } from '../privacy/looks.queries.ts'
import { listObjectors } from '../privacy/objections.queries.ts'
import { findSplits, planRelease, type Release, type ReleaseQuestion, type Withheld } from '../privacy/release.ts'
import { suppress } from '../privacy/suppression.ts'
import { findReadBuild } from '../projection/builds.queries.ts'
import type { Catalogue } from './catalogue.ts'
import { type Circumstances, compute } from './compute.ts'
import type { Column, Row, ScopeSql } from './definition.ts'
import { type Asked, getIndicator, type Question, settleQuestion } from './questions.ts'
import { hasCorrections, type Reach, type relations } from './scoped-events.ts'
import {
  findPlan,
  listLearnerNames,
  listNamedActivities,
  listStaff,
  listStudents,
  type NamedActivity,
} from './surroundings.queries.ts'

/** What answers one period. */
export interface PeriodAnswer {
  period: { from: Day; until: Day; askedFrom: Day; askedUntil: Day }
  rows: Row[]
  answer: Row | null
  /** What is not told, and the smallest group that is (0 where nothing is hidden). */
  suppressed: { rows: number; cells: number; weeks: number; k: number }
  withheld: Withheld | 'nothing_projected' | null
}

/** The answer to a question, with the names of what its rows speak of. */
export interface Answer extends PeriodAnswer {
  question: Question
  comparison: PeriodAnswer | null
  activities: Map<string, NamedActivity>
  learners: Map<string, string>
  /** Until when the traces are in; null before the first. */
  asOf: Date | null
  excludedObjectors: boolean
}

/** What is known about a question before the traces are read. */
interface Known {
  question: Question
  build: number | undefined
  asOf: Date | null
  objectors: string[]
  staff: [string, string][]
  circumstances: Circumstances
  today: Day
}

/** Answers questions of indicators. */
export interface Answering {
  /**
   * @param compared the period to compare with, asked in the same way.
   * @param smallest learners under whom nothing is told, in an answer about groups.
   * @throws Problem as `getIndicator`, `settleQuestion` and `compute` say.
   */
  answer(
    who: { viewer: Viewer; tenant: Tenant },
    asked: Asked,
    compared: { from: Day; until: Day } | undefined,
    smallest: number,
  ): Promise<Answer>
}

/** Makes what answers: plans of release are kept a moment, since a dashboard asks the same of several indicators. */
export function openAnswering(services: Services, catalogue: Catalogue): Answering {
  const plan = createPlans()

  const answerPeriod = async (
    clickhouse: ClickHouseClient,
    known: Known,
    tenantId: string,
    smallest: number,
  ): Promise<PeriodAnswer> => {
    const { question, build, objectors, staff, circumstances, today } = known
    const { indicator, scope, courses, from, until } = question
    const period = { from, until, askedFrom: from, askedUntil: until }
    const isGroup = scope === 'group'
    const nothing = { rows: [], answer: null, suppressed: { rows: 0, cells: 0, weeks: 0, k: isGroup ? smallest : 0 } }
    if (build === undefined) return { ...nothing, period, withheld: 'nothing_projected' }
    const reach: Reach = {
      tenantId,
      build,
      courses,
      from,
      until,
      learner: scope === 'person' ? circumstances.learner : null,
      without: scope === 'person' ? [] : objectors,
      staff: scope === 'person' ? [] : staff,
      release: null,
    }
    // Days are sums already.
    const ofEvents = speaksOf(indicator.sql[scope], 'events') || speaksOf(indicator.sql[scope], 'steps')
    const checked = ofEvents ? hasCorrections(clickhouse, reach) : Promise.resolve(false)
    if (!isGroup) {
      const computed = await compute(clickhouse, indicator, scope, reach, circumstances, await checked)
      return { ...nothing, ...computed, period, withheld: null }
    }
    const about = { tenantId, build, courses, objectors, staff, from, until, today }
    const [release, corrected] = await Promise.all([planBoth(clickhouse, question, about, plan), checked])
    const weeks = release.weeksLeftOut
    if (release.withheld !== null)
      return {
        ...nothing,
        period: release.period,
        withheld: release.withheld,
        suppressed: { ...nothing.suppressed, weeks },
      }
    const told = { from: release.period.from, until: release.period.until, release: release.conditions }
    const computed = await compute(clickhouse, indicator, scope, { ...reach, ...told }, circumstances, corrected)
    const hidden = hide(question, computed, smallest)
    return { ...hidden, period: release.period, withheld: null, suppressed: { ...hidden.suppressed, weeks } }
  }

  return {
    async answer({ viewer, tenant }, asked, compared, smallest) {
      const contents = await catalogue.read()
      const now = services.now()
      const today = now.toLocaleDateString('sv-SE', { timeZone: tenant.timeZone })
      const { known, before } = await inTenant(services.db, tenant.id, async (tx) => {
        const indicator = await getIndicator(tx, contents, viewer, asked.indicator)
        const question = await settleQuestion(tx, { indicator, viewer, asked, today })
        const known = await readKnown(tx, question, viewer, { tenant, now, today })
        if (!compared) return { known, before: undefined }
        const { from, until } = await settleQuestion(tx, { indicator, viewer, asked: { ...asked, ...compared }, today })
        return { known, before: { ...known, question: { ...question, from, until } } }
      })
      const clickhouse = await services.clickhouse()
      const [answer, comparison] = await Promise.all([
        answerPeriod(clickhouse, known, tenant.id, smallest),
        before ? answerPeriod(clickhouse, before, tenant.id, smallest) : null,
      ])
      const { question, asOf, objectors } = known
      const names = await inTenant(services.db, tenant.id, (tx) =>
        readNames(tx, { question, viewer, now, answers: comparison ? [answer, comparison] : [answer] }),
      )
      const excludedObjectors = question.scope !== 'person' && objectors.length > 0
      return { ...answer, question, comparison, ...names, asOf, excludedObjectors }
    },
  }
}

async function readKnown(
  tx: Tx,
  question: Question,
  viewer: Viewer,
  { tenant, now, today }: { tenant: Tenant; now: Date; today: Day },
): Promise<Known> {
  const { scope, course, courses, until, parameters } = question
  const read = await findReadBuild(tx)
  const objectors = await listObjectors(tx)
  const left = new Set(objectors)
  const students = course === null ? [] : await listStudents(tx, course)
  const roster = students.filter((student) => scope === 'person' || !left.has(student))
  const learner = scope === 'person' ? (viewer.learner ?? '0') : '0'
  const planWeekly = course === null || learner === '0' ? 0 : await findPlan(tx, course, learner, until)
  return {
    question,
    build: read?.build,
    asOf: read?.updatedAt ?? null,
    objectors,
    staff: scope === 'person' ? [] : await listStaff(tx, courses),
    circumstances: { zone: tenant.timeZone, now, roster, enrolled: roster.length, learner, planWeekly, parameters },
    today,
  }
}

type Plan = (clickhouse: ClickHouseClient, question: ReleaseQuestion) => Promise<Release>

/** How long a plan is kept, in ms, and how many. */
const planFreshness = 20_000
const mostPlans = 200

function createPlans(): Plan {
  const kept = new Map<string, { at: number; release: Promise<Release> }>()
  return (clickhouse, question) => {
    // Parts of weeks of courses tell courses apart by themselves.
    const parts = question.splits.filter((split) => split !== 'course')
    const key = JSON.stringify(parts.length > 0 ? { ...question, splits: parts } : question)
    const now = Date.now()
    const known = kept.get(key)
    if (known && now - known.at < planFreshness) return known.release
    const release = planRelease(clickhouse, question)
    release.catch(() => kept.delete(key))
    kept.delete(key)
    kept.set(key, { at: now, release })
    if (kept.size > mostPlans) kept.delete(kept.keys().next().value ?? '')
    return release
  }
}

// By words, on the safe side: columns have these names too, but no relation stands right behind a parenthesis or a point.
const speaksOf = (sql: ScopeSql | undefined, relation: (typeof relations)[number]) =>
  new RegExp(`(?<![(.]\\s*)\\b${relation}\\b`, 'i').test(`${sql?.rows} ${sql?.answer}`)

/** What may be told of the events, and of the days, that an indicator reads: days tell courses and actions apart only. */
async function planBoth(
  clickhouse: ClickHouseClient,
  { indicator, scope, parameters }: Question,
  about: Omit<ReleaseQuestion, 'splits' | 'activity'>,
  plan: Plan,
) {
  const sql = indicator.sql[scope]
  const splits = findSplits(sql?.rows ?? '', sql?.answer ?? '')
  const chosen = Object.entries(indicator.parameters).find(
    ([name, { type }]) => type === 'activity' && parameters[name] !== '0',
  )?.[0]
  const activity = chosen === undefined ? null : String(parameters[chosen])
  const ofEvents = speaksOf(sql, 'steps') && !splits.includes('object') ? [...splits, 'object' as const] : splits
  const ofDays = splits.filter((split) => split === 'course' || split === 'action')
  const plans = await Promise.all([
    speaksOf(sql, 'events') || speaksOf(sql, 'steps')
      ? plan(clickhouse, { ...about, splits: ofEvents, activity })
      : undefined,
    speaksOf(sql, 'days') ? plan(clickhouse, { ...about, splits: ofDays, activity: null }) : undefined,
  ])
  const [events, days] = plans
  const first = events ?? days ?? (await plan(clickhouse, { ...about, splits: [], activity: null }))
  return {
    period: first.period,
    withheld: events?.withheld ?? days?.withheld ?? first.withheld,
    weeksLeftOut: Math.max(...plans.map((each) => each?.weeksLeftOut ?? 0)),
    conditions: { events: events?.condition ?? 'false', days: days?.condition ?? 'false' },
  }
}

/** Hides what would tell of too few; the sentence goes whole when anything of it would. */
function hide(
  { defined }: Question,
  computed: { rows: Row[]; answer: Row | null },
  k: number,
): Pick<PeriodAnswer, 'rows' | 'answer' | 'suppressed'> {
  const { columns, additive = [] } = defined
  const values: Column[] = (defined.answer ?? []).map((value) => ({ ...value, role: 'measure' }))
  const shown = suppress(computed.rows, { columns, learnersColumn: findLearners(columns), additive, k })
  const told = suppress(computed.answer ? [computed.answer] : [], {
    columns: values,
    learnersColumn: findLearners(values),
    additive: [],
    k,
  })
  const isTold = shown.totals && told.hiddenRows === 0 && told.hiddenCells === 0
  return {
    rows: shown.rows,
    answer: isTold ? (told.rows[0] ?? null) : null,
    suppressed: { rows: shown.hiddenRows, cells: shown.hiddenCells, weeks: 0, k },
  }
}

/** The column that says how many learners are behind a row: the first of that type. */
const findLearners = (columns: readonly Column[]) => columns.find(({ type }) => type === 'learners')?.name ?? ''

async function readNames(
  tx: Tx,
  { question, viewer, now, answers }: { question: Question; viewer: Viewer; now: Date; answers: PeriodAnswer[] },
): Promise<{ activities: Map<string, NamedActivity>; learners: Map<string, string> }> {
  const { defined, course, scope, indicator } = question
  const collect = (type: Column['type']) => {
    const of = (columns: readonly { name: string; type: Column['type'] }[]) =>
      columns.filter((column) => column.type === type).map(({ name }) => name)
    const inRows = of(defined.columns)
    const inAnswer = of(defined.answer ?? [])
    const found = answers.flatMap(({ rows, answer }) => [
      ...rows.flatMap((row) => inRows.map((name) => row[name])),
      ...inAnswer.map((name) => answer?.[name]),
    ])
    return [...new Set(found)].filter((key): key is string => typeof key === 'string')
  }
  const chosen = Object.entries(question.parameters)
    .filter(([name, value]) => indicator.parameters[name]?.type === 'activity' && value !== '0')
    .map(([, value]) => String(value))
  const activities = await listNamedActivities(tx, [...new Set([...collect('activity'), ...chosen])])
  if (scope !== 'named' || course === null) return { activities, learners: new Map() }
  const seen = collect('learner')
  await recordLooks(tx, { viewer, course, indicator: indicator.name, learners: seen }, now)
  return { activities, learners: await listLearnerNames(tx, course, seen) }
}
