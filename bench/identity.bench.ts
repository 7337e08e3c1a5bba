import { hash, verify } from '@node-rs/argon2'
import { createApp } from '../server/src/app.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import { createPerson } from '../server/src/modules/directory/index.ts'
import {
  createDemonstrationAccounts,
  createPasswordHasher,
  listDemonstrationAccounts,
} from '../server/src/modules/identity/index.ts'
import type { Bench } from './run.ts'
import { openBenchStores, percentile } from './server.ts'

const people = 200
const atOnce = 64
const rounds = 6
const seconds = 2

/**
 * Sign-ins by password on an opening day: many people at once, each attempt counted, verified and given a session. The
 * ceiling is argon2 alone, on as many threads as there are. They take turns, so that a busy machine slows both.
 */
export const benches: Bench[] = [
  {
    name: 'identity.signin',
    async run() {
      const bench = await openBenchStores()
      try {
        const { services, tenant } = bench
        const accounts = await inTenant(services.db, tenant.id, async (tx) => {
          const made: { personId: string; profile: string }[] = []
          for (let i = 0; i < people; i += 1) {
            const { id } = await createPerson(tx, { givenName: 'Camille', familyName: `Essai ${i}` })
            made.push({ personId: id, profile: 'pupil' })
          }
          await createDemonstrationAccounts(tx, createPasswordHasher(), made, services.now())
          return listDemonstrationAccounts(tx)
        })
        const app = await createApp(bench.config, services)
        let next = 0
        const signIn = async () => {
          const account = accounts[(next += 1) % people]!
          const response = await app.inject({
            method: 'POST',
            url: '/api/identity/sign-in',
            payload: { login: account.login, password: account.password },
          })
          if (response.statusCode !== 204) throw new Error(`A sign-in was refused: ${response.body}`)
        }
        const stored = await hash('bench', { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
        const [measured, raw] = [new Tally(), new Tally()]
        for (let round = 0; round < rounds; round += 1) {
          await measured.repeat(atOnce, signIn)
          await raw.repeat(4, () => verify(stored, 'bench'))
        }
        await app.close()
        return [
          {
            bench: 'identity.signin',
            value: measured.perSecond,
            unit: 'sign-ins/s',
            ceiling: raw.perSecond,
            ratio: measured.perSecond / raw.perSecond,
          },
          {
            bench: 'identity.signin.p95',
            value: percentile(measured.latencies, 0.95),
            unit: `ms, ${atOnce} at once`,
            ceiling: null,
            ratio: null,
          },
        ]
      } finally {
        await bench.close()
      }
    },
  },
]

/** How often a work was done, again and again, several at once, in rounds of some seconds. */
class Tally {
  readonly latencies: number[] = []
  private elapsed = 0

  get perSecond(): number {
    return this.latencies.length / (this.elapsed / 1_000)
  }

  async repeat(lanes: number, work: () => Promise<unknown>): Promise<void> {
    const begun = performance.now()
    const lane = async () => {
      while (performance.now() - begun < seconds * 1_000) {
        const start = performance.now()
        await work()
        this.latencies.push(performance.now() - start)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    this.elapsed += performance.now() - begun
  }
}
