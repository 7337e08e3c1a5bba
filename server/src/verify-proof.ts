import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Problem } from '#kernel/problem'
import { parseVerifier, verifyProof } from '#modules/governance'

// Verifies a proof of a consortium's journal without a database or a network: `npm run verify-proof -- FILE --key KEY`.
// Exit codes: 0 it holds, 1 it does not, 2 the words cannot be understood.
const { values, positionals } = parseArgs({ options: { key: { type: 'string' } }, allowPositionals: true })
const [file] = positionals
const verifier = parseVerifier(values.key ?? '')
if (file === undefined || !verifier) {
  process.stderr.write('npm run verify-proof -- FILE.tlog-proof --key NAME+ID+KEY\n')
  process.exitCode = 2
} else {
  try {
    const { origin, seq, size, content } = verifyProof(await readFile(file, 'utf8'), verifier)
    process.stdout.write(`${content}\n`)
    process.stderr.write(`Event ${seq} of ${size} in the journal ${origin}: the proof holds.\n`)
  } catch (error) {
    const reason =
      error instanceof Problem || (error as NodeJS.ErrnoException).code ? (error as Error).message : undefined
    if (reason === undefined) throw error
    process.stderr.write(`${reason}\n`)
    process.exitCode = 1
  }
}
process.disconnect?.()
