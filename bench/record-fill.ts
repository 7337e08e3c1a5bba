import type pg from 'pg'
import { keyOf } from '../server/src/modules/records/model/statement-keys.ts'
import { identifyAgent } from '../server/src/modules/records/model/agents.ts'
import { activities, courses, learners, makeStatement, verbs } from './record-statements.ts'

/** What to look for in a filled store. */
export interface Filled {
  /** Identifiers of statements, from all over. */
  ids: string[]
  samples: { actor: object; verb: string; activity: string }[]
  /** The moment half of them were stored. */
  middle: string
}

const day = 86_400_000_000
const mark = '!'.repeat(36)

/**
 * Fills the store of a tenant with as many statements as asked, over a year, as `makeStatement` spreads them, without the
 * cost of receiving them: the base makes them, then their indexes. Each has the body of another; its keys are its own.
 */
export async function fillRecords(owner: pg.Pool, tenantId: string, count: number): Promise<Filled> {
  const indexes = await owner.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where indrelid = 'records.statement'::regclass and not indisprimary`,
  )
  for (const { name } of indexes.rows) await owner.query(`drop index ${name}`)
  await owner.query('alter table records.statement drop constraint statement_pkey')
  await owner.query('alter table records.mention drop constraint mention_pkey')

  const [before = '', after = ''] = JSON.stringify(makeStatement(mark, Math.random)).split(mark)
  const first = Date.now() * 1000 - 365 * day
  const step = Math.floor((364 * day) / count)
  await owner.query(
    `insert into records.statement (tenant_id, seq, id, actor, verb, activity, authority, body)
     select $1, $2::bigint + i * $3::bigint, id, ($4::bigint[])[1 + learner], ($5::bigint[])[1 + verb], ($6::bigint[])[1 + activity],
       $7, $8 || id || $9
     from (
       select i, gen_random_uuid() as id, floor(${learners.length} * random() ^ 2)::int as learner,
         floor(${verbs.length} * random() ^ 2)::int as verb, floor(${activities.length} * random() ^ 2)::int as activity
       from generate_series(1, $10::bigint) i
       offset 0
     ) made`,
    [
      tenantId,
      first,
      step,
      learners.map((each) => keyOf(tenantId, 'agent', identifyAgent(each) ?? '')),
      verbs.map((each) => keyOf(tenantId, 'verb', each)),
      activities.map((each) => keyOf(tenantId, 'activity', each)),
      keyOf(tenantId, 'agent', 'account|https://ent.example|bench'),
      before,
      after,
      count,
    ],
  )
  // Each mentions its course, and what all do.
  await owner.query(
    `insert into records.mention (tenant_id, key, seq)
     select tenant_id, mentioned.key, seq from records.statement
       join unnest($1::bigint[], $2::bigint[]) course (activity, key) using (activity)
       cross join lateral (values (course.key), ($3::bigint)) mentioned (key)
     order by seq`,
    [
      activities.map((each) => keyOf(tenantId, 'activity', each)),
      activities.map((_, at) => keyOf(tenantId, 'activity', courses[at % courses.length]!)),
      keyOf(tenantId, 'activity', 'https://w3id.org/xapi/video'),
    ],
  )
  await owner.query('alter table records.mention add constraint mention_pkey primary key (key, seq)')
  await owner.query('alter table records.statement add constraint statement_pkey primary key (tenant_id, id)')
  for (const { definition } of indexes.rows) await owner.query(definition)
  await owner.query('vacuum analyze records.statement, records.mention')

  const { rows } = await owner.query<{ id: string }>(
    `select id from records.statement tablesample system ($1) order by random() limit 500`,
    [Math.min(100, 2_000_000 / count)],
  )
  const spread = (size: number) => Math.floor(size * Math.random() ** 2)
  const samples = Array.from({ length: 200 }, () => {
    const activity = spread(activities.length)
    return {
      actor: learners[spread(learners.length)]!,
      verb: verbs[spread(verbs.length)]!,
      activity: activities[activity]!,
    }
  })
  return { ids: rows.map(({ id }) => id), samples, middle: new Date((first + 182 * day) / 1000).toISOString() }
}
