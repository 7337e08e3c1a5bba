import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { openCommands } from '../../../../test/module-commands.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'

let server: TestApp
let tool: XapiClient
beforeAll(async () => {
  server = await openTestApp()
  tool = await openXapiClient(server, '1.0.3', ['all'], 'Forum')
})
afterAll(() => server.close())

const { run, refusal, printed } = openCommands(() => server, 'records')

const sound = { actor: { mbox: 'mailto:zoe@lycee.example' }, verb: { id: 'urn:v' }, object: { id: 'urn:o' } }
const read = (statementId: string) => tool.call({ method: 'GET', path: '/statements', query: { statementId } })
async function setAside(): Promise<string> {
  const answer = await tool.call({ method: 'POST', path: '/statements', body: { ...sound, verb: { id: 'played' } } })
  return answer.json<string[]>()[0] ?? ''
}

test('a statement set aside is shown, and stored once a file corrects it', async () => {
  await run('source lenient', ['Forum', 'yes'])
  const id = await setAside()
  expect(await run('quarantine show', [id])).toMatchObject({ id, state: 'waiting', pointer: '/verb/id' })
  const body = JSON.parse(printed()) as typeof sound
  expect(body.verb.id).toBe('played')

  expect(await refusal('quarantine store', [id])).toBe('statement_invalid')
  const file = join(server.config.dataDirectory, 'corrected.json')
  await writeFile(file, '{"actor"')
  expect(await refusal('quarantine store', [id], { corrected: file })).toBe('json_invalid')
  await writeFile(file, JSON.stringify({ ...body, verb: { id: 'also played' } }))
  expect(await refusal('quarantine store', [id], { corrected: file })).toBe('statement_invalid')
  expect(await refusal('quarantine store', [id], { corrected: '/nowhere.json' })).toBe('file_not_found')
  expect((await read(id)).statusCode).toBe(404)

  await writeFile(file, JSON.stringify({ ...body, verb: { id: 'urn:played' } }))
  expect(await run('quarantine store', [id], { corrected: file })).toEqual({ id, repairs: [], corrected: true })
  expect((await read(id)).json()).toMatchObject({ ...sound, verb: { id: 'urn:played' } })
  const [entry] = await server.inTenant((tx) => listAudit(tx, 10, id))
  expect(entry).toMatchObject({ action: 'records.quarantined_corrected', actorPersonId: null })
  expect(await refusal('quarantine store', [id], { corrected: file })).toBe('quarantined_decided')
})

test('what was dropped is shown no more, and what was never set aside is unknown', async () => {
  const id = await setAside()
  await run('quarantine drop', [id], { note: 'Essai' })
  expect(await run('quarantine show', [id])).toMatchObject({ state: 'dropped', body: null })
  expect(printed()).toContain('deleted')
  expect(await refusal('quarantine show', [server.tenant.id])).toBe('quarantined_unknown')
  expect(await refusal('quarantine show', ['Forum'])).toBe('invalid_request')
  expect(await refusal('quarantine store')).toBe('invalid_request')
})
