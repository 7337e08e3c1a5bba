import { actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { getStanding, type Standing } from './standing.ts'

type Request = Parameters<typeof actorOf>[0] & { params: { slug: string } }

/** Does what a request under `/agreements/:slug` asks, in one transaction, for who the reader is in that agreement. */
export function actIn(services: Services) {
  return <T>(request: Request, work: (tx: Tx, standing: Standing, now: Date) => Promise<T>): Promise<T> => {
    const actor = actorOf(request)
    const now = services.now()
    return inTenant(services.db, actor.tenantId, async (tx) =>
      work(tx, await getStanding(tx, actor, request.params.slug, now), now),
    )
  }
}
