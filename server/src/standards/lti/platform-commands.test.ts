import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { openCommands } from '../../../test/module-commands.ts'
import { makePerson } from '../../../test/make.ts'

let server: TestApp
let administrator: { cookie: string }
beforeAll(async () => {
  server = await openTestApp()
  administrator = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [{ right: 'insight.administer' }])
})
afterAll(() => server.close())

const { run, refusal, printed } = openCommands(() => server, 'lti')

const moodle = {
  name: 'Moodle du lycée',
  issuer: 'https://moodle.example',
  'client-id': 'preau',
  authorization: 'https://moodle.example/mod/lti/auth.php',
  token: 'https://moodle.example/mod/lti/token.php',
  keys: 'https://moodle.example/mod/lti/certs.php',
  deployment: ['1'],
  product: 'moodle',
}

test('a platform is declared with the rules of its product, and changed setting by setting', async () => {
  expect(await refusal('platform add', [], { name: 'Moodle' })).toBe('platform_invalid')
  const made = await run<{ id: string }>('platform add', [], moodle)
  expect(made).toMatchObject({
    name: 'Moodle du lycée',
    deployments: ['1'],
    frameOrigin: 'https://moodle.example',
    identityRule: { kind: 'account', homePage: '{issuer}', name: '{sub}' },
    courseRule: '{issuer}/course/view.php?id={context.id}',
    readsMembers: true,
  })
  const changed = await run('platform change', ['moodle du lycée'], {
    mbox: '{email}',
    course: 'urn:course:{context.id}',
    deployment: ['1', '2'],
    grades: 'no',
    'token-audience': 'https://moodle.example/token',
    'frame-origin': 'https://ent.example/portail',
  })
  const settings = {
    name: 'Moodle du lycée',
    clientId: 'preau',
    identityRule: { kind: 'mbox', email: '{email}' },
    courseRule: 'urn:course:{context.id}',
    deployments: ['1', '2'],
    readsMembers: true,
    readsGrades: false,
    tokenAudience: 'https://moodle.example/token',
    frameOrigin: 'https://ent.example',
  }
  expect(changed).toMatchObject(settings)
  const page = await server.app.inject({ url: `/api/lti/platforms/${made.id}`, headers: administrator })
  expect(page.json()).toMatchObject({ platform: settings, unboundRules: [] })
  expect(await run('platform show', [made.id])).toMatchObject({ ...settings, unboundRules: [] })
  expect(printed()).toContain('clientId: preau')
  await run('platform change', [made.id], { 'token-audience': '' })
  expect(await run('platform show', [made.id])).toMatchObject({ tokenAudience: null, readsGrades: false })
  const entries = await server.inTenant((tx) => listAudit(tx, 10, made.id))
  expect(entries.map(({ action, actorPersonId }) => [action, actorPersonId])).toEqual([
    ['lti.platform_changed', null],
    ['lti.platform_changed', null],
    ['lti.platform_created', null],
  ])
})

test('rules that cannot be, or that lead to what is another platform’s, are told', async () => {
  const change = (values: Record<string, string | string[]>) => refusal('platform change', ['Moodle du lycée'], values)
  expect(await change({})).toBe('invalid_request')
  expect(await change({ mbox: '{mail}' })).toBe('platform_invalid')
  expect(await change({ course: 'urn:{' })).toBe('platform_invalid')
  expect(await change({ 'account-name': '{sub}' })).toBe('invalid_request')
  expect(await change({ mbox: '{email}', 'account-name': '{sub}', 'account-home-page': '{issuer}' })).toBe(
    'invalid_request',
  )
  expect(await change({ members: 'perhaps' })).toBe('invalid_request')
  expect(await change({ keys: 'http://moodle.example/keys' })).toBe('platform_insecure')
  expect(await refusal('platform change', ['Canvas'], { name: 'X' })).toBe('platform_unknown')
  expect(await run('platform show', ['Moodle du lycée'])).toMatchObject({ identityRule: { email: '{email}' } })

  await run('platform add', [], { ...moodle, name: 'Canvas', issuer: 'https://canvas.example', product: 'canvas' })
  expect(printed()).toContain('Its rule of course')
  expect(await run('platform show', ['Moodle du lycée'])).toMatchObject({ unboundRules: ['identity', 'course'] })
  expect(await change({ issuer: 'https://canvas.example' })).toBe('platform_exists')
})

test('rules are tried before they are kept', async () => {
  const said = ['Canvas', 'sub=42', 'context.id=7']
  expect(await run('identity', said)).toMatchObject({
    identifier: 'account|https://canvas.example|42',
    courseIri: null,
  })
  const tried = { 'account-home-page': 'https://ent.example', 'account-name': 'u-{sub}', course: 'urn:c:{context.id}' }
  expect(await run('identity', said, tried)).toMatchObject({
    identifier: 'account|https://ent.example|u-42',
    courseIri: 'urn:c:7',
  })
  expect(await refusal('identity', said, { course: '{context}' })).toBe('platform_invalid')
  expect(await run('platform show', ['Canvas'])).toMatchObject({ courseRule: '{context.id}' })
})
