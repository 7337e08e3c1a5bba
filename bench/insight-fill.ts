import type { ClickHouseClient } from '../server/src/kernel/clickhouse.ts'
import type { Tx } from '../server/src/kernel/postgres.ts'
import { insertBuild, closeBatch } from '../server/src/modules/insight/projection/builds.queries.ts'
import { rulesVersion } from '../server/src/modules/insight/events/learning-event.ts'
import { tablesOfBuilds } from '../server/src/modules/insight/projection/events.queries.ts'
import { upsertObjects } from '../server/src/modules/insight/projection/objects.queries.ts'

// An institution's year: two hundred courses of a few hundred to a few thousand learners each, of which a few are busy;
// twenty videos, five quizzes of ten questions, ten pages, three assignments and two forums in each.

const courses = 200
export const days = 364

/** Keys as `fillEvents` computes them in ClickHouse: ten million times a course are its activities, and so on. */
const courseKey = (course: number): number => (course + 1) * 10_000_000
const activityKey = (course: number, place: number): number => courseKey(course) + place

const places = { video: [1, 20], quiz: [21, 25], page: [26, 35], assignment: [36, 38], forum: [39, 40] } as const

/** What to look for: the busiest course, its busiest activity by kind, and its busiest learner. */
export interface FilledEvents {
  build: number
  courses: string[]
  activities: Record<string, string>
  learner: string
}

/** Makes a projection to fill, and the courses and activities that its events are of. */
export async function openFilling(tx: Tx, now: Date): Promise<FilledEvents> {
  const build = await insertBuild(tx, 'read', rulesVersion, now)
  await closeBatch(tx, build, { until: now.getTime() * 1000, statements: 0 }, now)
  const object = (key: number, kind: string, course: number) => ({
    key: String(key),
    iri: `https://lms.example/${kind}/${key}`,
    kind,
    name: JSON.stringify({ fr: `${kind} ${key}` }),
    course: String(courseKey(course)),
    parent: '0',
  })
  for (let course = 0; course < courses; course++) {
    const objects = [object(courseKey(course), 'course', course)]
    for (const [kind, [first, last]] of Object.entries(places)) {
      for (let place = first; place <= last; place++) objects.push(object(activityKey(course, place), kind, course))
    }
    await upsertObjects(tx, objects, false)
  }
  const activities = Object.fromEntries(
    Object.entries(places).map(([kind, [first]]) => [kind, String(activityKey(0, first))]),
  )
  return {
    build,
    courses: Array.from({ length: courses }, (_, course) => String(courseKey(course))),
    activities: { ...activities, question: String(activityKey(0, places.quiz[0]) + 1_000) },
    learner: '',
  }
}

/** Adds events, from the number `first` on; each is always the same. */
export async function fillEvents(
  clickhouse: ClickHouseClient,
  tenantId: string,
  build: number,
  { first, count, until }: { first: number; count: number; until: Date },
): Promise<void> {
  const step = 500_000
  for (let from = first; from < first + count; from += step) {
    await clickhouse.command({
      query: filling,
      query_params: {
        tenant: tenantId,
        build,
        from,
        count: Math.min(step, first + count - from),
        until: Math.floor(until.getTime() / 1000),
      },
      clickhouse_settings: { max_insert_block_size: String(step) },
    })
  }
}

const filling = `
insert into learning_event_v1 (tenant_id, build, course, occurred_at, day, learner, statement_id, seq, source_id, dialect, verb,
  action, object, object_kind, parent, session, score, success, completed, progress, seconds, position, position_from,
  position_to, length, sign)
with
  -- Ten events a sitting: a learner at one activity, or reading pages.
  intDiv(number, 10) as sitting, number % 10 as step,
  cityHash64(sitting, 1) / pow(2, 64) as r1, cityHash64(sitting, 2) / pow(2, 64) as r2, cityHash64(sitting, 3) / pow(2, 64) as r3,
  cityHash64(sitting, 4) / pow(2, 64) as r4, cityHash64(sitting, 5) / pow(2, 64) as r5, cityHash64(sitting, 6) / pow(2, 64) as r6,
  cityHash64(number, 7) / pow(2, 64) as r7, cityHash64(number, 8) / pow(2, 64) as r8,
  toUInt32(${courses} * r1 * r1) as c,
  -- Courses of 200 to 5,000 learners, of 50,000 in all; a quarter of them do half of what is done.
  toUInt32((200 + 4800 * (cityHash64(c, 9) / pow(2, 64))) * r2 * r2) as place_in_course,
  toInt64(cityHash64(cityHash64(c, place_in_course) % 50000)) as who,
  toUInt32(${days} * r3) as ago,
  toDateTime({until: UInt32} - 86400 * ago - toUInt32(50000 * r4) + 40 * step, 'UTC') as at,
  multiIf(r5 < 0.55, 'video', r5 < 0.75, 'question', r5 < 0.93, 'page', r5 < 0.96, 'assignment', 'forum') as kind,
  multiIf(kind = 'video', 1 + toUInt32(20 * r6 * r6), kind = 'question', 21 + toUInt32(5 * r6), kind = 'page', 26 + toUInt32(10 * r7),
    kind = 'assignment', 36 + toUInt32(3 * r6), 39 + toUInt32(2 * r6)) as place,
  toInt64((c + 1) * 10000000 + place) as holder,
  -- A sitting at a quiz begins by opening it, and ends by sending it and its mark.
  kind = 'question' and step > 0 and step < 8 as is_question,
  45. * step + 20 * r8 as here
select {tenant: UUID}, {build: UInt32}, toInt64((c + 1) * 10000000), toDateTime64(at, 3, 'UTC'), toDate(at, 'Europe/Paris'), who,
  reinterpretAsUUID(concat(reinterpretAsString(cityHash64(number, 10)), reinterpretAsString(number))),
  toInt64(toUnixTimestamp(at)) * 1000000 + number % 1000000, toUUID('00000000-0000-7000-8000-000000000001'),
  if(kind = 'video', 'video', 'moodle'), concat('https://verbs.example/', kind),
  multiIf(kind = 'video', arrayElement(['played', 'paused', 'played', 'seeked', 'paused', 'played', 'seeked', 'paused', 'played', 'ended'], 1 + step),
    is_question, 'answered', kind = 'question', multiIf(step = 0, 'attempted', step = 8, 'submitted', 'scored'),
    kind = 'page', if(step = 9, 'completed', 'viewed'),
    kind = 'assignment', arrayElement(['viewed', 'submitted', 'scored'], 1 + toUInt32(3 * r7)),
    arrayElement(['viewed', 'viewed', 'posted', 'replied'], 1 + toUInt32(4 * r7))),
  if(is_question, holder + 1000 * toInt64(step), holder), multiIf(is_question, 'question', kind = 'question', 'quiz', kind),
  if(is_question, holder, 0), if(kind in ('video', 'question'), toInt64(cityHash64(sitting)), 0),
  if(kind in ('question', 'assignment'), toFloat32(r8), null), if(is_question, r8 > 0.4, null), null,
  if(kind = 'video', toFloat32(step / 10), null), null,
  if(kind = 'video', toFloat32(here), null), if(kind = 'video' and step in (3, 6), toFloat32(here - 30), null),
  if(kind = 'video' and step in (3, 6), toFloat32(here), null), if(kind = 'video', toFloat32(600), null), 1
from numbers({from: UInt64}, {count: UInt64})`

/** Who did most in the busiest course. */
export async function findBusiest(
  clickhouse: ClickHouseClient,
  { build, courses: [course] }: FilledEvents,
): Promise<string> {
  const result = await clickhouse.query({
    query: `select toString(argMax(learner, events)) as learner from (select learner, count() as events from learning_event_v1
      where build = {build: UInt32} and course = {course: Int64} group by learner)`,
    query_params: { build, course },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ learner: string }>()
  if (!row) throw new Error('Nothing was filled.')
  return row.learner
}

/** Bytes on disk of learning events and of what adds up from them. */
export async function countBytes(clickhouse: ClickHouseClient): Promise<number> {
  const result = await clickhouse.query({
    query: `select toFloat64(sum(bytes_on_disk)) as bytes from system.parts
      where active and database = currentDatabase() and table in {tables: Array(String)}`,
    query_params: { tables: tablesOfBuilds },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ bytes: number }>()
  return row?.bytes ?? NaN
}

/** Waits until ClickHouse has put together what it wants to: parts are many while it fills. */
export async function settle(clickhouse: ClickHouseClient): Promise<void> {
  for (let quiet = 0; quiet < 5;) {
    const result = await clickhouse.query({ query: 'select count() as n from system.merges', format: 'JSONEachRow' })
    const [row] = await result.json<{ n: number | string }>()
    quiet = Number(row?.n) === 0 ? quiet + 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}
