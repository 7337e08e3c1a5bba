import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fr } from './fr.ts'

const sources = join(import.meta.dirname, '../../../server/src')

test('every act the trail keeps is told in the reader’s language', () => {
  const acts = globSync('**/*.ts', { cwd: sources })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(join(sources, file), 'utf8').matchAll(/action: '(\w+\.\w+)'/g)])
    .map(([, act = '']) => act)
  expect(acts.length).toBeGreaterThan(30)
  expect(acts.filter((act) => !(act.replace('.', '_') in fr.identity.audit.action))).toEqual([])
})
