import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Services } from '../server/src/kernel/module.ts'
import { createHttp } from '../server/src/kernel/http.ts'
import { modules } from '../server/src/app.ts'
import { serveStatus } from '../server/src/status.ts'

const root = join(import.meta.dirname, '..')
const openapiFile = join(root, 'server/openapi.json')
const typesFile = join(root, 'web/src/api/schema.d.ts')

/** The API as the routes declare it. No store is opened: routes are registered, never called. */
export async function describeApi(): Promise<string> {
  const unreachable = () => Promise.reject(new Error('Only routes are read here.'))
  const services = { now: () => new Date(0), publicUrl: 'http://localhost', dataDirectory: '.' } as Services
  const app = await createHttp({
    publicUrl: 'http://localhost',
    logLevel: 'silent',
    findTenant: unreachable,
    authenticate: unreachable,
    authenticateClient: unreachable,
    findViewer: unreachable,
  })
  for (const module of modules) await module.register(app, services)
  serveStatus(app, services, { postgres: 'embedded', clickhouse: 'embedded' })
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), undefined, 2)}\n`
  await app.close()
  return text
}

// `node tools/openapi.ts` writes both files; with --check it fails when one of them is not what the routes say.
if (process.argv[1] === import.meta.filename) {
  const wanted = await describeApi()
  if (process.argv.includes('--check')) {
    const current = await readFile(openapiFile, 'utf8').catch(() => '')
    if (current !== wanted) {
      console.error('server/openapi.json is not what the routes say: run `npm run openapi` and review its diff.')
      process.exit(1)
    }
  } else {
    await writeFile(openapiFile, wanted)
    // openapi-typescript needs the compiler API that TypeScript 7 no longer has: it lives apart, with its own.
    const generator = join(root, 'tools/openapi/node_modules/openapi-typescript/bin/cli.js')
    const result = spawnSync(process.execPath, [generator, openapiFile, '--output', typesFile], { stdio: 'inherit' })
    process.exitCode = result.status ?? 1
  }
}
