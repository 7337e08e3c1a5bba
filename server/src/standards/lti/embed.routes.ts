import { access } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { z } from 'zod'
import { findFrame } from './launches.queries.ts'
import { allowFraming } from './pages.ts'
import { elementScript } from './portal-element.ts'

const dist = join(import.meta.dirname, '../../../../web/dist')

/** The page that a launch shows in its frame, and the element by which portals frame it. */
export async function registerEmbedding(app: App, services: Services): Promise<void> {
  app.get(
    '/embed/preau-indicator.js',
    { config: { access: 'public' }, schema: { hide: true } },
    async (_request, reply) => {
      reply.raw.setHeader('cross-origin-resource-policy', 'cross-origin')
      return reply
        .header('cache-control', 'public, max-age=3600')
        .header('access-control-allow-origin', '*')
        .type('text/javascript; charset=utf-8')
        .send(elementScript)
    },
  )

  const page = await findPage()
  await app.register(async (scope: App) => {
    await scope.register(fastifyStatic, { root: dist, serve: false, preCompressed: true, cacheControl: false })
    // The page has addresses of its own under that of the launch.
    for (const url of ['/embed/:launch', '/embed/:launch/*']) {
      scope.get(
        url,
        {
          config: { access: 'public', ofTenant: true },
          schema: { hide: true, params: z.object({ launch: z.string().max(100) }) },
        },
        async (request, reply) => {
          if (page === undefined) throw new Problem(404, 'not_found', 'Nothing is served at this address.')
          const { launch } = request.params
          const frame = z.uuid().safeParse(launch).success
            ? await inTenant(services.db, request.tenant.id, (tx) => findFrame(tx, launch))
            : undefined
          allowFraming(reply, policyFor(frame))
          return reply.header('cache-control', 'no-cache').sendFile(page)
        },
      )
    }
  })
}

/** Like that of the other pages, but framed by one other origin, to which a choice is sent back. */
function policyFor(frame: { origin: string; returnUrl: string | null } | undefined): string {
  return [
    `default-src 'self'`,
    `base-uri 'self'`,
    `font-src 'self'`,
    `img-src 'self' data:`,
    `object-src 'none'`,
    `script-src 'self'`,
    `script-src-attr 'none'`,
    `style-src 'self' 'unsafe-inline'`,
    // Where the platform wants to be told what was chosen.
    `form-action ${frame?.returnUrl ? new URL(frame.returnUrl).origin : `'none'`}`,
    // A page that nobody launched is framed by nobody.
    `frame-ancestors ${frame?.origin ?? `'none'`}`,
  ].join('; ')
}

async function findPage(): Promise<string | undefined> {
  for (const name of ['embed.html', 'index.html']) {
    const exists = await access(join(dist, name)).then(
      () => true,
      () => false,
    )
    if (exists) return name
  }
  return undefined
}
