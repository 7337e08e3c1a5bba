import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makePerson } from '../../../test/make.ts'
import { type Consortium, makeConsortium } from '../../../test/make-governance.ts'
import { operatorCommands } from './operator-commands.ts'

let server: TestApp
let consortium: Consortium
beforeAll(async () => {
  server = await openTestApp()
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

async function run(name: string, words: string[], values: Record<string, string | boolean> = {}): Promise<unknown> {
  const command = operatorCommands.find((each) => each.name === name)
  if (!command) throw new Error(`no command ${name}`)
  const context = {
    ...server.services,
    tenant: async () => server.tenant,
    print: () => {},
    progress: () => {},
    signal: new AbortController().signal,
  }
  return command.run(context, words, values)
}
const refusal = (...given: Parameters<typeof run>) =>
  run(...given).then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )

test('an operator names who sits, under the rules of the agreement, and ends it; the trail says nobody did', async () => {
  const person = await server.inTenant((tx) => makePerson(tx, { familyName: 'Nouvelle', profile: 'localAuthority' }))
  const words = [consortium.slug, 'cotec', 'vosges']
  expect(await refusal('representative appoint', words)).toBe('invalid_request')
  expect(await refusal('representative appoint', words, { person, from: 'demain' })).toBe('invalid_request')
  expect(await refusal('representative appoint', ['nowhere', 'cotec', 'vosges'], { person })).toBe(
    'agreement_not_found',
  )
  expect(await refusal('representative appoint', [consortium.slug, 'cotec', 'nobody'], { person })).toBe(
    'party_not_in_body',
  )
  const { id } = (await run('representative appoint', words, { person, deputy: true })) as { id: string }
  expect(await run('representative list', [consortium.slug, 'cotec'])).toContainEqual(
    expect.objectContaining({ id, party: 'vosges', rank: 'deputy', personId: person }),
  )
  const [entry] = await server.inTenant((tx) => listAudit(tx, 10, id))
  expect(entry).toMatchObject({ action: 'governance.representative_named', actorPersonId: null })
  expect(await refusal('representative end', [consortium.slug, id], { on: '2020-01-01' })).not.toBe('accepted')
  expect(await run('representative end', [consortium.slug, id])).toMatchObject({ id, party: 'vosges' })
})

test('a head-count comes from its file, once for a day, and a wrong line is named', async () => {
  const file = join(server.config.dataDirectory, 'effectifs.csv')
  await writeFile(file, 'UAI;nom;collectivité;effectif\n0880001A;Collège;vosges;412\n0880002B;Lycée;vosges;1003\n')
  const load = (values: Record<string, string>) => refusal('head-count load', [consortium.slug, file], values)
  expect(await load({})).toBe('invalid_request')
  expect(await run('head-count load', [consortium.slug, file], { 'counted-on': '2025-10-01' })).toMatchObject({
    establishments: 2,
    pupils: 1415,
  })
  expect(await load({ 'counted-on': '2025-10-01' })).toBe('head_count_exists')
  await writeFile(file, 'UAI;nom;collectivité;effectif\n0880001A;Collège;atlantide;412\n')
  expect(await load({ 'counted-on': '2025-10-02' })).toBe('head_count_unreadable')
  expect(await refusal('head-count load', [consortium.slug, '/nowhere.csv'], { 'counted-on': '2025-10-02' })).toBe(
    'file_not_found',
  )
})

test('the publisher is said once its SIRET holds', async () => {
  const name = 'Groupement d’essai'
  expect(await refusal('publisher set', [consortium.slug], { name, siret: '00000000000019' })).toBe('siret_invalid')
  expect(await run('publisher set', [consortium.slug], { name, siret: '000 000 000 00018' })).toEqual({
    name,
    siret: '00000000000018',
  })
})
