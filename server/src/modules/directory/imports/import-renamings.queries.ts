import { sql } from 'kysely'
import { type Application, present, sameRecord, staged, yearId } from './import-application.ts'
import type { Step } from './import-comparison.ts'

/** From this share of its pupils on, a class that vanished may go on in one that came. In basis points. */
const leastShare = 3_000

/**
 * Notes which classes that vanish within their year go on under another code: those many of whose pupils are now in one
 * that comes in the same import. Before anybody is moved from the one to the other.
 */
export const proposeRenamings: Step<Application> = async (tx, application) => {
  // What is undone comes back under its own code.
  if (application.undoes) return
  await sql`with gone as materialized (
    select g.id, g.establishment_id, g.kind, g.code, g.name from directory.staged_record s
    join directory.teaching_group g on g.id = s.subject_id
    where ${staged(application)} and s.change = 'removed' and s.kind in ('class', 'group')
      and g.school_year_id = ${yearId(application)}
  ), member as materialized (
    select m.teaching_group_id as id, m.person_id from directory.membership m
    where m.teaching_group_id in (select id from gone)
  ), size as materialized (
    select id, count(*) as pupils from member group by id
  ), said as materialized (
    select m.id, s.subject_id, s.body from member m
    join directory.staged_record s on s.subject_id = m.person_id
    where ${present(application)} and s.kind = 'pupil'
  ), moved as materialized (
    select id, subject_id, 'class' as kind, ref from said, jsonb_array_elements_text(body->'classes') ref
    union select id, subject_id, 'group', ref from said, jsonb_array_elements_text(body->'groups') ref
  ), come as materialized (
    select s.kind, s.external_id, s.subject_id as id, g.establishment_id from directory.staged_record s
    join directory.teaching_group g on g.id = s.subject_id
    where ${present(application)} and s.change = 'added' and s.kind in ('class', 'group')
      and not exists (select from directory.source_record r where ${sameRecord(application)} and r.gone_on is null)
  ), common as materialized (
    select m.id as former_id, c.id as later_id, c.establishment_id, c.kind, count(*) as common
    from moved m join come c on c.kind = m.kind and c.external_id = m.ref group by 1, 2, 3, 4
  )
  insert into directory.class_renaming
    (predecessor_id, successor_id, establishment_id, school_year_id, kind, code, name, pupils, share)
  select g.id, c.later_id, g.establishment_id, ${yearId(application)}, g.kind, g.code, g.name, z.pupils,
    round(c.common * 10000.0 / z.pupils)
  from common c join gone g on g.id = c.former_id and g.kind = c.kind and g.establishment_id = c.establishment_id
  join size z on z.id = g.id
  where c.common * 10000 >= z.pupils * ${leastShare}
  on conflict do nothing`.execute(tx)
}
