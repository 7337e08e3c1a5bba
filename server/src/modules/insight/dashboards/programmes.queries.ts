import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** Several courses that somebody answers for. */
export interface Programme {
  id: string
  name: string
  /** Keys of activities, in decimal. */
  courses: string[]
  /** Identifiers of people of the directory. */
  heads: string[]
}

/** By name. */
export async function listProgrammes(tx: Tx): Promise<Programme[]> {
  const { rows } = await sql<Programme>`
    select id, name,
      array(select course::text from insight.programme_course where programme_id = programme.id order by course) as courses,
      array(select person_id from insight.programme_head where programme_id = programme.id order by person_id) as heads
    from insight.programme order by name`.execute(tx)
  return rows
}

/** @returns whether it was added: not when another programme has this name. */
export async function insertProgramme(tx: Tx, row: { id: string; name: string }, now: Date): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await tables(tx)
    .insertInto('insight.programme')
    .values({ ...row, created_at: now })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows > 0n
}

/** @returns the identifier of the programme that has a name. */
export async function findProgrammeNamed(tx: Tx, name: string): Promise<string | undefined> {
  const found = await tables(tx)
    .selectFrom('insight.programme')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst()
  return found?.id
}

/** @returns whether there is such a programme. */
export async function renameProgramme(tx: Tx, { id, name }: { id: string; name: string }): Promise<boolean> {
  const { numUpdatedRows } = await tables(tx)
    .updateTable('insight.programme')
    .set({ name })
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Sets what a programme is made of and who answers for it. */
export async function replaceProgrammeParts(
  tx: Tx,
  id: string,
  parts: { courses: string[]; heads: string[] },
): Promise<void> {
  const insight = tables(tx)
  await insight.deleteFrom('insight.programme_course').where('programme_id', '=', id).execute()
  await insight.deleteFrom('insight.programme_head').where('programme_id', '=', id).execute()
  const courses = [...new Set(parts.courses)].map((course) => ({ programme_id: id, course }))
  const heads = [...new Set(parts.heads)].map((personId) => ({ programme_id: id, person_id: personId }))
  if (courses.length > 0) await insight.insertInto('insight.programme_course').values(courses).execute()
  if (heads.length > 0) await insight.insertInto('insight.programme_head').values(heads).execute()
}

/** @returns whether there was such a programme. */
export async function deleteProgramme(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tables(tx).deleteFrom('insight.programme').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}
