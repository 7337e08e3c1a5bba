import { createPrivateKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { App } from '#kernel/http'
import { makeCertifiedKey } from '../standards/saml/certificate.ts'
import { toKeys } from '../standards/saml/metadata.ts'
import { makeLogoutResponse, readRedirect, sendMessage } from '../standards/saml/requests.ts'
import { findAttribute, listElements, parseXml, textOf } from '../standards/saml/xml.ts'
import { type DemonstrationUser, type FindOptions, parseForms, route, sendPage } from './identity-provider-http.ts'
import { renderChoice, renderFailure, renderPost } from './identity-provider-pages.ts'
import {
  encryptAssertion,
  makeAssertion,
  makeResponse,
  type SamlSigner,
  signElement,
} from './identity-provider-saml-messages.ts'

const path = '/demonstration-saml'
/** ÉduConnect's attributes (OID 1.3.6.1.4.1.20326.10.999.1.x), by what they say. */
const attributeNames = {
  identifier: 'urn:oid:1.3.6.1.4.1.20326.10.999.1.57',
  affiliation: 'urn:oid:1.3.6.1.4.1.20326.10.999.1.7',
  signedInAt: 'urn:oid:1.3.6.1.4.1.20326.10.999.1.6',
  givenName: 'urn:oid:2.5.4.42',
  familyName: 'urn:oid:2.5.4.4',
  references: 'FrEduCtRefId',
} as const

/** What a workspace has to know of the provider, as `declareProvider` takes it. */
export function demonstrationSamlProvider(publicUrl: string) {
  return {
    protocol: 'saml' as const,
    slug: 'demonstration-saml',
    name: 'ÉduConnect de démonstration (SAML)',
    profile: 'eduConnect' as const,
    issuer: `${publicUrl}${path}/metadata`,
    metadataUrl: `${publicUrl}${path}/metadata`,
    referenceClaim: attributeNames.references,
    recordKinds: ['pupil' as const, 'guardian' as const],
  }
}

/** Serves a SAML 2.0 identity provider that speaks as ÉduConnect does: signed and encrypted assertions, single logout. */
export async function serveSamlProvider(app: App, findOptions: FindOptions): Promise<void> {
  let signer: Promise<SamlSigner> | undefined

  async function open() {
    const options = await findOptions()
    if (!options) return undefined
    signer ??= loadSigner(options.dataDirectory)
    return { options, signer: await signer, entityId: `${options.publicUrl}${path}/metadata` }
  }
  type Opened = NonNullable<Awaited<ReturnType<typeof open>>>

  /** The workspace a message comes from, by its own metadata, and the message once verified. */
  async function readMessage({ options }: Opened, search: string) {
    const message = readRedirect(search)
    const root = parseXml(message.xml)
    const issuer = textOf(listElements(root).find(({ local }) => local === 'Issuer'))
    const client = options.clients.find((each) => new URL('/api/federation/saml/metadata', each).href === issuer)
    if (!client) throw new Error('unknown workspace')
    const metadata = parseXml(await (await fetch(issuer)).text().then((text) => text.replace(/^<\?xml[^>]*\?>/, '')))
    const certificates = listElements(metadata)
      .filter(({ local }) => local === 'X509Certificate')
      .map(textOf)
    message.verify(toKeys(certificates))
    const at = (name: string) => new URL(`/api/federation/saml/${name}`, client).href
    return { root, relayState: message.relayState, audience: issuer, certificate: certificates[0] ?? '', at }
  }

  app.get(`${path}/metadata`, route, async (_, reply) => {
    const opened = await open()
    if (!opened) return reply.callNotFound()
    return reply
      .type('application/samlmetadata+xml')
      .send(describe(opened.entityId, opened.options.publicUrl, opened.signer))
  })

  await app.register(async (scope: App) => {
    parseForms(scope)
    scope.get(`${path}/sso`, route, async (request, reply) => {
      const opened = await open()
      if (!opened) return reply.callNotFound()
      const language = request.headers['accept-language']
      try {
        await readMessage(opened, new URL(request.url, opened.options.publicUrl).search)
        return sendPage(reply, renderChoice((await opened.options.users()).filter(knows), request.url, language))
      } catch {
        return sendPage(reply.status(400), renderFailure(language))
      }
    })
    scope.post(`${path}/sso`, route, async (request, reply) => {
      const opened = await open()
      if (!opened) return reply.callNotFound()
      const { subject } = request.body as { subject?: string }
      const { root, relayState, audience, certificate, at } = await readMessage(
        opened,
        new URL(request.url, opened.options.publicUrl).search,
      )
      const user = (await opened.options.users()).find((each) => each.subject === subject)
      const statement = {
        issuer: opened.entityId,
        audience,
        recipient: at('acs'),
        inResponseTo: findAttribute(root, 'ID') ?? null,
        nameId: user?.subject ?? '',
        sessionIndex: `_${randomBytes(12).toString('hex')}`,
        attributes: user ? attributesOf(user) : {},
        now: new Date(),
      }
      const content = user
        ? encryptAssertion(signElement(makeAssertion(statement), 'Assertion', opened.signer), certificate)
        : ''
      const response = makeResponse(statement, content, user ? 'Success' : 'AuthnFailed')
      const signed = signElement(response, 'Response', opened.signer)
      const { page, policy } = renderPost(statement.recipient, {
        SAMLResponse: Buffer.from(signed).toString('base64'),
        ...(relayState === undefined ? {} : { RelayState: relayState }),
      })
      return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
    })
  })

  app.get(`${path}/slo`, route, async (request, reply) => {
    const opened = await open()
    if (!opened) return reply.callNotFound()
    const { root, at } = await readMessage(opened, new URL(request.url, opened.options.publicUrl).search)
    const inResponseTo = findAttribute(root, 'ID') ?? ''
    const destination = at('slo')
    const id = `_${randomBytes(12).toString('hex')}`
    const xml = makeLogoutResponse({ id, issuer: opened.entityId, destination, now: new Date(), inResponseTo })
    const go = sendMessage(
      { binding: 'redirect', location: destination },
      { field: 'SAMLResponse', xml },
      opened.signer.privateKey,
    )
    return reply.redirect('url' in go ? go.url : destination)
  })
}

/** Pupils, their parents, and whoever the directory does not know. */
const knows = ({ profile }: DemonstrationUser) => ['pupil', 'guardian', 'unknown'].includes(profile)

function attributesOf(user: DemonstrationUser): Record<string, string[]> {
  const affiliation = { pupil: 'eleve2d', guardian: 'resp2d' }[user.profile]
  return {
    [attributeNames.identifier]: [user.subject],
    [attributeNames.givenName]: [user.givenName],
    [attributeNames.familyName]: [user.familyName],
    [attributeNames.signedInAt]: [new Date().toISOString()],
    ...(affiliation === undefined ? {} : { [attributeNames.affiliation]: [affiliation] }),
    [attributeNames.references]: user.references,
  }
}

function describe(entityId: string, publicUrl: string, { certificate }: SamlSigner): string {
  const bindings = 'urn:oasis:names:tc:SAML:2.0:bindings'
  return (
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">` +
    `<md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
    `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>` +
    `<ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
    `<md:SingleLogoutService Binding="${bindings}:HTTP-Redirect" Location="${publicUrl}${path}/slo"/>` +
    `<md:SingleSignOnService Binding="${bindings}:HTTP-Redirect" Location="${publicUrl}${path}/sso"/>` +
    `</md:IDPSSODescriptor></md:EntityDescriptor>`
  )
}

const savedSigner = z.object({ privateKey: z.string(), certificate: z.string() })

/** The provider's key, kept with the data: a workspace remembers it from its metadata. */
async function loadSigner(dataDirectory: string): Promise<SamlSigner> {
  const file = join(dataDirectory, 'demonstration-saml-provider.json')
  try {
    const { privateKey, certificate } = savedSigner.parse(JSON.parse(await readFile(file, 'utf8')))
    return { privateKey: createPrivateKey(privateKey), certificate }
  } catch {
    const made = await makeCertifiedKey('demonstration', new Date())
    const privateKey = made.privateKey.export({ type: 'pkcs8', format: 'pem' })
    await mkdir(dataDirectory, { recursive: true })
    await writeFile(`${file}.new`, JSON.stringify({ privateKey, certificate: made.certificate }), { mode: 0o600 })
    await rename(`${file}.new`, file)
    return made
  }
}
