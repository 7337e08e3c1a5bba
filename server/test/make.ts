import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { createPerson } from '#modules/directory'

let count = 0

/** Adds a person, with a profile in an organisation if given. */
export async function makePerson(
  tx: Tx,
  input: { givenName?: string; familyName?: string; profile?: string; in?: string } = {},
): Promise<string> {
  count += 1
  const { givenName = 'Camille', familyName = `Essai ${count}` } = input
  const { id } = await createPerson(tx, { givenName, familyName })
  if (input.profile !== undefined && input.in !== undefined) {
    await sql`insert into directory.affiliation (person_id, organisation_id, profile)
      values (${id}, ${input.in}, ${input.profile})`.execute(tx)
  }
  return id
}

/** Adds an establishment, within a territory if given. */
export async function makeEstablishment(tx: Tx, territoryId: string | null = null): Promise<string> {
  const id = randomUUIDv7()
  count += 1
  await sql`insert into directory.organisation (id, kind, name, level, parent_id)
    values (${id}, 'establishment', ${`Collège ${count}`}, 'lowerSecondary', ${territoryId})`.execute(tx)
  return id
}

/** Adds a territory. */
export async function makeTerritory(tx: Tx): Promise<string> {
  const id = randomUUIDv7()
  await sql`insert into directory.organisation (id, kind, name) values (${id}, 'territory', 'Territoire')`.execute(tx)
  return id
}

/** Adds a class of the school year that holds a day, with its pupils and teachers. */
export async function makeClass(
  tx: Tx,
  input: { establishment: string; pupils: string[]; teachers: string[]; mainTeachers?: string[]; startYear: number },
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into directory.school_year (id, start_year, starts_on, ends_on)
    values (${randomUUIDv7()}, ${input.startYear}, ${`${input.startYear}-09-01`}, ${`${input.startYear + 1}-08-31`})
    on conflict (tenant_id, start_year) do update set start_year = excluded.start_year returning id`.execute(tx)
  const id = randomUUIDv7()
  const sourceId = randomUUIDv7()
  count += 1
  await sql`insert into directory.teaching_group (id, establishment_id, school_year_id, kind, code, name)
    values (${id}, ${input.establishment}, ${rows[0]?.id}, 'class', ${`C${count}`}, ${`C${count}`})`.execute(tx)
  for (const pupil of input.pupils) {
    await sql`insert into directory.membership (person_id, teaching_group_id, source_id)
      values (${pupil}, ${id}, ${sourceId})`.execute(tx)
  }
  for (const teacher of input.teachers) {
    await sql`insert into directory.teaching (person_id, teaching_group_id, source_id, main_teacher)
      values (${teacher}, ${id}, ${sourceId}, ${input.mainTeachers?.includes(teacher) ?? false})`.execute(tx)
  }
  return id
}

/** Makes an academy know a person under an identifier of its own. */
export async function makeReference(
  tx: Tx,
  personId: string,
  input: { academyCode: string; externalId: string; record: 'pupil' | 'guardian' | 'staff' },
): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    insert into directory.source (id, kind, key, academy_code, name)
    values (${randomUUIDv7()}, 'aaf2d', ${input.academyCode}, ${input.academyCode}, 'AAF')
    on conflict (tenant_id, kind, key) do update set name = excluded.name returning id`.execute(tx)
  await sql`insert into directory.source_record (source_id, kind, external_id, subject_id, hash, body)
    values (${rows[0]?.id}, ${input.record}, ${input.externalId}, ${personId}, '', '{}')`.execute(tx)
}

/** Makes someone a guardian of a pupil; the affiliation to the pupil's establishment is the caller's business. */
export async function makeGuardianship(
  tx: Tx,
  input: { pupil: string; guardian: string; legalStatus?: 'legal' | 'inCharge' | 'none' },
): Promise<void> {
  await sql`insert into directory.guardianship (pupil_id, guardian_id, source_id, link_code, legal_status)
    values (${input.pupil}, ${input.guardian}, ${randomUUIDv7()}, '10', ${input.legalStatus ?? 'legal'})`.execute(tx)
}
