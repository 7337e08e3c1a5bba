import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { type BrowserProgram, findBrowser } from './browser.ts'
import { listLeftovers, root, startProduct } from './product.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the product answers, without a trailing slash. */
    url: string
    browser: BrowserProgram
    /** Its PREAU_DATA. */
    data: string
  }
}

/** Starts the whole product once, as people do, for every journey; at the end stops it and sees that nothing stays. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(join(root, 'web/dist/index.html'))) {
    throw new Error('The web pages are not built: run the journeys by `npm test -- e2e`.')
  }
  const { program, remove } = await findBrowser(process.env)
  const data = mkdtempSync(join(tmpdir(), 'preau-journeys-'))
  // The embedded PostgreSQL runs as another user than root and passes through.
  chmodSync(data, 0o711)
  const clean = () => {
    remove()
    rmSync(data, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const product = await startProduct({ data, variables: { PREAU_DEMO: '1' } })
    project.provide('url', product.url)
    project.provide('browser', program)
    project.provide('data', data)
    return async () => {
      const code = await product.stop()
      const leftovers = await listLeftovers(data)
      for (const { pid } of leftovers) process.kill(pid, 'SIGKILL')
      clean()
      if (code !== 0) throw new Error(`The product ended with ${code}:\n${product.output()}`)
      if (leftovers.length > 0) {
        throw new Error(`Left behind by the product: ${leftovers.map(({ command }) => command).join('; ')}`)
      }
    }
  } catch (error) {
    clean()
    throw error
  }
}
