import { randomUUIDv7 } from 'node:crypto'
import { listPersonSummaries } from '#modules/directory'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  findProgrammeNamed,
  insertProgramme,
  type Programme,
  renameProgramme,
  replaceProgrammeParts,
} from './programmes.queries.ts'

/**
 * Adds a programme.
 * @throws Problem 409 `programme_exists`; 422 `programme_head_unknown`.
 */
export async function createProgramme(tx: Tx, input: Omit<Programme, 'id'>, now: Date): Promise<Programme> {
  const programme = { id: randomUUIDv7(), ...input }
  await checkHeads(tx, input.heads)
  if (!(await insertProgramme(tx, { id: programme.id, name: input.name }, now))) throw alreadyNamed()
  await replaceProgrammeParts(tx, programme.id, input)
  return programme
}

/**
 * Changes the name, the courses and the heads of a programme.
 * @throws Problem 404 `programme_not_found`; 409 `programme_exists`; 422 `programme_head_unknown`.
 */
export async function updateProgramme(tx: Tx, programme: Programme): Promise<void> {
  await checkHeads(tx, programme.heads)
  const named = await findProgrammeNamed(tx, programme.name)
  if (named !== undefined && named !== programme.id) throw alreadyNamed()
  if (!(await renameProgramme(tx, programme))) throw programmeNotFound()
  await replaceProgrammeParts(tx, programme.id, programme)
}

async function checkHeads(tx: Tx, heads: string[]): Promise<void> {
  const known = await listPersonSummaries(tx, heads)
  if (new Set(heads).size > known.length)
    throw new Problem(422, 'programme_head_unknown', 'The directory does not know one of the heads.')
}

export const programmeNotFound = () => new Problem(404, 'programme_not_found', 'No such programme is kept.')

const alreadyNamed = () => new Problem(409, 'programme_exists', 'Another programme has this name.')
