import { randomUUIDv7 } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { GroupName, PersonName } from './people.queries.ts'
import { profileOrder, subjectNames } from './people.queries.ts'
import { shownYearId } from './school-years.ts'
import { type Level, type PartnerKind, type Profile, tables } from './tables.ts'

interface Named {
  id: string
  name: string
}

/** An establishment in a list. */
export interface EstablishmentSummary extends Named {
  uai: string | null
  level: Level | null
  typeLabel: string | null
  postalCode: string | null
  town: string | null
  territory: Named | null
}

// Enough for the few thousand establishments of a tenant; people, a thousand times more, have stored keys. Capitals with
// accents are named because a base of locale C knows none.
const establishmentKey = sql`' ' || regexp_replace(lower(translate(
  replace(replace(concat_ws(' ', o.name, o.town, o.uai), 'œ', 'oe'), 'Œ', 'oe'),
  'àâäáãéèêëíîïóôöõúùûüçñÿÀÂÄÁÃÉÈÊËÍÎÏÓÔÖÕÚÙÛÜÇÑŸ', 'aaaaaeeeeiiioooouuuucnyaaaaaeeeeiiioooouuuucny')), '[^a-z0-9]+', ' ', 'g')`

/**
 * Establishments present, by name. `words` are search keys, each the beginning of a word of name, town or UAI.
 * @param among identifiers to keep; undefined for all of the tenant's.
 */
export async function listEstablishments(
  tx: Tx,
  {
    among,
    words,
    after,
    limit,
  }: {
    among?: string[] | undefined
    words: string[]
    after?: { name: string; id: string } | undefined
    limit: number
  },
): Promise<EstablishmentSummary[]> {
  const { rows } = await sql<EstablishmentSummary>`
    select o.id, o.name, o.uai, o.level, o.type_label as "typeLabel", o.postal_code as "postalCode", o.town,
      case when t.id is not null then jsonb_build_object('id', t.id, 'name', t.name) end as territory
    from directory.organisation o left join directory.organisation t on t.id = o.parent_id
    where o.kind = 'establishment' and o.gone_on is null
      and ${among ? sql`o.id = any(${among}::uuid[])` : sql`true`}
      and ${after ? sql`(o.name, o.id) > (${after.name}, ${after.id}::uuid)` : sql`true`}
      and ${sql.join([sql`true`, ...words.map((word) => sql`${establishmentKey} like ${`% ${word}%`}`)], sql` and `)}
    order by o.name, o.id limit ${limit}`.execute(tx)
  return rows
}

/** An establishment's identity. */
export interface Establishment extends EstablishmentSummary {
  siren: string | null
  academyCode: string | null
  street: string | null
  phone: string | null
  email: string | null
  goneOn: Day | null
  partner: Named | null
}

/** Finds an establishment by identifier or UAI, whoever asks: callers check visibility. */
export async function findEstablishment(
  tx: Tx,
  idOrUai: { id: string } | { uai: string },
): Promise<Establishment | undefined> {
  const { rows } = await sql<Establishment>`
    select o.id, o.name, o.uai, o.siren, o.level, o.type_label as "typeLabel", o.academy_code as "academyCode", o.street,
      o.postal_code as "postalCode", o.town, o.phone, o.email, o.gone_on as "goneOn",
      case when t.id is not null then jsonb_build_object('id', t.id, 'name', t.name) end as territory,
      case when p.id is not null then jsonb_build_object('id', p.id, 'name', p.name) end as partner
    from directory.organisation o
      left join directory.organisation t on t.id = o.parent_id
      left join directory.organisation p on p.id = t.parent_id
    where o.kind = 'establishment'
      and ${'id' in idOrUai ? sql`o.id = ${idOrUai.id}` : sql`o.uai = ${idOrUai.uai}`}`.execute(tx)
  return rows[0]
}

/** The heads of an establishment. */
export async function listHeads(tx: Tx, establishmentId: string): Promise<PersonName[]> {
  const { rows } = await sql<PersonName>`
    select p.id, p.family_name as "familyName", p.given_name as "givenName"
    from directory.affiliation a join directory.person p on p.id = a.person_id
    where a.organisation_id = ${establishmentId} and a.profile = 'head' and p.gone_on is null
    order by p.family_key, p.given_key, p.id`.execute(tx)
  return rows
}

/** How many people of each profile an establishment has. */
export async function countProfiles(tx: Tx, establishmentId: string): Promise<{ profile: Profile; people: number }[]> {
  const { rows } = await sql<{ profile: Profile; people: number }>`
    select profile, count(*) as people from directory.affiliation where organisation_id = ${establishmentId}
    group by profile order by array_position(${profileOrder}::text[], profile)`.execute(tx)
  return rows
}

/** How many pupils follow each level in a school year: the one shown, unless another one is asked for. */
export async function countLevels(
  tx: Tx,
  establishmentId: string,
  yearId?: string,
): Promise<{ name: string | null; pupils: number }[]> {
  const { rows } = await sql<{ name: string | null; pupils: number }>`
    select nullif(level_label, '') as name, count(*) as pupils from directory.enrolment
    where establishment_id = ${establishmentId} and school_year_id = ${yearId ?? shownYearId(establishmentId)}
    group by 1 order by 1 nulls last`.execute(tx)
  return rows
}

/**
 * The classes and groups of an establishment, with their numbers of pupils, in the school year it shows, unless another
 * one is asked for; `condition` is on `g`.
 */
export async function listGroups(
  tx: Tx,
  establishmentId: string,
  condition: RawBuilder<boolean> | undefined,
  yearId?: string,
): Promise<(Omit<GroupName, 'establishment'> & { pupils: number })[]> {
  const { rows } = await sql<Omit<GroupName, 'establishment'> & { pupils: number }>`
    select g.id, g.kind, g.code, g.name,
      (select count(*) from directory.membership m where m.teaching_group_id = g.id) as pupils
    from directory.teaching_group g
    where g.establishment_id = ${establishmentId} and g.school_year_id = ${yearId ?? shownYearId(establishmentId)}
      and ${condition ?? sql`true`}
    order by g.kind, g.name, g.id`.execute(tx)
  return rows
}

interface GroupOfAnyYear extends GroupName {
  schoolYear: { startYear: number }
  count: number
  known: boolean
  /** Whether it is of a year that its establishment does not show yet. */
  ahead: boolean
}

/** Finds a class or group of any school year, and whether a condition on `g` holds: callers check visibility. */
export async function findGroup(
  tx: Tx,
  id: string,
  condition: RawBuilder<boolean>,
): Promise<GroupOfAnyYear | undefined> {
  const { rows } = await sql<GroupOfAnyYear>`
    select g.id, g.kind, g.code, g.name, jsonb_build_object('id', e.id, 'name', e.name) as establishment,
      jsonb_build_object('startYear', y.start_year) as "schoolYear",
      (select count(*) from directory.membership m where m.teaching_group_id = g.id) as count, ${condition} as known,
      y.start_year > (select start_year from directory.school_year
        where id = (select s.school_year_id from directory.shown_year s where s.establishment_id = e.id)) as ahead
    from directory.teaching_group g
      join directory.organisation e on e.id = g.establishment_id
      join directory.school_year y on y.id = g.school_year_id
    where g.id = ${id}`.execute(tx)
  return rows[0]
}

/** The members of a class or group, by name. */
export async function listMembers(tx: Tx, groupId: string): Promise<PersonName[]> {
  const { rows } = await sql<PersonName>`
    select p.id, p.family_name as "familyName", p.given_name as "givenName"
    from directory.membership m join directory.person p on p.id = m.person_id
    where m.teaching_group_id = ${groupId} and p.gone_on is null
    order by p.family_key, p.given_key, p.id`.execute(tx)
  return rows
}

/** The teaching team of a class or group: main teachers first. */
export async function listGroupTeachers(
  tx: Tx,
  groupId: string,
): Promise<(PersonName & { subjects: string[]; mainTeacher: boolean })[]> {
  const { rows } = await sql<PersonName & { subjects: string[]; mainTeacher: boolean }>`
    select p.id, p.family_name as "familyName", p.given_name as "givenName", t.main_teacher as "mainTeacher",
      ${subjectNames} as subjects
    from directory.teaching t join directory.person p on p.id = t.person_id
    where t.teaching_group_id = ${groupId} and p.gone_on is null
    order by t.main_teacher desc, p.family_key, p.given_key, p.id`.execute(tx)
  return rows
}

/** A public body taking part, with the territories it answers for. */
export interface Partner extends Named {
  partnerKind: PartnerKind
  code: string | null
  territories: Named[]
}

/** All partners, by name. */
export async function listPartners(tx: Tx): Promise<Partner[]> {
  const { rows } = await sql<Partner>`
    select o.id, o.name, o.partner_kind as "partnerKind", o.code,
      (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name) order by t.name), '[]')
        from directory.organisation t where t.parent_id = o.id and t.kind = 'territory') as territories
    from directory.organisation o where o.kind = 'partner' order by o.name, o.id`.execute(tx)
  return rows
}

/** A perimeter, the partner who answers for it and its number of establishments. */
export interface Territory extends Named {
  code: string | null
  partner: Named | null
  establishments: number
}

/** All territories, by name. */
export async function listTerritories(tx: Tx): Promise<Territory[]> {
  const { rows } = await sql<Territory>`
    select o.id, o.name, o.code,
      case when p.id is not null then jsonb_build_object('id', p.id, 'name', p.name) end as partner,
      (select count(*) from directory.organisation e where e.parent_id = o.id and e.kind = 'establishment')
        as establishments
    from directory.organisation o left join directory.organisation p on p.id = o.parent_id
    where o.kind = 'territory' order by o.name, o.id`.execute(tx)
  return rows
}

/** Creates a partner. @throws Problem 409 `partner_exists` when one of that kind has the code. */
export async function createPartner(
  tx: Tx,
  input: { name: string; partnerKind: PartnerKind; code: string; siren?: string | undefined },
): Promise<{ id: string }> {
  await refuseTwin(tx, 'partner', input.code, sql`partner_kind = ${input.partnerKind}`)
  return insertOrganisation(tx, {
    kind: 'partner',
    name: input.name,
    partner_kind: input.partnerKind,
    code: input.code,
    siren: input.siren ?? null,
  })
}

/**
 * Creates a territory answered for by a partner.
 * @throws Problem 404 `partner_not_found`; 409 `territory_exists` when the partner has one of that code.
 */
export async function createTerritory(
  tx: Tx,
  input: { name: string; code: string; partnerId: string },
): Promise<{ id: string }> {
  const partner = await tables(tx)
    .selectFrom('directory.organisation')
    .select('id')
    .where('id', '=', input.partnerId)
    .where('kind', '=', 'partner')
    .executeTakeFirst()
  if (!partner) throw new Problem(404, 'partner_not_found', `No partner has the identifier ${input.partnerId}.`)
  await refuseTwin(tx, 'territory', input.code, sql`parent_id = ${input.partnerId}`)
  return insertOrganisation(tx, { kind: 'territory', name: input.name, code: input.code, parent_id: input.partnerId })
}

async function refuseTwin(tx: Tx, kind: 'partner' | 'territory', code: string, condition: RawBuilder<unknown>) {
  const { rows } = await sql`select from directory.organisation
    where kind = ${kind} and code = ${code} and ${condition}`.execute(tx)
  if (rows.length > 0) throw new Problem(409, `${kind}_exists`, `A ${kind} of this kind has the code ${code} already.`)
}

async function insertOrganisation(
  tx: Tx,
  values: {
    kind: 'partner' | 'territory'
    name: string
    code: string
    partner_kind?: PartnerKind
    siren?: string | null
    parent_id?: string
  },
): Promise<{ id: string }> {
  const id = randomUUIDv7()
  await tables(tx)
    .insertInto('directory.organisation')
    .values({ ...emptyOrganisation, ...values, id })
    .execute()
  return { id }
}

const emptyOrganisation = {
  partner_kind: null,
  level: null,
  uai: null,
  siren: null,
  code: null,
  parent_id: null,
  academy_code: null,
  type_label: null,
  street: null,
  postal_code: null,
  town: null,
  phone: null,
  email: null,
  gone_on: null,
}

/**
 * Puts into a territory the establishments of its level in some départements: a région answers for upper secondary
 * schools (lycées), a département for lower secondary ones (collèges), a municipality for primary ones (Code de
 * l'éducation L214-6, L213-2, L212-4). Those it held already stay.
 * @param departments codes as people write them (`80`, `2A`, `971`); a UAI begins with the same on three digits, except
 *   in Corsica (`620`, `720`).
 * @returns how many establishments it got.
 * @throws Problem 404 `territory_not_found`; 422 `level_unknown` when its partner answers for no level and none is given.
 */
export async function assignEstablishments(
  tx: Tx,
  input: { territoryId: string; departments: string[]; level?: Level | undefined },
): Promise<number> {
  const { rows } = await sql<{ partnerKind: PartnerKind | null }>`
    select p.partner_kind as "partnerKind"
    from directory.organisation t left join directory.organisation p on p.id = t.parent_id
    where t.id = ${input.territoryId} and t.kind = 'territory'`.execute(tx)
  const [territory] = rows
  if (!territory) throw new Problem(404, 'territory_not_found', `No territory has the identifier ${input.territoryId}.`)
  const level = input.level ?? (territory.partnerKind === null ? undefined : levelOf[territory.partnerKind])
  if (level === undefined) throw new Problem(422, 'level_unknown', 'The partner answers for no level: name one.')
  const result = await tables(tx)
    .updateTable('directory.organisation')
    .set({ parent_id: input.territoryId })
    .where('kind', '=', 'establishment')
    .where('level', '=', level)
    .where(sql<string>`substr(uai, 1, 3)`, 'in', input.departments.map(toUaiDepartment))
    .where('parent_id', 'is distinct from', input.territoryId)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

const levelOf: Partial<Record<PartnerKind, Level>> = {
  region: 'upperSecondary',
  department: 'lowerSecondary',
  municipality: 'primary',
}

function toUaiDepartment(code: string): string {
  const corsica: Record<string, string> = { '2A': '620', '2B': '720' }
  return corsica[code.toUpperCase()] ?? code.padStart(3, '0')
}

/** Whether an organisation is a perimeter, or an establishment or territory under it. False when it does not exist. */
export async function isOrganisationWithin(tx: Tx, organisationId: string, perimeterId: string): Promise<boolean> {
  const { rows } = await sql`
    select from directory.organisation o left join directory.organisation t on t.id = o.parent_id
    where o.id = ${organisationId} and ${perimeterId}::uuid in (o.id, o.parent_id, t.parent_id)`.execute(tx)
  return rows.length > 0
}

/** Partners or territories of this code, or the one of this identifier: a code is unique among partners of a kind only. */
export function listOrganisationsByCode(
  tx: Tx,
  kind: 'partner' | 'territory',
  codeOrId: string,
): Promise<{ id: string }[]> {
  return tables(tx)
    .selectFrom('directory.organisation')
    .select('id')
    .where('kind', '=', kind)
    .where((where) => where.or([where('code', '=', codeOrId), where(sql`id::text`, '=', codeOrId)]))
    .execute()
}
