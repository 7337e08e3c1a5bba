import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSecrets } from './secrets.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'preau-secrets-'))
})
afterAll(() => rm(directory, { recursive: true }))

test('a secret opens where it was sealed, by whoever has the key, and nowhere else', async () => {
  const sealed = await createSecrets(directory, undefined).seal('clé secrète', 'provider a')
  expect(sealed).not.toContain('secr')
  const another = createSecrets(directory, undefined)
  expect(await another.open(sealed, 'provider a')).toBe('clé secrète')
  await expect(another.open(sealed, 'provider b')).rejects.toMatchObject({ code: 'secret_unreadable' })
  await expect(another.open(`${sealed.slice(0, -3)}AAA`, 'provider a')).rejects.toMatchObject({
    code: 'secret_unreadable',
  })
  expect((await stat(join(directory, 'secret-keys.json'))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(directory, 'secret-keys.json'), 'utf8')).not.toContain('secrète')
})

test('what was never sealed is given back; two sealings differ', async () => {
  const secrets = createSecrets(directory, undefined)
  expect(await secrets.open('clear', 'x')).toBe('clear')
  expect(await secrets.seal('same', 'x')).not.toBe(await secrets.seal('same', 'x'))
})

test('a renewed key seals from now on; the former opens what it sealed', async () => {
  const secrets = createSecrets(directory, undefined)
  const before = await secrets.seal('text', 'x')
  await secrets.renewKey()
  expect(await secrets.isCurrent(before)).toBe(false)
  expect(await secrets.isCurrent(await secrets.seal('text', 'x'))).toBe(true)
  expect(await secrets.open(before, 'x')).toBe('text')
})

test('two programs that start at once have the same key', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'preau-secrets-'))
  const sealed = await Promise.all([1, 2, 3, 4].map(() => createSecrets(fresh, undefined).seal('text', 'x')))
  for (const each of sealed) expect(await createSecrets(fresh, undefined).open(each, 'x')).toBe('text')
  await rm(fresh, { recursive: true })
})

test('keys of the configuration: the first seals, all open, none is made here', async () => {
  const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
  const sealed = await createSecrets(directory, one).seal('text', 'x')
  const both = createSecrets(directory, `${two}, ${one}`)
  expect(await both.open(sealed, 'x')).toBe('text')
  expect(await both.isCurrent(sealed)).toBe(false)
  await expect(both.renewKey()).rejects.toMatchObject({ code: 'secret_keys_configured' })
  await expect(createSecrets(directory, two).open(sealed, 'x')).rejects.toMatchObject({ code: 'secret_unreadable' })
  expect(() => createSecrets(directory, 'short')).toThrow('PREAU_SECRET_KEYS')
})
