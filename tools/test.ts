import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { check } from './check.ts'

// `npm test`: everything. `npm test -- server/src/kernel` runs only the tests below a path, without the checks.
const root = join(import.meta.dirname, '..')
const paths = process.argv.slice(2)

let passed = paths.length > 0 || (await check())
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
// One project after the other: a browser, two databases and two workers would fight for two cores.
for (const project of ['server', 'web', 'e2e']) {
  const args = [vitest, 'run', '--project', project, '--passWithNoTests', ...paths]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  passed &&= status === 0
}
process.exitCode = passed ? 0 : 1
