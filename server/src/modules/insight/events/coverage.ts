import { listSources } from '#modules/records'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listBuilds } from '../projection/builds.queries.ts'
import { listCoverage, listVerbCoverage } from './coverage.queries.ts'

/** Verbs told of at most: sources may invent any number. */
const mostVerbs = 500

/**
 * What share of the statements of the last days was understood.
 * @param asked `days`: of arrival (UTC), today included.
 * @returns no statements before anything was projected.
 */
export async function readCoverage(
  services: Pick<Services, 'db' | 'clickhouse' | 'now'>,
  { tenantId, days, source }: { tenantId: string; days: number; source?: string | undefined },
) {
  const { builds, sources } = await inTenant(services.db, tenantId, async (tx) => ({
    builds: await listBuilds(tx),
    sources: (await listSources(tx)).map(({ id, name }) => ({ id, name })),
  }))
  const read = builds.find(({ state }) => state === 'read')
  if (read === undefined) return { rules: null, sources, parts: [], verbs: [] }
  const since = new Date(services.now().getTime() - (days - 1) * 86_400_000).toISOString().slice(0, 10)
  const range = { tenantId, build: read.build, since, sourceId: source ?? null }
  const clickhouse = await services.clickhouse()
  const [parts, verbs] = await Promise.all([
    listCoverage(clickhouse, range),
    listVerbCoverage(clickhouse, range, mostVerbs),
  ])
  return { rules: read.rules, sources, parts, verbs }
}
