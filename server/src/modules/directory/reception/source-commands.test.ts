import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommandContext } from '#kernel/module'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makeEstablishment, makePupil, writeSmallFeed } from '../../../../test/small-feed.ts'
import { importCommands } from '../imports/import-commands.ts'
import type { ImportView } from '../imports/imports.routes.ts'
import { raiseAlert } from './alerts.ts'
import type { FeedAlertView } from './alerts.queries.ts'
import { sourceCommands } from './source-commands.ts'
import type { SourceDetail, SourceView } from './sources.routes.ts'

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

async function getSourceId(): Promise<string> {
  const { sources } = (await run('feeds')) as { sources: SourceView[] }
  return sources[0]!.id
}

it('shows how a source is received, and changes only what is said of it', async () => {
  const id = await getSourceId()
  const settings = (...words: string[]) => runCommand(test, 'directory', 'feed', 'settings', id, ...words)
  const { settings: before } = (await settings()).result as SourceDetail
  const changed = await settings('--threshold', 'pupil=2.5', '--threshold', 'class=10', '--expected-at', '05:30')
  expect(changed.printed).toMatch(/may vanish: .*class=10 % .*pupil=2.5 %/)
  expect(changed.printed).toContain('expected: 05:30 on days 1,2,3,4,5,6,7')
  const { thresholds } = before
  expect(changed.result).toMatchObject({
    settings: { ...before, thresholds: { ...thresholds, pupil: 250, class: 1000 }, expectedAt: '05:30' },
  })
  const [entry] = await test.inTenant((tx) => listAudit(tx, 1, id))
  expect(entry).toMatchObject({ action: 'directory.source_changed', actorPersonId: null })
  expect(Object.keys(entry?.detail ?? {}).sort()).toEqual(['expectedAt', 'thresholds'])
  expect((await settings('--expected-at', 'none', '--unattended', 'no', '--retention-days', '7')).result).toMatchObject(
    {
      settings: { expectedAt: null, unattended: false, retentionDays: 7 },
    },
  )
})

it.each([
  [['--threshold', 'pupil=101'], '--threshold pupil=101'],
  [['--threshold', 'robot=5'], 'robot'],
  [['--small-limit', 'much'], '--small-limit'],
  [['--unattended', 'perhaps'], '--unattended'],
  [['--expected-at', '25:00'], 'expectedAt'],
  [['--expected-days', '1,8'], 'expectedDays'],
  [['--retention-days=-1'], 'retentionDays'],
])('refuses %j, saying where, and changes nothing', async (words, where) => {
  const id = await getSourceId()
  const settings = (...given: string[]) => runCommand(test, 'directory', 'feed', 'settings', id, ...given)
  const before = await settings()
  await expect(settings('--grace-minutes', '5', ...words)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(where),
  })
  expect(await settings()).toEqual(before)
})

it('lists alerts, and notes that one was seen', async () => {
  const id = await getSourceId()
  const alert = { code: 'missing', sourceId: id, expectedAt: new Date('2026-09-15T03:00:00Z') } as const
  await test.inTenant((tx) => raiseAlert(test.services, tx, test.tenant.id, alert))
  const command = (...words: string[]) => runCommand(test, 'directory', 'feed', ...words)
  const { result, printed } = await command('alerts', '--source', id)
  const [raised] = result as FeedAlertView[]
  expect(printed).toMatch(new RegExp(`^${raised?.id} {2}missing {2}AAF 2D, académie 20 {2}since [^ ]+$`))
  expect((await command('acknowledge', raised!.id)).result).toMatchObject({ acknowledgedBy: null })
  expect((await command('alerts', '--source', id)).result).toEqual([])
  expect((await command('alerts', '--all')).printed).toMatch(/ {2}seen$/m)
  const [entry] = await test.inTenant((tx) => listAudit(tx, 1, raised!.id))
  expect(entry).toMatchObject({ action: 'directory.feed_alert_acknowledged', actorPersonId: null })
  await expect(command('acknowledge', id)).rejects.toMatchObject({ code: 'feed_alert_unknown' })
  await expect(command('acknowledge', 'missing')).rejects.toMatchObject({ code: 'invalid_request' })
})
