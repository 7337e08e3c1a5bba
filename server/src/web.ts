import { access } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { App } from '#kernel/http'
import { Problem } from '#kernel/problem'

const dist = join(import.meta.dirname, '../../web/dist')

/**
 * Serves the built web application: its files, hashed assets for ever, and `index.html` for every address a person may
 * type, whose page the browser finds by itself. Without a build (tests of the API) only the API is served.
 */
export async function serveWeb(app: App): Promise<void> {
  const built = await access(join(dist, 'index.html')).then(
    () => true,
    () => false,
  )
  if (!built) return
  await app.register(fastifyStatic, { root: dist, serve: false, preCompressed: true, cacheControl: false })
  app.get('/*', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    if (path.startsWith('/api/')) throw new Problem(404, 'not_found', 'Nothing is served at this address.')
    if (!/\.\w+$/.test(path)) return reply.header('cache-control', 'no-cache').sendFile('index.html')
    const lasting = path.startsWith('/assets/')
    return reply
      .header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
      .sendFile(path.slice(1))
  })
}
