import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, readConfig } from '../server/src/kernel/config.ts'
import type { Services } from '../server/src/kernel/module.ts'
import { createTenant, type Tenant } from '../server/src/kernel/tenancy.ts'
import { createServices, queues } from '../server/src/app.ts'
import { openStores, type Stores } from '../server/src/stores.ts'

/** Stores of their own for one benchmark, in a temporary folder, empty but for one tenant. */
export interface BenchStores {
  config: Config
  stores: Stores
  services: Services
  tenant: Tenant
  /** Folder that may hold what the benchmark makes; removed at the end. */
  folder: string
  close(): Promise<void>
}

/** Opens them; `DATABASE_URL` and `CLICKHOUSE_URL` are not used: a benchmark never touches anybody's data. */
export async function openBenchStores({ supervise = false } = {}): Promise<BenchStores> {
  const folder = await mkdtemp(join(process.env['PREAU_BENCH'] ?? tmpdir(), 'preau-bench-'))
  // Started by root, PostgreSQL runs as someone else, who has to get through.
  await chmod(folder, 0o711)
  const config = readConfig({ PREAU_DATA: join(folder, 'data'), LOG_LEVEL: 'silent', PREAU_DEMO: '0' })
  const stores = await openStores(config, { queues, supervise, log: () => {} })
  const services = createServices(config, stores)
  const tenant = await createTenant(services.owner, { slug: 'bench', name: 'Banc d’essai' })
  return {
    config,
    stores,
    services,
    tenant,
    folder,
    async close() {
      await stores.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The value below which a share (0 to 1) of the values lies. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}
