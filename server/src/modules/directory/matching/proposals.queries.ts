import { sql } from 'kysely'
import { z } from 'zod'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { readCursor, writeCursor } from '../cursors.ts'
import type { CautionCode, Part, PersonKind } from './matching-rule.ts'
import { managesWhole } from './merges.ts'
import type { PersonName } from '../people.queries.ts'
import type { Profile, ProposalState, SourceKind } from '../tables.ts'
import { establishmentsUnder } from '../visibility.queries.ts'

/** Whose proposals and merges: those of the whole directory, or of people within perimeters; never the reader's own. */
export type Judge = { whole: true } | { whole: false; personId: string; perimeters: string[] }

/** What an actor may judge; undefined for who may judge nothing. */
export function toJudge(actor: Pick<Actor, 'personId' | 'rights'>): Judge | undefined {
  if (managesWhole(actor)) return { whole: true }
  const perimeters = actor.rights.flatMap(({ right, organisationId }) =>
    right === 'directory.administer' && organisationId !== null ? [organisationId] : [],
  )
  return perimeters.length === 0 ? undefined : { whole: false, personId: actor.personId, perimeters }
}

const inPerimeter = (perimeters: string[]) => sql`(a.organisation_id = any(${perimeters}::uuid[])
  or a.organisation_id in (${establishmentsUnder(sql`any(${perimeters}::uuid[])`)}))`

/** A condition on a column that identifies a person. */
function isJudged(judge: Judge, column: string) {
  if (judge.whole) return sql<boolean>`true`
  return sql<boolean>`(${sql.ref(column)} <> ${judge.personId} and exists (select from directory.affiliation a
    where a.person_id = ${sql.ref(column)} and ${inPerimeter(judge.perimeters)}))`
}

/** One of the two of a proposal, with all that helps to tell. */
export interface ProposedPerson extends PersonName {
  birthFamilyName: string | null
  otherGivenNames: string | null
  title: string | null
  bornOn: Day | null
  email: string | null
  phones: string[]
  street: string | null
  postalCode: string | null
  town: string | null
  goneOn: Day | null
  kinds: PersonKind[]
  places: { profile: Profile; name: string; town: string | null }[]
  classes: string[]
  sources: { name: string; kind: SourceKind; record: PersonKind }[]
  /** Guardians of a pupil, children of a guardian. */
  relatives: PersonName[]
}

export interface Proposal {
  id: string
  points: number
  state: ProposalState
  foundAt: Date
  parts: Part[]
  cautions: CautionCode[]
  left: ProposedPerson
  right: ProposedPerson
}

const person = (column: string) => sql`(
  select jsonb_build_object('id', p.id, 'familyName', p.family_name, 'givenName', p.given_name,
    'birthFamilyName', p.birth_family_name, 'otherGivenNames', p.other_given_names, 'title', p.title,
    'bornOn', p.born_on, 'email', p.email, 'phones', array_remove(array[p.mobile, p.phone], null),
    'street', p.street, 'postalCode', p.postal_code, 'town', p.town, 'goneOn', p.gone_on,
    'kinds', array(select distinct r.kind from directory.source_record r
      where r.subject_id = p.id and r.kind in ('pupil', 'guardian', 'staff') order by 1),
    'places', array(select jsonb_build_object('profile', a.profile, 'name', o.name, 'town', o.town)
      from directory.affiliation a join directory.organisation o on o.id = a.organisation_id
      where a.person_id = p.id order by a.profile, o.name),
    'classes', array(select g.name from directory.membership m
      join directory.teaching_group g on g.id = m.teaching_group_id and g.kind = 'class'
      join directory.source f on f.id = m.source_id and f.school_year_id = g.school_year_id
      where m.person_id = p.id order by 1),
    'sources', array(select jsonb_build_object('name', s.name, 'kind', s.kind, 'record', r.kind)
      from directory.source_record r join directory.source s on s.id = r.source_id
      where r.subject_id = p.id and r.kind in ('pupil', 'guardian', 'staff') order by s.name, r.kind),
    'relatives', array(select jsonb_build_object('id', v.id, 'familyName', v.family_name, 'givenName', v.given_name)
      from (select pupil_id as id from directory.guardianship where guardian_id = p.id
        union select guardian_id from directory.guardianship where pupil_id = p.id) g
      join directory.person v on v.id = g.id order by v.family_name, v.given_name))
  from directory.person p where p.id = ${sql.ref(column)})`

const place = z.tuple([z.number().int(), z.uuid()])

/** Proposals in a state, the most certain first. @throws Problem 400 `cursor_invalid`. */
export async function listProposals(
  tx: Tx,
  judge: Judge,
  page: { state: 'open' | 'later' | 'never'; after?: string | undefined; limit: number },
): Promise<{ proposals: Proposal[]; next: string | null }> {
  const [points, id] = page.after === undefined ? [] : readCursor(place, page.after)
  // What the job found certain waits for it a moment; should it stop, people see these too.
  const states = page.state === 'open' ? ['open', 'automatic'] : [page.state]
  const { rows } = await sql<Proposal>`
    select o.id, o.points, o.state, o.found_at as "foundAt", o.parts, o.cautions,
      ${person('o.left_id')} as left, ${person('o.right_id')} as right
    from directory.match_proposal o
    where o.state = any(${states}::text[]) and ${isJudged(judge, 'o.left_id')} and ${isJudged(judge, 'o.right_id')}
      and ${points === undefined ? sql`true` : sql`(o.points < ${points} or o.points = ${points} and o.id > ${id}::uuid)`}
    order by o.points desc, o.id limit ${page.limit + 1}`.execute(tx)
  const proposals = rows.slice(0, page.limit)
  const last = proposals.at(-1)
  return { proposals, next: rows.length > page.limit && last ? writeCursor([last.points, last.id]) : null }
}

/** How many proposals are in each state. */
export async function countProposals(tx: Tx, judge: Judge): Promise<{ open: number; later: number; never: number }> {
  const { rows } = await sql<{ state: ProposalState; number: number }>`
    select o.state, count(*) as number from directory.match_proposal o
    where o.state <> 'merged' and ${isJudged(judge, 'o.left_id')} and ${isJudged(judge, 'o.right_id')}
    group by o.state`.execute(tx)
  const count = (...states: ProposalState[]) =>
    rows.reduce((sum, row) => sum + (states.includes(row.state) ? row.number : 0), 0)
  return { open: count('open', 'automatic'), later: count('later'), never: count('never') }
}

export interface Merge {
  id: string
  keptId: string
  mergedId: string
  /** The person kept, as they are called today, and the one merged, as they were; null when deleted since. */
  kept: PersonName | null
  merged: PersonName | null
  points: number | null
  parts: Part[]
  mergedAt: Date
  /** Null for the score alone. */
  mergedBy: { familyName: string; givenName: string } | null
  undoneAt: Date | null
  undoneBy: { familyName: string; givenName: string } | null
  /** Whether the reader may undo it. */
  undoable: boolean
}

const nameOf = (column: string) => sql`(select jsonb_build_object('id', p.id, 'familyName', p.family_name,
  'givenName', p.given_name) from directory.person p where p.id = ${sql.ref(column)})`

const moment = z.tuple([z.iso.datetime(), z.uuid()])

/** Merges done, those undone too, the last first. @throws Problem 400 `cursor_invalid`. */
export async function listMerges(
  tx: Tx,
  judge: Judge,
  page: { after?: string | undefined; limit: number },
): Promise<{ merges: Merge[]; next: string | null }> {
  const [at, id] = page.after === undefined ? [] : readCursor(moment, page.after)
  const undoable = judge.whole
    ? sql`true`
    : sql`not exists (select from directory.affiliation a
        where a.person_id = m.kept_id and not ${inPerimeter(judge.perimeters)})`
  const { rows } = await sql<Merge>`
    select m.id, m.kept_id as "keptId", m.merged_id as "mergedId", ${nameOf('m.kept_id')} as kept,
      ${nameOf('m.merged_id')} as merged, m.points, m.parts, m.merged_at as "mergedAt",
      ${nameOf('m.merged_by')} as "mergedBy", m.undone_at as "undoneAt", ${nameOf('m.undone_by')} as "undoneBy",
      m.undone_at is null and ${undoable} as undoable
    from directory.merge m
    where ${isJudged(judge, 'm.kept_id')}
      and ${at === undefined ? sql`true` : sql`(m.merged_at, m.id) < (${at}::timestamptz, ${id}::uuid)`}
    order by m.merged_at desc, m.id desc limit ${page.limit + 1}`.execute(tx)
  const merges = rows.slice(0, page.limit)
  const last = merges.at(-1)
  return { merges, next: rows.length > page.limit && last ? writeCursor([last.mergedAt.toISOString(), last.id]) : null }
}
