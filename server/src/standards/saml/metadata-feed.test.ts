import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SignedXml } from 'xml-crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { declareProvider, findProvider } from '#modules/identity'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { type CertifiedKey, makeCertifiedKey } from './certificate.ts'
import { type SamlEntity, toKeys } from './metadata.ts'
import { readMetadata } from './metadata-feed.ts'
import { refreshMetadata } from './metadata-refresh.ts'

const now = new Date('2026-09-01T08:00:00Z')
let operator: CertifiedKey
let idp: CertifiedKey
let server: TestApp
let ahead = 0

beforeAll(async () => {
  ;[operator, idp] = await Promise.all([makeCertifiedKey('federation', now), makeCertifiedKey('idp', now)])
  server = await openTestApp({ now: () => new Date(now.getTime() + ahead) })
})
afterAll(() => server.close())

const md = 'urn:oasis:names:tc:SAML:2.0:metadata'
const entity = (name: string, extra = '') => `
  <md:EntityDescriptor entityID="https://${name}.example/idp"${extra}>
    <!-- ${name} -->
    <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <md:Extensions><mdui:UIInfo xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"><mdui:DisplayName xml:lang="en">University ${name}</mdui:DisplayName><mdui:DisplayName xml:lang="fr">Université
        d’${name} &amp; Cie</mdui:DisplayName></mdui:UIInfo></md:Extensions>
      <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
        ${idp.certificate}
      </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
      <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://${name}.example/sso"/>
    </md:IDPSSODescriptor>
  </md:EntityDescriptor>`
const aggregate = (entities: string[], until = '2026-09-08T08:00:00Z') =>
  `<?xml version="1.0" encoding="UTF-8"?>
<md:EntitiesDescriptor xmlns:md="${md}" xmlns:unused="urn:unused" ID="_federation" Name="https://federation.example" validUntil="${until}">${entities.join('')}
  <md:EntityDescriptor entityID="https://sp.example"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>
</md:EntitiesDescriptor>`

function sign(xml: string, key = operator): string {
  const signer = new SignedXml({
    privateKey: key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
    canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  })
  signer.addReference({
    xpath: '/*',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/2001/10/xml-exc-c14n#'],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha512',
  })
  signer.computeSignature(xml, { prefix: 'ds', location: { reference: '/*', action: 'prepend' } })
  return signer.getSignedXml()
}

async function read(xml: string | Buffer, keys = toKeys([operator.certificate])) {
  const found: SamlEntity[] = []
  const bytes = Buffer.from(xml)
  // In small pieces, cutting characters in two.
  async function* pieces() {
    for (let start = 0; start < bytes.length; start += 997) yield bytes.subarray(start, start + 997)
  }
  try {
    const summary = await readMetadata(pieces(), {
      keys,
      allowHttp: false,
      now,
      onEntities: async (entities) => void found.push(...entities),
    })
    return { found, ...summary }
  } catch (error) {
    return { refused: (error as { reason?: string }).reason ?? String(error), found: undefined }
  }
}

test('an aggregate signed by its federation, read piece by piece', async () => {
  const result = await read(sign(aggregate([entity('amiens'), entity('lille')])))
  expect(result).toMatchObject({ entities: 2, validUntil: new Date('2026-09-08T08:00:00Z') })
  expect(result.found).toMatchObject([
    {
      entityId: 'https://amiens.example/idp',
      name: 'Université d’amiens & Cie',
      signOn: [{ binding: 'redirect', location: 'https://amiens.example/sso' }],
      certificates: [idp.certificate],
    },
    { entityId: 'https://lille.example/idp' },
  ])
})

test.each([
  ['unsigned', 'unsigned', () => aggregate([entity('a')])],
  ['of another key', 'signature', async () => sign(aggregate([entity('a')]), await makeCertifiedKey('evil', now))],
  [
    'altered anywhere',
    'signature',
    () => sign(aggregate([entity('a')])).replace('https://a.example/sso', 'https://evil.example/sso'),
  ],
  [
    'with an entity more',
    'signature',
    () =>
      sign(aggregate([entity('a')])).replace('</md:EntitiesDescriptor>', `${entity('evil')}</md:EntitiesDescriptor>`),
  ],
  ['whose end was put off', 'signature', () => sign(aggregate([entity('a')])).replace('2026-09-08', '2099-09-08')],
  ['that has expired', 'expired', () => sign(aggregate([entity('a')], '2026-09-01T07:59:59Z'))],
  ['with a document type', 'doctype', () => `<!DOCTYPE a [<!ENTITY b "c">]>${aggregate([entity('a')])}`],
  ['cut short', 'malformed', () => sign(aggregate([entity('a')])).slice(0, -400)],
  ['of something else', 'malformed', () => '<html></html>'],
  [
    'signed only in a corner',
    'unsigned',
    () => aggregate([sign(entity('a').trim().replace('entityID', `xmlns:md="${md}" ID="_x" entityID`))]),
  ],
])('an aggregate %s is refused', async (_, reason, make) => {
  expect(await read(await make())).toMatchObject({ refused: reason })
})

test('comments, other namespaces and ends of entities', async () => {
  const result = await read(
    sign(aggregate([entity('a', ' validUntil="2026-08-31T00:00:00Z"'), entity('b', ' xmlns:x="urn:x" x:y="z"')])),
  )
  expect(result.found?.map(({ entityId }) => entityId)).toEqual(['https://b.example/idp'])
})

test('addresses in clear are left out, and with them providers that have no other', async () => {
  expect(
    await read(sign(aggregate([entity('a').replace('https://a.example/sso', 'http://a.example/sso')]))),
  ).toMatchObject({ entities: 0 })
})

test('read again every hour: what cannot be trusted changes nothing, and what has expired opens nothing', async () => {
  let body = sign(aggregate([entity('amiens'), entity('lille')]))
  const web = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
  await once(web, 'listening')
  const declared = {
    protocol: 'saml' as const,
    slug: 'renater',
    name: 'Fédération',
    profile: 'renater' as const,
    issuer: 'https://federation.example',
    metadataUrl: `http://127.0.0.1:${(web.address() as AddressInfo).port}/`,
    metadataCertificates: [operator.certificate],
  }
  const declare = (change: object) =>
    server.inTenant((tx) => declareProvider(tx, { ...declared, ...change }, server.services))
  // Any member could name anybody, and anybody could be a member.
  await expect(declare({ referenceClaim: 'FrEduCtRefId' })).rejects.toMatchObject({ code: 'federation_unsafe' })
  await expect(declare({ metadataCertificates: [] })).rejects.toMatchObject({ code: 'federation_unsafe' })
  await declare({})
  const provider = await server.inTenant((tx) => findProvider(tx, 'renater'))
  const refresh = () => refreshMetadata(server.services, server.tenant.id, provider!)
  const search = async (q: string) =>
    (
      (await server.app.inject(`/api/federation/entities?q=${encodeURIComponent(q)}`)).json() as {
        entities: { name: string }[]
      }
    ).entities
  const start = async () =>
    (
      await server.app.inject(
        `/api/federation/providers/renater/start?entity=${encodeURIComponent('https://lille.example/idp')}`,
      )
    ).headers.location

  expect(await refresh()).toMatchObject({ entities: 2 })
  expect(await search('universite LILLE')).toMatchObject([{ provider: 'renater', entity: 'https://lille.example/idp' }])
  expect(await search('univ')).toHaveLength(2)
  expect(await start()).toContain('https://lille.example/sso?SAMLRequest=')
  expect((await server.app.inject('/api/federation/providers/renater/start')).headers.location).toBe(
    '/sign-in?problem=federation_unknown_provider',
  )

  body = body.replace('https://lille.example/sso', 'https://evil.example/sso')
  expect(await refresh()).toEqual({ failure: 'signature' })
  body = '<html>'
  expect(await refresh()).toEqual({ failure: 'malformed' })
  web.close()
  expect(await refresh()).toEqual({ failure: 'unreachable' })
  expect(await start()).toContain('https://lille.example/sso?SAMLRequest=')
  const { rows } = await server.services.owner.query('select failure, entities from saml.metadata_state')
  expect(rows).toEqual([{ failure: 'unreachable', entities: 2 }])

  ahead = 7 * 86_400_000
  expect(await start()).toBe('/sign-in?problem=federation_stale')
})
