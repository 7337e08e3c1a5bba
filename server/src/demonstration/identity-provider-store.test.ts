import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadKeys } from './identity-provider-store.ts'

test('providers that begin at once have the same keys, kept for the next start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preau-keys-'))
  try {
    const [first, ...others] = await Promise.all([loadKeys(folder), loadKeys(folder), loadKeys(folder)])
    expect(others).toEqual([first, first])
    expect(await loadKeys(folder)).toEqual(first)
    const [file, ...more] = await readdir(folder)
    expect(more).toEqual([])
    await writeFile(join(folder, file!), '{')
    const anew = await loadKeys(folder)
    expect(anew).not.toEqual(first)
    expect(await loadKeys(folder)).toEqual(anew)
  } finally {
    await rm(folder, { recursive: true })
  }
})
