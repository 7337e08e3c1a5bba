import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeFullDisk, makeStoreDirectory } from './store-directory.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'preau-places-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('makeStoreDirectory', () => {
  test('makes what is missing of the path', () => {
    const { directory } = makeStoreDirectory(join(folder, 'a/b/c'))
    expect(statSync(directory).isDirectory()).toBe(true)
  })

  test('refuses at once a place where nothing can be made', () => {
    expect(() => makeStoreDirectory('/proc/preau/data')).toThrow(/\/proc\/preau\/data cannot hold data: .*PREAU_DATA/)
    expect(() => makeStoreDirectory('/proc')).toThrow(/\/proc cannot hold data: .*PREAU_DATA/)
  })

  test('names a file in the way', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => makeStoreDirectory(join(folder, 'file/data'))).toThrow('a part of this path is a file')
    expect(() => makeStoreDirectory(join(folder, 'file'))).toThrow('a part of this path is a file')
  })

  // Root goes through what is closed.
  test.runIf(process.getuid?.() !== 0)('tells the owner of a closed folder to open it', () => {
    mkdirSync(join(folder, 'closed'), { mode: 0o500 })
    expect(() => makeStoreDirectory(join(folder, 'closed'))).toThrow('open it by `chmod u+rwx`')
  })
})

test('a full disk is told, and nothing while there is room', () => {
  expect(describeFullDisk(folder, Infinity)).toContain(`MB are left on the disk of ${folder}`)
  expect(describeFullDisk(folder, 0)).toBeUndefined()
})
