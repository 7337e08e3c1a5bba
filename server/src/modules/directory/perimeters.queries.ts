import { sql } from 'kysely'
import type { HeldRight } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { type EstablishmentSummary, listEstablishments } from './organisations.queries.ts'
import { isShown } from './school-years.ts'
import { toSearchKey } from './search-key.ts'
import { establishmentsUnder } from './visibility.queries.ts'

/** Whoever manages: a person and the rights they hold. */
export interface Manager {
  personId: string
  rights: HeldRight[]
}

/** The establishments someone is head of. */
export async function listHeadedIds(tx: Tx, personId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select organisation_id as id from directory.affiliation
    where person_id = ${personId} and profile = 'head'`.execute(tx)
  return rows.map(({ id }) => id)
}

/**
 * Establishments someone manages, by name: those they head, and those under their right `directory.administer`.
 * @param q beginnings of words of the name, the town or the UAI.
 */
export async function listManagedEstablishments(
  tx: Tx,
  manager: Manager,
  { q, limit }: { q: string; limit: number },
): Promise<EstablishmentSummary[]> {
  const words = toSearchKey(q).split(' ').filter(Boolean)
  return listEstablishments(tx, { among: await findManagedIds(tx, manager), words, limit })
}

/** Identifiers of the establishments someone manages; undefined for all of the tenant's. */
export async function findManagedIds(tx: Tx, manager: Manager): Promise<string[] | undefined> {
  const perimeters = perimetersOf(manager)
  if (perimeters.includes(null)) return undefined
  const { rows } = await sql<{ id: string }>`
    select organisation_id as id from directory.affiliation where person_id = ${manager.personId} and profile = 'head'
    union ${establishmentsUnder(sql`any(${perimeters}::uuid[])`)}`.execute(tx)
  return rows.map(({ id }) => id)
}

/** Whether someone manages an organisation: heads it, or holds `directory.administer` over it or above it. */
export async function managesOrganisation(tx: Tx, manager: Manager, organisationId: string): Promise<boolean> {
  const perimeters = perimetersOf(manager)
  if (perimeters.includes(null)) return true
  const { rows } = await sql`
    select from directory.organisation o left join directory.organisation t on t.id = o.parent_id
    where o.id = ${organisationId} and (
      array[o.id, o.parent_id, t.parent_id] && ${perimeters}::uuid[]
      or exists (select from directory.affiliation a
        where a.person_id = ${manager.personId} and a.organisation_id = o.id and a.profile = 'head'))`.execute(tx)
  return rows.length > 0
}

const perimetersOf = ({ rights }: Manager) =>
  rights.filter(({ right }) => right === 'directory.administer').map(({ organisationId }) => organisationId)

/** An organisation with those above it, nearest first. Empty when there is none. */
export async function listOrganisationAndAbove(
  tx: Tx,
  organisationId: string,
): Promise<{ id: string; name: string; kind: 'territory' | 'partner' | 'establishment' }[]> {
  const { rows } = await sql<Awaited<ReturnType<typeof listOrganisationAndAbove>>[number]>`
    with recursive above as (
      select id, name, kind, parent_id, 0 as step from directory.organisation where id = ${organisationId}
      union all
      select o.id, o.name, o.kind, o.parent_id, a.step + 1 from directory.organisation o join above a on o.id = a.parent_id
    ) select id, name, kind from above order by step`.execute(tx)
  return rows
}

/** The names of some organisations, in no order. */
export async function listOrganisationNamesOf(tx: Tx, ids: string[]): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from directory.organisation where id = any(${ids}::uuid[])`.execute(tx)
  return rows
}

/** The three kinds of people of an establishment whom papers are handed to in different ways. */
export type Audience = 'pupil' | 'guardian' | 'staff'

/** Someone of an establishment. */
export interface AudienceMember {
  personId: string
  familyName: string
  givenName: string
  profile: Audience
  /** The classes this school year: a pupil's own, those of a guardian's children here; none for staff. */
  classes: { id: string; name: string }[]
  /** A guardian's children here. */
  children: string[]
}

/**
 * The people of an establishment present this school year, of one kind: by class then name; guardians of any standing
 * but `none`. Of a class: its pupils, their guardians, or its teachers.
 */
export async function listAudience(
  tx: Tx,
  input: { establishmentId: string; classId?: string | undefined; profile: Audience },
): Promise<AudienceMember[]> {
  const { establishmentId, classId, profile } = input
  const classesOf = sql`(select coalesce(jsonb_agg(distinct jsonb_build_object('id', g.id, 'name', g.name)), '[]')
    from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
    where m.person_id = any(who.pupils) and g.kind = 'class' and g.establishment_id = ${establishmentId}
      and ${isShown('g')})`
  const inClass = (person: string) =>
    classId === undefined
      ? sql`true`
      : sql`exists (select from directory.membership m where m.person_id = ${sql.ref(person)}
          and m.teaching_group_id = ${classId})`
  const who = {
    pupil: sql`select a.person_id, array[a.person_id] as pupils from directory.affiliation a
      where a.organisation_id = ${establishmentId} and a.profile = 'pupil' and ${inClass('a.person_id')}`,
    guardian: sql`select r.guardian_id as person_id, array_agg(r.pupil_id) as pupils
      from directory.affiliation a join directory.guardianship r on r.pupil_id = a.person_id
      where a.organisation_id = ${establishmentId} and a.profile = 'pupil' and r.legal_status <> 'none'
        and ${inClass('a.person_id')}
      group by r.guardian_id`,
    staff:
      classId === undefined
        ? sql`select distinct a.person_id, array[]::uuid[] as pupils from directory.affiliation a
            where a.organisation_id = ${establishmentId} and a.profile not in ('pupil', 'guardian')`
        : sql`select distinct t.person_id, array[]::uuid[] as pupils from directory.teaching t
            join directory.teaching_group g on g.id = t.teaching_group_id
            where g.id = ${classId} and g.establishment_id = ${establishmentId}`,
  }[profile]
  const { rows } = await sql<AudienceMember>`
    select p.id as "personId", p.family_name as "familyName", p.given_name as "givenName", ${profile}::text as profile,
      ${classesOf} as classes,
      case when ${profile}::text = 'guardian' then array(
        select c.given_name || ' ' || c.family_name from directory.person c where c.id = any(who.pupils)
        order by c.given_key, c.family_key) else array[]::text[] end as children
    from (${who}) who join directory.person p on p.id = who.person_id
    where p.gone_on is null
    order by ${classesOf} -> 0 ->> 'name' nulls last, p.family_key, p.given_key, p.id`.execute(tx)
  return rows
}

/** Levels of the establishments someone belongs to, and theirs as what. */
export async function listLevelsOf(tx: Tx, personId: string): Promise<{ profile: string; level: string | null }[]> {
  const { rows } = await sql<{ profile: string; level: string | null }>`
    select distinct a.profile, o.level from directory.affiliation a join directory.organisation o on o.id = a.organisation_id
    where a.person_id = ${personId}`.execute(tx)
  return rows
}

/** The children someone answers for, legally or in charge, with their classes this school year. */
export async function listChildrenOf(
  tx: Tx,
  guardianId: string,
): Promise<{ id: string; familyName: string; givenName: string; places: string[] }[]> {
  const { rows } = await sql<Awaited<ReturnType<typeof listChildrenOf>>[number]>`
    select p.id, p.family_name as "familyName", p.given_name as "givenName", array(
        select g.name || ', ' || o.name from directory.membership m
          join directory.teaching_group g on g.id = m.teaching_group_id join directory.organisation o on o.id = g.establishment_id
        where m.person_id = p.id and g.kind = 'class' and ${isShown('g')}
        order by 1) as places
    from directory.guardianship r join directory.person p on p.id = r.pupil_id
    where r.guardian_id = ${guardianId} and r.legal_status <> 'none' and p.gone_on is null
    order by p.given_key, p.family_key, p.id`.execute(tx)
  return rows
}

/** The guardians who answer for some pupils: legal representatives, or in charge of them. */
export async function listGuardiansOf(
  tx: Tx,
  pupilIds: string[],
): Promise<{ pupilId: string; guardianId: string; legal: boolean }[]> {
  const { rows } = await sql<{ pupilId: string; guardianId: string; legal: boolean }>`
    select r.pupil_id as "pupilId", r.guardian_id as "guardianId", bool_or(r.legal_status = 'legal') as legal
    from directory.guardianship r join directory.person p on p.id = r.guardian_id
    where r.pupil_id = any(${pupilIds}::uuid[]) and r.legal_status <> 'none' and p.gone_on is null
    group by 1, 2`.execute(tx)
  return rows
}
