import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { isShown } from './school-years.ts'
import { type LegalStatus, type Level, type OrganisationKind, type Profile, type SourceKind, tables } from './tables.ts'
import { type Because, type Reach, sortReasons } from './visibility.ts'
import { knowsGroup, knowsGuardianship, listReasons, type Reason } from './visibility.queries.ts'

/** A person as named in a list. */
export interface PersonName {
  id: string
  familyName: string
  givenName: string
}

export interface OrganisationName {
  id: string
  kind: OrganisationKind
  name: string
  level: Level | null
  uai: string | null
  town: string | null
}

/** Someone's place: a profile in an organisation; null where the viewer may not know which. */
export interface Affiliation {
  profile: Profile
  organisation: OrganisationName | null
}

/** A row of a search. */
export interface FoundPerson extends PersonName {
  affiliations: Affiliation[]
  classes: { id: string; name: string }[]
  because: Because[]
}

// The order in which a person's profiles are told: the most responsible first.
export const profileOrder: Profile[] = [
  'head',
  'schoolLife',
  'teacher',
  'documentation',
  'staff',
  'localAuthority',
  'pupil',
  'guardian',
]

/** Gives the people of these identifiers, in that order, with what the viewer may know; those out of reach are left out. */
export async function listFoundPeople(tx: Tx, reach: Reach, ids: string[]): Promise<FoundPerson[]> {
  if (ids.length === 0) return []
  const reasons = Map.groupBy(await listReasons(tx, reach, ids), (reason) => reason.personId)
  const { rows } = await sql<PersonName & { classes: { id: string; name: string }[] }>`${keepPlan}
    select p.id, p.family_name as "familyName", p.given_name as "givenName", array(
        select jsonb_build_object('id', g.id, 'name', g.name)
        from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
        where m.person_id = p.id and g.kind = 'class' and ${isShown('g')}
          and ${knowsGroup(reach)}
        order by g.name) as classes
    from unnest(${ids}::uuid[]) with ordinality wanted (id, place) join directory.person p on p.id = wanted.id
    order by wanted.place`.execute(tx)
  const organisations = await listOrganisationNames(tx, [...reasons.values()].flat())
  return rows.flatMap((person) => {
    const own = reasons.get(person.id)
    if (!own) return []
    return [
      {
        ...person,
        affiliations: toAffiliations(own, organisations),
        because: sortReasons(own.map(({ because }) => because)),
      },
    ]
  })
}

/** The names of the organisations that reasons disclose. */
export async function listOrganisationNames(tx: Tx, reasons: Reason[]): Promise<Map<string, OrganisationName>> {
  const ids = [...new Set(reasons.flatMap(({ organisationId }) => organisationId ?? []))]
  if (ids.length === 0) return new Map()
  const rows = await tables(tx)
    .selectFrom('directory.organisation')
    .select(['id', 'kind', 'name', 'level', 'uai', 'town'])
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/** What reasons disclose of a person's places, each once; a place without organisation only if none is known. */
export function toAffiliations(reasons: Reason[], organisations: Map<string, OrganisationName>): Affiliation[] {
  const places = new Map<string, Affiliation>()
  for (const { profile, organisationId } of reasons) {
    if (profile === null) continue
    const organisation = organisationId === null ? null : (organisations.get(organisationId) ?? null)
    places.set(`${profile} ${organisation?.id ?? ''}`, { profile, organisation })
  }
  return [...places.values()]
    .filter(
      ({ profile, organisation }, _, all) =>
        organisation !== null || !all.some((other) => other.profile === profile && other.organisation !== null),
    )
    .sort(
      (a, b) =>
        profileOrder.indexOf(a.profile) - profileOrder.indexOf(b.profile) ||
        (a.organisation?.name ?? '').localeCompare(b.organisation?.name ?? '', 'fr'),
    )
}

/** A person's own row. */
export interface PersonRecord extends PersonName {
  title: string | null
  otherGivenNames: string | null
  birthFamilyName: string | null
  bornOn: Day | null
  email: string | null
  phone: string | null
  mobile: string | null
  workPhone: string | null
  street: string | null
  postalCode: string | null
  town: string | null
  country: string | null
  goneOn: Day | null
}

/** Finds a person's own row, whoever asks: callers check visibility. */
export function findPerson(tx: Tx, id: string): Promise<PersonRecord | undefined> {
  return tables(tx)
    .selectFrom('directory.person')
    .select([
      'id',
      'family_name as familyName',
      'given_name as givenName',
      'title',
      'other_given_names as otherGivenNames',
      'birth_family_name as birthFamilyName',
      'born_on as bornOn',
      'email',
      'phone',
      'mobile',
      'work_phone as workPhone',
      'street',
      'postal_code as postalCode',
      'town',
      'country',
      'gone_on as goneOn',
    ])
    .where('id', '=', id)
    .executeTakeFirst()
}

export interface GroupName {
  id: string
  kind: 'class' | 'group'
  code: string
  name: string
  establishment: { id: string; name: string }
}

/** A function in an organisation, in the words of the feed. */
export interface StaffFunction {
  organisation: { id: string; name: string }
  profile: Profile
  code: string
  label: string | null
  disciplineLabel: string | null
}

export interface Teaching {
  group: GroupName
  subjects: string[]
  mainTeacher: boolean
}

/** One end of a guardianship: the guardian of a pupil, or the child of a guardian. */
export interface Relation {
  person: PersonName
  linkCode: string
  legalStatus: LegalStatus
  pays: boolean
  contact: boolean
  financial: boolean
}

/** Where a record of a person comes from. */
export interface Provenance {
  name: string
  kind: SourceKind
  academyCode: string | null
  record: 'pupil' | 'guardian' | 'staff'
  externalId: string
  lastSeenAt: Date | null
}

const groupJson = sql`jsonb_build_object('id', g.id, 'kind', g.kind, 'code', g.code, 'name', g.name,
  'establishment', jsonb_build_object('id', e.id, 'name', e.name))`

/** Classes and groups of a pupil this school year, among those the viewer may know. */
export async function listClasses(tx: Tx, reach: Reach, personId: string): Promise<GroupName[]> {
  const { rows } = await sql<{ group: GroupName }>`
    select ${groupJson} as group
    from directory.membership m join directory.teaching_group g on g.id = m.teaching_group_id
      join directory.organisation e on e.id = g.establishment_id
    where m.person_id = ${personId} and ${isShown('g')} and ${knowsGroup(reach)}
    order by g.kind, g.name, g.id`.execute(tx)
  return rows.map(({ group }) => group)
}

/** What a teacher teaches this school year, among the groups the viewer may know. */
export async function listTeachings(tx: Tx, reach: Reach, personId: string): Promise<Teaching[]> {
  const { rows } = await sql<Teaching>`
    select ${groupJson} as group, t.main_teacher as "mainTeacher", ${subjectNames} as subjects
    from directory.teaching t join directory.teaching_group g on g.id = t.teaching_group_id
      join directory.organisation e on e.id = g.establishment_id
    where t.person_id = ${personId} and ${isShown('g')} and ${knowsGroup(reach)}
    order by e.name, g.kind, g.name, g.id`.execute(tx)
  return rows
}

/** SQL for the names of the subjects of a teaching aliased `t`; a code its source does not explain stands for itself. */
export const subjectNames = sql<string[]>`array(
  select coalesce(s.name, taught.code) from unnest(t.subject_codes) taught (code)
    left join directory.subject s on s.source_id = t.source_id and s.code = taught.code
  order by 1)`

/** All functions of a person, those without a feed included; callers keep what the viewer may know. */
export async function listFunctions(tx: Tx, personId: string): Promise<StaffFunction[]> {
  const { rows } = await sql<StaffFunction>`
    select jsonb_build_object('id', o.id, 'name', o.name) as organisation, f.profile, f.code, f.label,
      f.discipline_label as "disciplineLabel"
    from directory.staff_function f join directory.organisation o on o.id = f.organisation_id
    where f.person_id = ${personId} order by o.name, f.code, f.discipline_label`.execute(tx)
  return rows
}

/** The guardians and the children of a person, among the relations the viewer may know. */
export async function listRelations(
  tx: Tx,
  reach: Reach,
  personId: string,
): Promise<{ guardians: Relation[]; children: Relation[] }> {
  const { rows } = await sql<{ end: 'guardian' | 'child'; person: PersonName; relation: Omit<Relation, 'person'> }>`
    select case when r.pupil_id = ${personId} then 'guardian' else 'child' end as end,
      jsonb_build_object('id', p.id, 'familyName', p.family_name, 'givenName', p.given_name) as person,
      jsonb_build_object('linkCode', r.link_code, 'legalStatus', r.legal_status, 'pays', r.pays, 'contact', r.contact,
        'financial', r.financial) as relation
    from directory.guardianship r
      join directory.person p on p.id = case when r.pupil_id = ${personId} then r.guardian_id else r.pupil_id end
    where (r.pupil_id = ${personId} or r.guardian_id = ${personId}) and p.gone_on is null
      and ${knowsGuardianship(reach)}
    order by p.family_key, p.given_key, p.id`.execute(tx)
  const keep = (end: 'guardian' | 'child') =>
    rows.flatMap((row) => (row.end === end ? [{ ...row.relation, person: row.person }] : []))
  return { guardians: keep('guardian'), children: keep('child') }
}

/** The records of the sources that know a person today. */
export async function listProvenance(tx: Tx, personId: string): Promise<Provenance[]> {
  const { rows } = await sql<Provenance>`
    select s.name, s.kind, s.academy_code as "academyCode", r.kind as record, r.external_id as "externalId",
      (select max(i.applied_at) from directory.import i where i.source_id = s.id and i.state = 'applied') as "lastSeenAt"
    from directory.source_record r join directory.source s on s.id = r.source_id
    where r.subject_id = ${personId} and r.kind in ('pupil', 'guardian', 'staff') and r.gone_on is null
    order by s.name, r.kind`.execute(tx)
  return rows
}

/** A person's name and what tells homonyms apart, whoever asks. */
export interface PersonSummary extends PersonName {
  email: string | null
  bornOn: Day | null
  goneOn: Day | null
  /** Day from which nobody sees them and they may not sign in; null before. */
  archivedOn: Day | null
}

/** Summaries of the people of these identifiers, in no order; those the directory does not know are left out. */
export function listPersonSummaries(tx: Tx, ids: string[]): Promise<PersonSummary[]> {
  return tables(tx)
    .selectFrom('directory.person')
    .select([
      'id',
      'family_name as familyName',
      'given_name as givenName',
      'email',
      'born_on as bornOn',
      'gone_on as goneOn',
      'archived_on as archivedOn',
    ])
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute()
}

/** One person's summary, or undefined when the directory does not know them. */
export async function findPersonSummary(tx: Tx, id: string): Promise<PersonSummary | undefined> {
  const [summary] = await listPersonSummaries(tx, [id])
  return summary
}

/** A person's profiles, each once, the most responsible first. */
export async function listProfiles(tx: Tx, personId: string): Promise<Profile[]> {
  const rows = await tables(tx)
    .selectFrom('directory.affiliation')
    .select('profile')
    .distinct()
    .where('person_id', '=', personId)
    .execute()
  const held = new Set(rows.map(({ profile }) => profile))
  return profileOrder.filter((profile) => held.has(profile))
}

/**
 * Finds people by the identifier an academy knows them under (its jointure), whatever the kind of record. Several people
 * may bear the same: each academy numbers pupils, guardians and staff apart.
 * @returns identifiers of people, each once.
 */
export async function findPeopleByReference(tx: Tx, academyCode: string, externalId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct p.id
    from directory.source s join directory.source_record r on r.source_id = s.id
      join directory.person p on p.id = r.subject_id
    where s.academy_code = ${academyCode} and r.external_id = ${externalId}
      and r.kind in ('pupil', 'guardian', 'staff') and r.gone_on is null and p.gone_on is null`.execute(tx)
  return rows.map(({ id }) => id)
}

/** The identifiers under which academies know some people. */
export async function listReferences(
  tx: Tx,
  personIds: string[],
): Promise<{ personId: string; academyCode: string; externalId: string; record: 'pupil' | 'guardian' | 'staff' }[]> {
  const { rows } = await sql<Awaited<ReturnType<typeof listReferences>>[number]>`
    select r.subject_id as "personId", s.academy_code as "academyCode", r.external_id as "externalId", r.kind as record
    from directory.source_record r join directory.source s on s.id = r.source_id
    where r.subject_id = any(${personIds}::uuid[]) and s.academy_code is not null
      and r.kind in ('pupil', 'guardian', 'staff') and r.gone_on is null
    order by 1, 2, 3`.execute(tx)
  return rows
}

/** Whether someone teaches a class or group that a pupil belongs to this school year. */
export async function teachesPupil(tx: Tx, teacherId: string, pupilId: string): Promise<boolean> {
  const { rows } = await sql`
    select from directory.teaching t join directory.membership m on m.teaching_group_id = t.teaching_group_id
      join directory.teaching_group g on g.id = t.teaching_group_id
    where t.person_id = ${teacherId} and m.person_id = ${pupilId} and ${isShown('g')}
    limit 1`.execute(tx)
  return rows.length > 0
}
