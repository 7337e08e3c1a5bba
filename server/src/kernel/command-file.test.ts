import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { readJsonFile, readSecretFile, readTextFile } from './command-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-command-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

const schema = z.object({ items: z.array(z.object({ width: z.enum(['half', 'full']) })) })

test('a file is read as it should be, and else it is said which file, where and why', async () => {
  const file = join(folder, 'items.json')
  const read = async (content: string) => {
    await writeFile(file, content)
    return readJsonFile(file, schema)
  }
  expect(await read('{"items": [{"width": "half"}], "custom": true}')).toEqual({ items: [{ width: 'half' }] })
  await expect(read('{"items": [\n{"width" "half"}]}')).rejects.toMatchObject({
    code: 'json_invalid',
    message: expect.stringMatching(/items\.json is no JSON: .*line 2 column 10/) as unknown,
  })
  await expect(read('{"items": [{"width": "half"}, {"width": "huge"}]}')).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/items\.json:[^]*items\[1\]\.width/) as unknown,
  })
  await expect(readTextFile(undefined)).rejects.toMatchObject({ code: 'file_needed' })
  await expect(readTextFile(join(folder, 'none.json'))).rejects.toMatchObject({
    code: 'file_not_found',
    message: expect.stringContaining('none.json') as unknown,
  })
  await expect(readTextFile(folder)).rejects.toMatchObject({ code: 'file_not_found' })
})

test('a secret is what its file holds, and there is one', async () => {
  const file = join(folder, 'secret')
  await writeFile(file, 's3cret\n')
  expect(await readSecretFile(file)).toBe('s3cret')
  await writeFile(file, ' \n')
  for (const path of [file, join(folder, 'none'), undefined])
    await expect(readSecretFile(path)).rejects.toMatchObject({ code: 'secret_missing' })
})
