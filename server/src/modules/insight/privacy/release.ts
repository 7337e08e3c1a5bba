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
  const found = await listAtoms(clickhouse, question, keys, period)
  if (!found) return tooMany
  const [all = [], ...ofSingles] = found
  const tell = (atoms: readonly Atom[], wholes: readonly Set<string>[]) =>
    tellAtoms(atoms, { from: period.from, together: together && keys.length === 0, k, wholes })
  // What an answer by activity and action leaves of one by activity, and of one by action, is looked at too.
  const wholes = ofSingles.map((atoms) => new Set(Array.from(tell(atoms, []), ({ name }) => name)))
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

/** What ClickHouse tells of what was done in one week of one course, by all keys, by one of two, or as a whole. */
interface FoundAtom {
  /** By which keys: the sum of 1 for the first and 2 for the second. */
  level: number
  name: string
  of_course: string
  monday: string
  first: string
  second: string
  learners: number
  ids: string[]
  picked: boolean
  /** Of its learners, how many did nothing else in that week of the course; in what has its first key; its second. */
  alones: [number, number, number]
}

/**
 * The atoms of a period and those that they may wait for, each with up to k of its learners; then, of two keys, those by
 * each one of them. Undefined when there are too many. The traces are read once.
 */
async function listAtoms(
  clickhouse: ClickHouseClient,
  question: ReleaseQuestion,
  keys: readonly Split[],
  period: Release['period'],
): Promise<Atom[][] | undefined> {
  const isFine = keys.some((key) => key !== 'action')
  const days = keys.length === 0 ? 'learner_presence_v1' : 'learner_day_v1'
  const [table, amount] = isFine ? ['learning_event_v1', 'sign'] : [days, 'events']
  const picks = isFine && question.activity !== null
  const columns = keys.map((key) => `${key}, `).join('')
  const [first, second] = keys
  const done = `
    select course, toMonday(day) as week, learner, ${columns}
      ${picks ? 'max(object = {activity: Int64} or parent = {activity: Int64})' : 'true'} as picks
    from ${table}
    where tenant_id = {tenant: UUID} and build = {build: UInt32} and day >= {from: Date} and day <= {until: Date} and learner != 0
      ${question.courses === null ? '' : 'and has({courses: Array(Int64)}, course)'}
      and not has({objectors: Array(Int64)}, learner)
      ${question.staff.length === 0 ? '' : 'and (course, learner) not in {staff: Array(Tuple(Int64, Int64))}'}
    group by course, week, ${columns}learner having sum(${amount}) > 0`
  // No window functions: the embedded ClickHouse 26.1 dies of several with different partitions.
  const answer = await clickhouse
    .query({
      query: `
      select level, toString(cityHash64(course, ${columns}week)) as name, toString(course) as of_course, toString(week) as monday,
        toString(${first ?? "''"}) as first, toString(${second ?? "''"}) as second, toUInt32(count()) as learners,
        arrayMap(id -> toString(id), groupArray(${k})(learner)) as ids, max(picks) as picked,
        [toUInt32(sum(alone_in_week)), toUInt32(sum(alone_in_first)), toUInt32(sum(alone_in_second))] as alones
      from (${writeLevels(done, keys)})
      group by level, course, ${columns}week order by level desc limit ${4 * mostAtoms}`,
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
  // Those by all keys come first, and are the most.
  if (found === undefined || found[mostAtoms]?.level === 2 ** keys.length - 1) return undefined
  return toAtoms(found, keys.length)
}

/**
 * SQL of what each learner did in each week of each course: by all keys, by each one of two, and as a whole (`level`, as
 * atoms tell it), and whether it is all that they did there.
 * @param done SQL of what each did, by all keys.
 */
function writeLevels(done: string, keys: readonly Split[]): string {
  if (keys.length === 0)
    return `select toUInt8(0) as level, course, week, learner, picks, 0 as alone_in_week, 0 as alone_in_first, 0 as alone_in_second
      from (${done})`
  const repeat = (value: string, count: string) => `arrayWithConstant(${count}, ${value})`
  // A value that is there once is the first of its likes from the front and from the back. A lambda that held the list would
  // copy it for each of its values.
  const isOnce = (list: string) =>
    `arrayMap((front, back) -> toUInt8(front + back = 2), arrayEnumerateUniq(${list}), arrayReverse(arrayEnumerateUniq(arrayReverse(${list}))))`
  // The lists of all keys one beside the other; of one key, its different values.
  const all = { level: 2 ** keys.length - 1, count: `length(all_${keys[0]})` }
  const singles = keys.length === 1 ? [] : keys.map((key, at) => ({ level: 2 ** at, count: `length(each_${key})` }))
  const levels = [all, ...singles, { level: 0, count: '1' }]
  type Level = (typeof levels)[number]
  const list = (name: string, write: (level: Level) => string) =>
    `arrayConcat(${levels.map(write).join(', ')}) as ${name}`
  const lists = [
    list('level', ({ level, count }) => repeat(`toUInt8(${level})`, count)),
    list('picks', ({ count }) => (count === all.count ? 'all_picks' : repeat('false', count))),
    list('alone_in_week', ({ level, count }) => repeat(`toUInt8(${level === 0 ? 'false' : `${count} = 1`})`, count)),
    ...['alone_in_first', 'alone_in_second'].map((name, at) =>
      list(name, ({ level, count }) => (level === 3 ? isOnce(`all_${keys[at]}`) : repeat('toUInt8(0)', count))),
    ),
    ...keys.map((key, at) =>
      list(key, ({ level, count }) => {
        if (level === all.level) return `all_${key}`
        return level === 2 ** at ? `each_${key}` : repeat(key === 'object' ? 'toInt64(0)' : `''`, count)
      }),
    ),
  ]
  return `
    select level, course, week, learner, picks, alone_in_week, alone_in_first, alone_in_second, ${keys.join(', ')}
    from (
      select course, week, learner, groupArray(picks) as all_picks,
        ${keys.map((key) => `groupArray(${key === 'object' ? key : `toString(${key})`}) as all_${key}, arrayDistinct(all_${key}) as each_${key}`).join(', ')}
      from (${done}) group by course, week, learner
    )
    array join ${lists.join(',\n')}`
}

/** The atoms by all keys, then those by each one of two. */
function toAtoms(found: readonly FoundAtom[], keys: number): Atom[][] {
  const partOf = ({ of_course, first, second }: FoundAtom, level: number) =>
    `${of_course}${level & 1 ? ` ${first}` : ''}${level & 2 ? ` ${second}` : ''}`
  const nameOf = (atom: FoundAtom, level: number) => `${level} ${atom.monday} ${partOf(atom, level)}`
  const whole = 2 ** keys - 1
  const learnersOf = new Map<string, number>()
  for (const atom of found) if (atom.level !== whole) learnersOf.set(nameOf(atom, atom.level), atom.learners)
  const list = (level: number, singles: number[]) =>
    found
      .filter((atom) => atom.level === level)
      .map((atom): Atom => {
        const alls = keys === 0 ? [] : [0, ...singles].map((each) => learnersOf.get(nameOf(atom, each)) ?? 0)
        return {
          name: level === whole ? atom.name : nameOf(atom, level),
          part: partOf(atom, level),
          course: atom.of_course,
          wholes: singles.map((each) => ({ name: nameOf(atom, each), part: partOf(atom, each) })),
          week: atom.monday,
          learners: atom.learners,
          ids: atom.ids,
          picked: atom.picked,
          alls,
          rests: alls.map((learners, at) => learners - (atom.alones[at] ?? 0)),
        }
      })
  return keys === 2 ? [list(3, [1, 2]), list(1, []), list(2, [])] : [list(whole, [])]
}
