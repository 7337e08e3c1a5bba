import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fr } from './fr.ts'

const sources = join(import.meta.dirname, '../../../server/src')

/** Codes that only who writes on the command line or speaks a wire protocol can meet. */
const apart =
  /(-commands|command-file|command-words|cli|\.test)\.ts$|^(demonstration|standards)\/|^modules\/records\/(documents|model|store|transfer)\//

test('every refusal a page can meet is told in the reader’s language', () => {
  const untold = globSync('**/*.ts', { cwd: sources })
    .filter((file) => !apart.test(file))
    .flatMap((file) =>
      [...readFileSync(join(sources, file), 'utf8').matchAll(/new Problem\(\s*\w+,\s*'(\w+)'/g)].map(([, code = '']) =>
        code in fr.problems ? '' : `${code} (${file})`,
      ),
    )
  expect(untold.filter(Boolean)).toEqual([])
})
