import { deflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CertifiedKey, makeCertifiedKey } from './certificate.ts'
import { toKeys } from './metadata.ts'
import { makeAuthnRequest, readRedirect, sendMessage } from './requests.ts'
import { readSigned } from './signature.ts'
import { findAttribute, parseXml } from './xml.ts'

const now = new Date('2026-09-01T08:00:00Z')
let key: CertifiedKey
let other: CertifiedKey
beforeAll(async () => {
  ;[key, other] = await Promise.all([makeCertifiedKey('a', now), makeCertifiedKey('b', now)])
})

const request = () =>
  makeAuthnRequest({
    id: '_1',
    issuer: 'https://ent.example/metadata?a=1&b=2',
    destination: 'https://idp.example/sso',
    recipient: 'https://ent.example/acs',
    now,
  })
const send = (relayState?: string) => {
  const message = { field: 'SAMLRequest' as const, xml: request(), relayState }
  const go = sendMessage({ binding: 'redirect', location: 'https://idp.example/sso?tenant=x' }, message, key.privateKey)
  return new URL('url' in go ? go.url : '').search
}
const reasonOf = (work: () => void) => {
  try {
    work()
    return 'accepted'
  } catch (error) {
    return (error as { reason?: string }).reason
  }
}

test('a request is posted signed, and reads as it was written', () => {
  const message = { field: 'SAMLRequest' as const, xml: request(), relayState: 'state' }
  const go = sendMessage({ binding: 'post', location: 'https://idp.example/sso' }, message, key.privateKey)
  if (!('post' in go)) throw new Error('no form')
  const xml = Buffer.from(go.fields['SAMLRequest'] ?? '', 'base64').toString()
  const read = readSigned(parseXml(xml), toKeys([key.certificate]))
  expect(findAttribute(read, 'AssertionConsumerServiceURL')).toBe('https://ent.example/acs')
  expect(reasonOf(() => readSigned(parseXml(xml), toKeys([other.certificate])))).toBe('signature')
  expect(reasonOf(() => readSigned(parseXml(xml.replace('/acs', '/evil')), toKeys([key.certificate])))).toBe(
    'signature',
  )
})

describe('in an address', () => {
  const verify = (search: string, certificate = key.certificate) =>
    reasonOf(() => readRedirect(search).verify(toKeys([certificate])))

  test('the signature covers the message, its state and its algorithm, as they were sent', () => {
    const search = send('état & co')
    expect(readRedirect(search)).toMatchObject({ field: 'SAMLRequest', xml: request(), relayState: 'état & co' })
    expect(verify(search)).toBe('accepted')
    expect(verify(send())).toBe('accepted')
    expect(verify(search, other.certificate)).toBe('signature')
    expect(verify(search.replace('RelayState=', 'RelayState=x'))).toBe('signature')
    expect(verify(send().replace('&SigAlg', '&RelayState=x&SigAlg'))).toBe('signature')
    expect(verify(search.replace('rsa-sha256', 'rsa-sha512'))).toBe('signature')
    expect(verify(search.replace('rsa-sha256', 'hmac-sha256'))).toBe('weak_algorithm')
    expect(verify(search.replace(/&Signature=.*/, ''))).toBe('unsigned')
  })

  test('a parameter twice, a message that swells, or no message at all', () => {
    expect(verify(`${send()}&SAMLRequest=x`)).toBe('malformed')
    expect(verify(`${send()}&Signature=x`)).toBe('malformed')
    const bomb = deflateRawSync(Buffer.alloc(50_000_000, 'a')).toString('base64')
    expect(bomb.length).toBeLessThan(100_000)
    expect(verify(`?SAMLRequest=${encodeURIComponent(bomb)}`)).toBe('malformed')
    expect(verify('?SAMLRequest=%25')).toBe('malformed')
    expect(verify('')).toBe('malformed')
  })
})
