import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rulesVersion } from './learning-event.ts'

// What decides which event a statement gives.
const rules = ['*.ts', 'dialects/*.ts', '../projection/event-rows.ts']
const others = /\.test\.ts$|^coverage/

/** Of what the files do: comments and spaces do not count, nor does the version itself. */
function digestRules(): string {
  const digest = createHash('sha256')
  const files = rules.flatMap((pattern) => globSync(pattern, { cwd: import.meta.dirname }))
  for (const file of files.filter((each) => !others.test(each)).sort()) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8')
      .replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '')
      .replace(/^export const rulesVersion = .*$/m, '')
      .replaceAll(/\s+/g, '')
    digest.update(`${file}\n${text}\n`)
  }
  return digest.digest('hex').slice(0, 16)
}

// When this fails: raise `rulesVersion` if a statement may give another event than before, so that projections are made
// anew; then note both here.
test('rules that change have another version', () => {
  expect({ version: rulesVersion, rules: digestRules() }).toEqual({ version: 3, rules: '09829bd0eff9eed8' })
})
