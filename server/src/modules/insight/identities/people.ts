import type { Tx } from '#kernel/postgres'
import { getLearner } from './identity-map.ts'
import { upsertTied } from './identity-map.queries.ts'

/**
 * Says that an actor of statements is a person of the directory, who then sees what they did.
 * @param input.identifier as records' `identifyAgent` says.
 */
export async function tiePerson(
  tx: Tx,
  { identifier, personId }: { identifier: string; personId: string },
  now: Date,
): Promise<void> {
  await upsertTied(tx, { identifier, learner: await getLearner(tx, identifier), personId }, now)
}
