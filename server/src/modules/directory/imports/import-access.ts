import type { FastifyRequest } from 'fastify'
import type { Actor } from '#kernel/access'
import { actorOf } from '#kernel/http'
import { Problem } from '#kernel/problem'

/**
 * Who looks after the feeds. A feed reaches every establishment of an academy: a right limited to one is not enough.
 * @throws Problem 403 `not_allowed`.
 */
export function importerOf(request: FastifyRequest): Actor {
  const actor = actorOf(request)
  if (!actor.rights.some((held) => held.right === 'directory.import' && held.organisationId === null)) {
    throw new Problem(403, 'not_allowed', 'Importing needs a right over the whole workspace.')
  }
  return actor
}
