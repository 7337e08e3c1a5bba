import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestPlatform } from '../../../test/lti-platform.ts'
import { createPlatformKeys, verifyToken } from './id-token.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await new TestPlatform({ users: [], course: { id: '7', title: 'Chimie' } }).start()
})
afterAll(() => platform.stop())

const sign = () => {
  const seconds = Math.floor(Date.now() / 1_000)
  return platform.sign({ iss: platform.url, aud: 'client', nonce: 'n', iat: seconds, exp: seconds + 60 })
}
const expected = () => ({ issuer: platform.url, clientId: 'client', keysUrl: `${platform.url}/keys` })

test('a key that a platform makes is read with the first token that names it, but not again and again', async () => {
  const keys = createPlatformKeys(0)
  const patient = createPlatformKeys()
  const [first, second] = [await sign(), await sign()]
  await verifyToken(first, expected(), keys, new Date())
  await verifyToken(second, expected(), patient, new Date())
  await platform.rotateKey()
  const token = await sign()
  expect(await verifyToken(token, expected(), keys, new Date())).toMatchObject({ aud: 'client' })
  await expect(verifyToken(token, expected(), patient, new Date())).rejects.toMatchObject({
    code: 'launch_token_signature',
  })
  // What the former key signed stays good while it is published.
  expect(await verifyToken(first, expected(), keys, new Date())).toMatchObject({ aud: 'client' })
})

test('keys that cannot be read are no reason to trust', async () => {
  const token = await sign()
  for (const keysUrl of [`${platform.url}/nothing`, 'http://127.0.0.1:1/keys']) {
    await expect(
      verifyToken(token, { ...expected(), keysUrl }, createPlatformKeys(), new Date()),
    ).rejects.toMatchObject({
      code: 'launch_keys_unreachable',
    })
  }
})
