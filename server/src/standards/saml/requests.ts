import { type KeyObject, sign } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { NameId } from './response.ts'
import { SamlRefused } from './refusal.ts'
import { fromBase64, rsaSha256, signXml, verifyBytes } from './signature.ts'
import { escapeXml, saml, samlp } from './xml.ts'

/** How a message goes through the browser: in the address, or in a form that sends itself. */
export type Binding = 'redirect' | 'post'

export const bindingNames: Record<Binding, string> = {
  redirect: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
  post: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
}

export interface Endpoint {
  binding: Binding
  location: string
  /** Where answers to logout requests go, when elsewhere. */
  responseLocation?: string | undefined
}

/** What the browser does next: go to an address, or send fields there. */
export type Departure = { url: string } | { post: string; fields: Record<string, string> }

interface Parties {
  id: string
  issuer: string
  destination: string
  now: Date
}

export function makeAuthnRequest(input: Parties & { recipient: string }): string {
  return (
    `<samlp:AuthnRequest ${attributesOf(input)} AssertionConsumerServiceURL="${escapeXml(input.recipient)}"` +
    ` ProtocolBinding="${bindingNames.post}">${issuerOf(input)}` +
    `<samlp:NameIDPolicy AllowCreate="true"></samlp:NameIDPolicy></samlp:AuthnRequest>`
  )
}

export function makeLogoutRequest(input: Parties & { nameId: NameId; sessionIndex: string | null }): string {
  const { nameId, sessionIndex } = input
  const qualifiers = [
    ['Format', nameId.format],
    ['NameQualifier', nameId.nameQualifier],
    ['SPNameQualifier', nameId.spNameQualifier],
  ] as const
  const attributes = qualifiers.map(([name, value]) => (value === null ? '' : ` ${name}="${escapeXml(value)}"`))
  const index = sessionIndex === null ? '' : `<samlp:SessionIndex>${escapeXml(sessionIndex)}</samlp:SessionIndex>`
  return (
    `<samlp:LogoutRequest ${attributesOf(input)}>${issuerOf(input)}` +
    `<saml:NameID${attributes.join('')}>${escapeXml(nameId.value)}</saml:NameID>${index}</samlp:LogoutRequest>`
  )
}

export function makeLogoutResponse(input: Parties & { inResponseTo: string }): string {
  return (
    `<samlp:LogoutResponse ${attributesOf(input)} InResponseTo="${escapeXml(input.inResponseTo)}">${issuerOf(input)}` +
    `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode>` +
    `</samlp:Status></samlp:LogoutResponse>`
  )
}

/** Prepares a message for the browser, signed if a key is given (SAML 2.0 Bindings §3.4 and §3.5). */
export function sendMessage(
  endpoint: { binding: Binding; location: string },
  message: { field: 'SAMLRequest' | 'SAMLResponse'; xml: string; relayState?: string | undefined },
  key: KeyObject | undefined,
): Departure {
  const { field, xml, relayState } = message
  const relay = relayState === undefined ? {} : { RelayState: relayState }
  if (endpoint.binding === 'post') {
    const body = Buffer.from(key ? signXml(xml, key) : xml).toString('base64')
    return { post: endpoint.location, fields: { [field]: body, ...relay } }
  }
  const parameters = new URLSearchParams({ [field]: deflateRawSync(xml).toString('base64'), ...relay })
  if (key) {
    parameters.set('SigAlg', rsaSha256)
    parameters.set('Signature', sign('sha256', Buffer.from(parameters.toString()), key).toString('base64'))
  }
  const separator = endpoint.location.includes('?') ? '&' : '?'
  return { url: endpoint.location + separator + parameters.toString() }
}

/** Longest message taken from an address: some kilobytes of compressed text can swell to gigabytes. */
const longestMessage = 100_000

/**
 * Reads a message of the HTTP-Redirect binding and its signature, which covers the parameters as they were sent.
 * @param search the query, `?` included.
 * @returns the message and how to verify it.
 */
export function readRedirect(search: string): {
  field: 'SAMLRequest' | 'SAMLResponse'
  xml: string
  relayState: string | undefined
  verify(keys: KeyObject[]): void
} {
  const parameters = new URLSearchParams(search)
  const field = parameters.has('SAMLRequest') ? 'SAMLRequest' : 'SAMLResponse'
  const names = [field, 'RelayState', 'SigAlg', 'Signature']
  if (names.some((name) => parameters.getAll(name).length > 1)) throw new SamlRefused('malformed')
  let xml: string
  try {
    const inflated = inflateRawSync(fromBase64(parameters.get(field) ?? ''), { maxOutputLength: longestMessage })
    xml = new TextDecoder('utf-8', { fatal: true }).decode(inflated)
  } catch {
    throw new SamlRefused('malformed')
  }
  return {
    field,
    xml,
    relayState: parameters.get('RelayState') ?? undefined,
    verify(keys) {
      const raw = new Map(
        search
          .replace(/^\?/, '')
          .split('&')
          .map((part) => [part.split('=', 1)[0] ?? '', part] as const),
      )
      const signed = [field, 'RelayState', 'SigAlg'].map((name) => raw.get(name)).filter((part) => part !== undefined)
      const [algorithm, signature] = [parameters.get('SigAlg'), parameters.get('Signature')]
      if (algorithm === null || signature === null) throw new SamlRefused('unsigned')
      verifyBytes(algorithm, signed.join('&'), fromBase64(signature), keys)
    },
  }
}

function attributesOf({ id, destination, now }: Parties): string {
  return (
    `xmlns:samlp="${samlp}" xmlns:saml="${saml}" ID="${escapeXml(id)}" Version="2.0"` +
    ` IssueInstant="${now.toISOString()}" Destination="${escapeXml(destination)}"`
  )
}

const issuerOf = ({ issuer }: Parties) => `<saml:Issuer>${escapeXml(issuer)}</saml:Issuer>`
