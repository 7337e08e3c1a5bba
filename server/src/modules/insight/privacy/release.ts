import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '#kernel/clickhouse'
import type { Day } from '#kernel/time'
import { type Atom, tellAtoms } from './atoms.ts'
import { mondayOf, smallestGroup, yearOf } from './suppression.ts'

/** Columns of events by which an indicator may pick some of them: whatever it does with those, it takes whole atoms. */
const splits = ['course', 'object', 'object_kind', 'action'] as const
export type Split = (typeof splits)[number]

export interface ReleaseQuestion {
  tenantId: string
  /** The projection that is read. */
  build: number
  /** Keys of the courses asked for: one, or all within reach; null for the whole tenant. */
  courses: readonly string[] | null
  /** Pseudonyms that are left out of every group. */
  objectors: readonly string[]
  /** Who is no student there, left out too: course and learner. */
  staff: readonly (readonly [course: string, learner: string])[]
  /** First and last day asked, in the tenant's zone. */
  from: Day
  until: Day
  /** Today in the tenant's zone. */
  today: Day
  /** By what rows are told apart or picked: what `findSplits` says of the indicator's SQL. */
  splits: readonly Split[]
  /** Key of the activity asked for; null for none. */
  activity: string | null
}

/**
 * Why a group's answer is withheld: too few learners in all weeks, or in what a filter takes or leaves out; or so many
 * activities of so many courses that a course is to be chosen first.
 */
export type Withheld = 'too_few_learners' | 'filter_too_narrow' | 'too_many_parts'

export interface Release {
  /** Whole weeks; the last day is never in the future. */
  period: { from: Day; until: Day; askedFrom: Day; askedUntil: Day }
  withheld: Withheld | null
  /** Weeks with something in them of which nothing is told. */
  weeksLeftOut: number
  /**
   * SQL, to be added by `and` to the conditions on learning_event_v1 or learner_day_v1 (it reads `course`, `day` and the
   * columns of `splits`), for scope `group`. Says neither the tenant nor courses, objectors and period: those go beside it.
   */
  condition: string
}

/**
 * By what a SQL text may tell events apart. By words: what stands in a comment counts too, which is on the safe side. What
 * lies within an activity (its parent, its session, a passage of a video, a score) is of that activity.
 */
export function findSplits(...texts: readonly string[]): Split[] {
  const words = new Set(texts.flatMap((text) => text.match(/\w+/g) ?? []).map((word) => word.toLowerCase()))
  const within = ['parent', 'session', 'position', 'position_from', 'position_to', 'length', 'score', 'success']
  const found = splits.filter((split) => words.has(split))
  if (!found.includes('object') && within.some((word) => words.has(word))) found.push('object')
  // Made of some actions on some activities.
  if (words.has('steps')) return [...found.filter((split) => split === 'course'), 'object', 'action']
  // An activity has one kind.
  return found.filter((split) => split !== 'object_kind' || !found.includes('object'))
}

/** The whole weeks around some days, without the future. */
export function snapPeriod(from: Day, until: Day, today: Day): Release['period'] {
  const sunday = new Date(`${mondayOf(until)}T00:00:00Z`)
  sunday.setUTCDate(sunday.getUTCDate() + 6)
  const end = sunday.toISOString().slice(0, 10)
  const first = mondayOf(from > today ? today : from)
  return { from: first, until: end > today ? today : end, askedFrom: from, askedUntil: until }
}

/**
 * What may be told of groups: atoms (see `tellAtoms`), which depend on neither the period nor the filter asked. Any two
 * answers of one viewer, of whatever period, course or activity, differ by k learners or by none. Files that
 * leave the page are made of the same atoms, and hide rows under a larger k.
 */
export async function planRelease(clickhouse: ClickHouseClient, question: ReleaseQuestion): Promise<Release> {
  const period = snapPeriod(question.from, question.until, question.today)
  const keys = question.splits.filter((split) => split !== 'course')
  const together = question.courses?.length !== 1 && !question.splits.includes('course')
  const tooMany: Release = { period, weeksLeftOut: 0, withheld: 'too_many_parts', condition: 'false' }
  // What an answer by activity and action leaves of one by activity, and of one by action, is looked at too.
  const singles = keys.length > 1 ? keys.map((key) => [key]) : []
  const [all, ...ofSingles] = await Promise.all(
    [keys, ...singles].map((by) => listAtoms(clickhouse, question, by, period)),
  )
  const tell = (atoms: readonly Atom[], wholes: readonly Set<string>[]) =>
    tellAtoms(atoms, { from: period.from, together: together && keys.length === 0, k, wholes })
  const wholes = ofSingles.map((found) => found && new Set(Array.from(tell(found, []), ({ name }) => name)))
  if (!all || !wholes.every((whole) => whole !== undefined)) return tooMany
  const told = tell(all, wholes)
  const atoms = all.filter(({ week }) => week >= period.from)

  const picked = atoms.filter((atom) => atom.picked)
  const active = new Set(picked.map(({ week }) => week))
  const shown = new Set(picked.filter((atom) => told.has(atom)).map(({ week }) => week))
  const result = { period, weeksLeftOut: active.size - shown.size }
  if (active.size > 0 && shown.size === 0)
    return {
      ...result,
      withheld: keys.includes('object') && question.activity !== null ? 'filter_too_narrow' : 'too_few_learners',
      condition: 'false',
    }
  const names = (wanted: boolean) => atoms.filter((atom) => told.has(atom) === wanted).map(({ name }) => name)
  const [inside, outside] = [names(true), names(false)]
  if (Math.min(inside.length, outside.length) > longestList) return tooMany
  const name = `cityHash64(${['course', ...keys, 'toMonday(day)'].join(', ')})`
  return { ...result, withheld: null, condition: writeCondition(name, inside, outside) }
}

/** By what is told, if that can be listed: what comes meanwhile is then not told. */
function writeCondition(name: string, inside: string[], outside: string[]): string {
  if (inside.length === 0) return 'false'
  if (inside.length <= longestList) return `${name} in (${inside.join(', ')})`
  return outside.length === 0 ? 'true' : `${name} not in (${outside.join(', ')})`
}

const k = smallestGroup.page

/** Most names in a condition: a name has 20 digits, three conditions may be in one query, and that is of 1 MB at most. */
const longestList = 10_000
/** Most atoms that are looked at, and parts of weeks of learners that they are made of. */
const mostAtoms = 40_000
const mostGroups = 1_000_000
/** ClickHouse's TOO_MANY_ROWS. */
const tooManyRows = '158'

/** What ClickHouse tells of an atom. */
type FoundAtom = Omit<Atom, 'course' | 'week' | 'alls' | 'rests'> & {
  of_course: string
  monday: string
  /** Of each whole: of each learner of the atom, one part of those they did within it, summed up. */
  shares: number[]
  /** Of each whole: how many did nothing else within it. */
  onlys: number[]
}

/** The atoms of a period and those that they may wait for, each with up to k of its learners; undefined when too many. */
async function listAtoms(
  clickhouse: ClickHouseClient,
  question: ReleaseQuestion,
  keys: readonly Split[],
  period: Release['period'],
): Promise<Atom[] | undefined> {
  const isFine = keys.some((key) => key !== 'action')
  const days = keys.length === 0 ? 'learner_presence_v1' : 'learner_day_v1'
  const [table, amount] = isFine ? ['learning_event_v1', 'sign'] : [days, 'events']
  const picks = isFine && question.activity !== null
  const columns = keys.map((key) => `${key}, `).join('')
  // What each part is a part of: its course's week, and with two keys what has one of them.
  const wholes: Split[][] = keys.length === 0 ? [] : [[], ...(keys.length > 1 ? keys.map((key) => [key]) : [])]
  const list = (write: (of: Split[], at: number) => string) => `[${wholes.map(write).join(', ')}]`
  // Which parts of the same learner are within the same whole.
  const isWithin = (of: Split[]) =>
    of.map((key) => `each.${keys.indexOf(key) + 1} = part_keys.${keys.indexOf(key) + 1}`).join(' and ')
  // No window functions: the embedded ClickHouse 26.1 dies of several with different partitions.
  const answer = await clickhouse
    .query({
      query: `
      select toString(cityHash64(course, ${columns}week)) as name, toString(cityHash64(course, ${columns}'')) as part,
        ${list((of) => `map('name', toString(cityHash64(course, ${of.map((key) => `${key}, `).join('')}week)), 'part', toString(cityHash64(course, ${of.join(', ') || `''`})))`)}::Array(Map(String, String)) as wholes,
        toString(course) as of_course, toString(week) as monday, toUInt32(count()) as learners,
        arrayMap(id -> toString(id), groupUniqArray(${k})(learner)) as ids, max(part_keys.${keys.length + 1}) as picked,
        sumForEach(arrayMap(same -> 1 / same, counts)) as shares, sumForEach(arrayMap(same -> toUInt32(same = 1), counts)) as onlys
      from (
        select course, week, learner, arrayJoin(parts) as part_keys${keys.map((key, at) => `, part_keys.${at + 1} as ${key}`).join('')},
          ${list((of) => (of.length === 0 ? 'length(parts)' : `arrayCount(each -> ${isWithin(of)}, parts)`))}::Array(UInt32) as counts
        from (
          select course, week, learner, groupArray(tuple(${columns}picks)) as parts
          from (
            select course, toMonday(day) as week, learner, ${columns}
              ${picks ? 'max(object = {activity: Int64} or parent = {activity: Int64})' : 'true'} as picks
            from ${table}
            where tenant_id = {tenant: UUID} and build = {build: UInt32} and day >= {from: Date} and day <= {until: Date} and learner != 0
              ${question.courses === null ? '' : 'and has({courses: Array(Int64)}, course)'}
              and not has({objectors: Array(Int64)}, learner)
              ${question.staff.length === 0 ? '' : 'and (course, learner) not in {staff: Array(Tuple(Int64, Int64))}'}
            group by course, week, ${columns}learner having sum(${amount}) > 0
          ) group by course, week, learner
        )
      ) group by course, ${columns}week order by name limit ${mostAtoms + 1}`,
      query_params: {
        tenant: question.tenantId,
        build: question.build,
        // As text: they are beyond what a number holds, and the client would quote them.
        courses: `[${(question.courses ?? []).join(',')}]`,
        objectors: `[${question.objectors.join(',')}]`,
        staff: `[${question.staff.map((pair) => `(${pair.join(',')})`).join(',')}]`,
        activity: question.activity ?? '0',
        // Weeks of a part may wait for each other, within a year.
        from: keys.length === 0 ? period.from : yearOf(period.from),
        until: period.until,
      },
      // A week of a course is one atom, however many learners: only parts may be too many to look at while somebody waits.
      clickhouse_settings:
        keys.length === 0 ? {} : { max_rows_to_group_by: String(mostGroups), group_by_overflow_mode: 'throw' },
      format: 'JSONEachRow',
    })
    .catch((error: unknown) => {
      if (error instanceof ClickHouseError && error.code === tooManyRows) return undefined
      throw error
    })
  const found = await answer?.json<FoundAtom>()
  if (found === undefined || found.length > mostAtoms) return undefined
  const all = new Map<string, number>()
  for (const { wholes, shares } of found)
    wholes.forEach(({ name }, at) => all.set(name, (all.get(name) ?? 0) + (shares[at] ?? 0)))
  return found.map(({ of_course, monday, wholes, shares: _shares, onlys, ...atom }) => {
    const alls = wholes.map(({ name }) => Math.round(all.get(name) ?? 0))
    return {
      ...atom,
      course: of_course,
      week: monday,
      wholes: wholes.slice(1),
      alls,
      rests: alls.map((learners, at) => learners - (onlys[at] ?? 0)),
    }
  })
}
