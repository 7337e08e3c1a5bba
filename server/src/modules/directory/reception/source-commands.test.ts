import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommandContext } from '#kernel/module'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePupil, writeSmallFeed } from '../../../../test/small-feed.ts'
import { importCommands } from '../imports/import-commands.ts'
import type { ImportView } from '../imports/imports.routes.ts'
import { sourceCommands } from './source-commands.ts'
import type { SourceView } from './sources.routes.ts'

let test: TestApp
let folder: string
let printed: string[] = []
beforeAll(async () => {
  test = await openTestApp()
  folder = await mkdtemp(join(tmpdir(), 'preau-commands-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

function run(line: string, ...positionals: string[]): Promise<unknown> {
  const command = [...importCommands, ...sourceCommands].find((each) => each.name === line)
  if (!command) throw new Error(`no command ${line}`)
  printed = []
  const context: CommandContext = {
    ...test.services,
    tenant: async () => test.tenant,
    print: (text) => printed.push(text),
    progress: () => {},
    signal: new AbortController().signal,
  }
  return command.run(context, positionals, {})
}

const incoming = () => readdir(join(test.config.dataDirectory, 'incoming')).catch(() => [])

it('imports an archive as it does a folder, and leaves nothing of it', async () => {
  const made = await writeSmallFeed(join(folder, 'made'), {
    establishments: [makeEstablishment('52')],
    pupils: [makePupil('101', '52')],
  })
  const archive = join(folder, 'ENT2DVA.20260914.tar.gz')
  execFileSync('tar', ['czf', archive, '-C', made, '.'])
  expect(await run('import', archive)).toMatchObject({ state: 'applied', counts: { pupil: { added: 1 } } })
  expect(await incoming()).toEqual([])
})

it('refuses a damaged archive, and what is neither archive nor folder', async () => {
  const archive = join(folder, 'half.zip')
  await writeFile(archive, 'half of it')
  await expect(run('import', archive)).rejects.toMatchObject({ status: 422, code: 'archive_damaged' })
  await expect(run('import', join(folder, 'nothing.zip'))).rejects.toMatchObject({ code: 'folder_unknown' })
  const imports = (await run('imports')) as ImportView[]
  expect(imports.map(({ state }) => state)).toEqual(['refused', 'applied'])
  expect(await incoming()).toEqual([])
})

it('lists the sources, gives one a folder, looks at the folders', async () => {
  const { sources } = (await run('feeds')) as { sources: SourceView[] }
  expect(printed.join('\n')).toMatch(/AAF 2D, académie 20 {2}last: .* applied {2}next: any time/)
  const drops = join(folder, 'drops')
  await mkdir(drops)
  await expect(run('feed folder', 'not-an-id', drops)).rejects.toMatchObject({ code: 'folder_needed' })
  expect(await run('feed folder', sources[0]!.id, drops)).toEqual({ folder: drops })
  await writeFile(join(drops, 'ENT2DVA.20260915.tgz'), 'no archive')
  await writeFile(join(drops, 'complete.ok'), '')
  await run('feed watch')
  expect(await readdir(drops)).toEqual([])
  expect(((await run('imports')) as ImportView[])[0]).toMatchObject({ state: 'staging', unattended: true })
})
