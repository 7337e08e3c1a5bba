import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { openBenchStores } from '../bench/server.ts'
import { createApp } from '../server/src/app.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import { createCredential } from '../server/src/modules/records/credentials/credentials.ts'

// `node tools/run.mjs tools/xapi-conformance.ts FOLDER [1.0.3] [2.0.0]`: the public conformance suite of ADL against a server
// on stores of its own. FOLDER is a clone of adlnet/lrs-conformance-test-suite in which `npm install` was run.

interface Tests {
  title: string
  status: string
  error?: string
  tests?: Tests[]
}

interface Log {
  summary: { total: number; passed: number }
  log?: Tests
}

const [folder, ...asked] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Say where the suite is: tools/xapi-conformance.ts FOLDER [1.0.3] [2.0.0]')
  process.exit(2)
}
const suite = resolve(folder)

const bench = await openBenchStores()
const { services, stores, tenant, config } = bench
const { credential, secret } = await inTenant(services.db, tenant.id, (tx) =>
  createCredential(tx, null, { name: 'ADL', scopes: ['all'] }, services.now()),
)
const app = await createApp(config, { ...services, db: stores.postgres.web })
await app.listen({ port: 0, host: '127.0.0.1' })
const endpoint = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/xapi`
try {
  for (const version of asked.length > 0 ? asked : ['1.0.3', '2.0.0']) {
    const { summary, log } = await runSuite(version)
    // A hook that fails hides the tests behind it: only the total tells that all were run.
    const whole = summary.passed === summary.total
    console.log(`${whole ? '✓' : '✗'} xAPI ${version}: ${summary.passed} of ${summary.total}`)
    if (!whole) {
      process.exitCode = 1
      for (const line of listFailures(log)) console.log(`  ${line}`)
    }
  }
} finally {
  await app.close()
  await bench.close()
}

/** Its exit code is a number of failures modulo 256: the log that it leaves is what counts. */
async function runSuite(version: string): Promise<Log> {
  const logs = join(suite, 'logs')
  const before = new Set(await readdir(logs).catch(() => []))
  const access = ['-a', '-u', credential.key, '-p', secret]
  const runner = spawn(process.execPath, ['bin/console_runner.js', '-e', endpoint, ...access, '-x', version, '-z'], {
    cwd: suite,
    stdio: 'ignore',
  })
  await new Promise((done) => runner.on('close', done))
  const made = (await readdir(logs)).find((name) => !before.has(name))
  if (made === undefined) throw new Error('The suite left no log.')
  return JSON.parse(await readFile(join(logs, made), 'utf8')) as Log
}

function listFailures(tests: Tests | undefined, path: string[] = []): string[] {
  if (!tests) return []
  const here = [...path, tests.title]
  if (tests.tests && tests.tests.length > 0) return tests.tests.flatMap((each) => listFailures(each, here))
  return tests.status === 'failed' ? [`${here.slice(-2).join(' › ')}: ${tests.error ?? ''}`] : []
}
