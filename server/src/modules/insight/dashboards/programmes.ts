import { randomUUIDv7 } from 'node:crypto'
import { listPersonSummaries } from '#modules/directory'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  deleteProgramme,
  findProgrammeNamed,
  insertProgramme,
  type Programme,
  renameProgramme,
  replaceProgrammeParts,
} from './programmes.queries.ts'

/**
 * Adds a programme; its heads then see the dashboards of its courses.
 * @param by null for who operates the service.
 * @throws Problem 409 `programme_exists`; 422 `programme_head_unknown`.
 */
export async function createProgramme(
  tx: Tx,
  input: Omit<Programme, 'id'>,
  by: string | null,
  now: Date,
): Promise<Programme> {
  const programme = { id: randomUUIDv7(), ...input }
  await checkHeads(tx, input.heads)
  if (!(await insertProgramme(tx, { id: programme.id, name: input.name }, now))) throw alreadyNamed()
  await replaceProgrammeParts(tx, programme.id, input)
  await audit(tx, 'insight.programme_created', by, programme)
  return programme
}

/**
 * Changes the name, the courses and the heads of a programme.
 * @throws Problem 404 `programme_not_found`; 409 `programme_exists`; 422 `programme_head_unknown`.
 */
export async function updateProgramme(tx: Tx, programme: Programme, by: string | null): Promise<void> {
  await checkHeads(tx, programme.heads)
  const named = await findProgrammeNamed(tx, programme.name)
  if (named !== undefined && named !== programme.id) throw alreadyNamed()
  if (!(await renameProgramme(tx, programme))) throw programmeNotFound()
  await replaceProgrammeParts(tx, programme.id, programme)
  await audit(tx, 'insight.programme_changed', by, programme)
}

/**
 * Removes a programme; its courses and what was done there stay.
 * @throws Problem 404 `programme_not_found`.
 */
export async function removeProgramme(tx: Tx, id: string, by: string | null): Promise<void> {
  if (!(await deleteProgramme(tx, id))) throw programmeNotFound()
  await audit(tx, 'insight.programme_deleted', by, { id, courses: [], heads: [] })
}

async function checkHeads(tx: Tx, heads: string[]): Promise<void> {
  const known = new Set((await listPersonSummaries(tx, heads)).map(({ id }) => id))
  const unknown = heads.filter((head) => !known.has(head))
  if (unknown.length > 0)
    throw new Problem(422, 'programme_head_unknown', `The directory does not know these heads: ${unknown.join(', ')}.`)
}

const programmeNotFound = () => new Problem(404, 'programme_not_found', 'No such programme is kept.')

const alreadyNamed = () => new Problem(409, 'programme_exists', 'Another programme has this name.')

async function audit(
  tx: Tx,
  action: string,
  actorPersonId: string | null,
  { id, courses, heads }: Pick<Programme, 'id' | 'courses' | 'heads'>,
): Promise<void> {
  const detail = { courses: courses.length, heads: heads.length }
  await recordAudit(tx, { action, actorPersonId, subjectKind: 'programme', subjectId: id, detail })
}
