import { spawn } from 'node:child_process'
import { join } from 'node:path'

// `npm run check`: types, lint, format, dead code, API drift; here and in CI the same.
const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)

const checks: [string, string, string[]][] = [
  ['types of the server', bin('tsc'), ['-p', 'server']],
  ['types of the web', bin('tsc'), ['-p', 'web']],
  ['types of the journeys', bin('tsc'), ['-p', 'e2e']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['format', bin('oxfmt'), ['--check', '.']],
  ['dead code', bin('knip'), []],
  ['API description', process.execPath, [join(root, 'tools/openapi.ts'), '--check']],
]

/** Runs every check, one after the other, and shows what the failing ones say. */
export async function check(): Promise<boolean> {
  let passed = true
  for (const [name, command, args] of checks) {
    const begun = performance.now()
    const { status, output } = await run(command, args)
    console.log(`${status === 0 ? '✓' : '✗'} ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
    if (status !== 0) console.log(output)
    passed &&= status === 0
  }
  return passed
}

function run(command: string, args: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (status) => resolve({ status: status ?? 1, output }))
  })
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await check()) ? 0 : 1
