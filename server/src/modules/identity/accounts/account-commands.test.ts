import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import type { CommandContext } from '#kernel/module'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { accountCommands } from './account-commands.ts'
import { issueAccessCode } from './access-codes.ts'
import { getPolicy } from '../policy.queries.ts'

let server: TestApp

beforeAll(async () => {
  server = await openTestApp()
})
afterAll(() => server.close())

async function run(line: string, values: Record<string, string> = {}, ...positionals: string[]): Promise<unknown> {
  const command = accountCommands.find((each) => each.name === line)
  if (!command) throw new Error(`no command ${line}`)
  const context: CommandContext = {
    ...server.services,
    tenant: async () => server.tenant,
    print: () => {},
    progress: () => {},
    signal: new AbortController().signal,
  }
  return command.run(context, positionals, values)
}
const refusal = (line: string, values: Record<string, string> = {}, ...positionals: string[]) =>
  run(line, values, ...positionals).then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )

test('the policy is changed within its bounds', async () => {
  expect(await run('policy set', { 'leaver-grace-days': '7' })).toEqual({ leaverGraceDays: 7, signInMemoryMonths: 13 })
  expect(await run('policy set', { 'sign-in-memory-months': '6' })).toEqual({
    leaverGraceDays: 7,
    signInMemoryMonths: 6,
  })
  for (const values of [
    { 'sign-in-memory-months': '14' },
    { 'leaver-grace-days': '-1' },
    { 'leaver-grace-days': 'x' },
  ]) {
    expect(await refusal('policy set', values)).toBe('invalid_request')
  }
  expect(await server.inTenant(getPolicy)).toEqual({ leaverGraceDays: 7, signInMemoryMonths: 6 })
})

test('an operator closes an account by its login', async () => {
  const personId = await server.inTenant((tx) => makePerson(tx, { givenName: 'Ada', familyName: 'Martin' }))
  await server.inTenant((tx) =>
    issueAccessCode(tx, { tenantId: server.tenant.id, personId, issuedBy: null }, server.services.now()),
  )
  expect(await run('account compromised', { login: 'ada.martin' })).toEqual({ login: 'ada.martin' })
  expect(await refusal('account compromised', { login: 'nobody' })).toBe('account_not_found')
  expect(await refusal('account compromised')).toBe('account_not_found')
  const [last] = await server.inTenant((tx) => listAudit(tx, 1, personId))
  expect(last).toMatchObject({ action: 'identity.account_compromised', actorPersonId: null })
})

test('a text is published from a file, each version once', async () => {
  const file = join(server.config.dataDirectory, 'text.json')
  const words = { title: 'Charte', body: 'Un.\n\nDeux.' }
  const text = { slug: 'charter-staff', version: 2, kind: 'read', audience: 'staff', wording: { fr: words, en: words } }
  await writeFile(file, JSON.stringify(text))
  expect(await run('text publish', {}, file)).toEqual({ slug: 'charter-staff', version: 2 })
  expect(await refusal('text publish', {}, file)).toBe('text_exists')
  await writeFile(file, JSON.stringify({ ...text, version: 3, audience: 'everyone' }))
  expect(await refusal('text publish', {}, file)).toBe('invalid_request')
  await writeFile(file, '{')
  expect(await refusal('text publish', {}, file)).toBe('json_invalid')
  expect(await refusal('text publish', {}, `${file}.none`)).toBe('file_not_found')
  expect(await refusal('text publish')).toBe('file_needed')
})
