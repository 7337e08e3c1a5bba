import type { FastifyRequest } from 'fastify'
import type { Actor } from '#kernel/access'
import { actorOf } from '#kernel/http'
import { Problem } from '#kernel/problem'

/** Who administers dashboards over the whole workspace. @throws Problem 403 `not_allowed`. */
export function administratorOf(request: FastifyRequest): Actor {
  const actor = actorOf(request)
  if (actor.rights.some((held) => held.right === 'insight.administer' && held.organisationId === null)) return actor
  throw new Problem(403, 'not_allowed', 'This needs a right over the whole workspace.')
}
