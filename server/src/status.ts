import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { listPackageFaults } from '#modules/insight'

const store = z.object({
  name: z.enum(['postgres', 'clickhouse']),
  place: z.enum(['embedded', 'server']),
  ready: z.boolean(),
  /** Milliseconds of a bare query. */
  latencyMs: z.number(),
  version: z.string().nullable(),
})

/** Where each store is. */
interface Places {
  postgres: 'embedded' | 'server'
  clickhouse: 'embedded' | 'server'
}

/**
 * Tells whether the program works: `/livez` (the process answers), `/readyz` (both stores answer: 200, else 503), and
 * for operators `/api/status` with figures.
 */
export function serveStatus(app: App, services: Services, places: Places): void {
  const startedAt = services.now()
  const probes = {
    postgres: async () => {
      const { rows } = await services.owner.query<{ version: string }>(
        `select current_setting('server_version') as version`,
      )
      return rows[0]?.version
    },
    clickhouse: async () => {
      const result = await (
        await services.clickhouse()
      ).query({ query: 'select version() as version', format: 'JSONEachRow' })
      const rows = await result.json<{ version: string }>()
      return rows[0]?.version
    },
  }
  const probe = async (name: 'postgres' | 'clickhouse') => {
    const begun = performance.now()
    const version = await withTimeout(probes[name](), 3_000).catch(() => undefined)
    return {
      name,
      place: places[name],
      ready: version !== undefined,
      latencyMs: Math.round((performance.now() - begun) * 10) / 10,
      version: version ?? null,
    }
  }

  const health = z.object({ ready: z.boolean(), postgres: z.boolean(), clickhouse: z.boolean() })
  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the program is ready',
        response: { 200: health, 503: health },
      },
    },
    async (_, reply) => {
      const [postgres, clickhouse] = await Promise.all([probe('postgres'), probe('clickhouse')])
      const ready = postgres.ready && clickhouse.ready
      return reply.status(ready ? 200 : 503).send({ ready, postgres: postgres.ready, clickhouse: clickhouse.ready })
    },
  )
  app.get(
    '/livez',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getLiveness',
        summary: 'Whether the process answers',
        response: { 200: z.object({ alive: z.literal(true) }) },
      },
    },
    async () => ({ alive: true as const }),
  )
  app.get(
    '/api/status',
    {
      config: { access: { right: 'instance.operate' } },
      schema: {
        operationId: 'getStatus',
        summary: 'State of the instance',
        response: {
          200: z.object({
            version: z.string(),
            startedAt: z.iso.datetime(),
            stores: z.array(store),
            jobs: z.array(
              z.object({ queue: z.string(), waiting: z.number(), running: z.number(), failed: z.number() }),
            ),
            /** Packages that the configuration names for their indicators, and that bring none. */
            packageFaults: z.array(z.object({ name: z.string(), installed: z.boolean() })),
            memoryBytes: z.number(),
          }),
        },
      },
    },
    async () => ({
      version: '0.1.0',
      startedAt: startedAt.toISOString(),
      stores: await Promise.all([probe('postgres'), probe('clickhouse')]),
      jobs: await services.jobs.count(),
      packageFaults: await listPackageFaults(services.indicatorPackages),
      memoryBytes: process.memoryUsage.rss(),
    }),
  )
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger())
}

function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('no answer in time')), milliseconds).unref()
    }),
  ])
}
