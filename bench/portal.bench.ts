import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createApp } from '../server/src/app.ts'
import { writeAafFeed } from '../server/src/demonstration/index.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import { createAccount, openSession } from '../server/src/modules/identity/index.ts'
import { applyImport, stageImport } from '../server/src/modules/directory/index.ts'
import { sendLoad } from './load.ts'
import type { Bench } from './run.ts'
import { openBenchStores, percentile } from './server.ts'

const people = 100_000
const visitors = 1_000
const perSecond = 300

/**
 * The home page as on an opening-day morning: 1,000 people of every profile out of 100,000, 300 requests a second
 * arriving evenly whatever the answers' speed, session checked each time. The ceiling is the same server answering the
 * same rate on a route without any query.
 */
export const benches: Bench[] = [
  {
    name: 'portal.home',
    async run() {
      const bench = await openBenchStores()
      try {
        const { services, tenant, config, folder } = bench
        const feed = join(folder, 'feed')
        await writeAafFeed(feed, { people })
        const staged = await stageImport(services, { tenantId: tenant.id, folder: feed, actorPersonId: null })
        const request = { tenantId: tenant.id, id: staged.id, actorPersonId: null, acceptAlerts: false }
        await applyImport(services, request)
        // Even samples of pupils, guardians and staff.
        const { rows } = await services.owner.query<{ id: string }>(
          `select id from (select distinct on (person_id) person_id as id from directory.affiliation) people
           order by md5(id::text) limit $1`,
          [visitors],
        )
        const cookies = await inTenant(services.db, tenant.id, async (tx) => {
          const opened: string[] = []
          for (const { id } of rows) {
            const account = await createAccount(tx, id, services.now())
            const session = { account, method: 'password' as const }
            opened.push(`preau_session=${await openSession(tx, session, services.now())}`)
          }
          return opened
        })
        const app = await createApp(config, services)
        await app.listen({ port: 0, host: '127.0.0.1' })
        const { port } = app.server.address() as AddressInfo
        const home = { port, path: '/api/portal/home', cookies, perSecond }
        const floor = { ...home, path: '/livez' }
        // Both warmed before either is measured.
        await sendLoad({ ...home, seconds: 5 })
        await sendLoad({ ...floor, seconds: 2 })
        const measured = await sendLoad({ ...home, seconds: 20 })
        const ceiling = await sendLoad({ ...floor, seconds: 10 })
        await app.close()
        if (measured.errors > 0) throw new Error(`${measured.errors} requests failed`)
        const figure = (share: number, name: string) => {
          const value = percentile(measured.latencies, share)
          const raw = percentile(ceiling.latencies, share)
          return { bench: `portal.home.${name}`, value, unit: 'ms at 300/s', ceiling: raw, ratio: raw / value }
        }
        return [figure(0.5, 'p50'), figure(0.99, 'p99')]
      } finally {
        await bench.close()
      }
    },
  },
]
