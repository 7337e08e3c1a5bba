import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from './check.ts'

// `npm test`: everything. `npm test -- server/src/kernel` runs only the tests below a path, without the checks.
const root = join(import.meta.dirname, '..')
const paths = process.argv.slice(2)
const reports = mkdtempSync(join(tmpdir(), 'preau-reports-'))

/** What failed, told once more at the end: a long log is read from there. */
const failed: string[] = paths.length > 0 || (await check()) ? [] : ['the checks of the code']
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
// One project after the other: a browser, two databases and two workers would fight for two cores.
for (const project of ['server', 'web', 'e2e']) {
  const report = join(reports, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const args = [vitest, 'run', '--project', project, '--passWithNoTests', ...reporters, ...paths]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) failed.push(`${project}: ended with ${status}`, ...listFailures(report))
}
rmSync(reports, { recursive: true })
console.log(
  failed.length === 0 ? '\n✓ everything passed' : `\n✗ failed:\n${failed.map((each) => `  ${each}`).join('\n')}`,
)
process.exitCode = failed.length === 0 ? 0 : 1

function listFailures(report: string): string[] {
  interface Report {
    testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
  }
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
    return testResults
      .filter(({ status }) => status === 'failed')
      .flatMap(({ name, assertionResults }) => [
        name.slice(root.length + 1),
        ...assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `  ${fullName}`),
      ])
  } catch {
    return ['it wrote no report']
  }
}
