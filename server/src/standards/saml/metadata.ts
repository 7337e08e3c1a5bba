import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { type Binding, bindingNames, type Endpoint } from './requests.ts'
import {
  childElements,
  dsig,
  escapeXml,
  findAttribute,
  findChild,
  listChildren,
  metadata as md,
  textOf,
  type XmlElement,
} from './xml.ts'

const mdui = 'urn:oasis:names:tc:SAML:metadata:ui'
const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol'

/** What is kept of an identity provider's metadata. */
export interface SamlEntity {
  entityId: string
  /** As the provider calls itself, French first. */
  name: string
  signOn: Endpoint[]
  signOut: Endpoint[]
  /** Signing certificates, base64 of DER. */
  certificates: string[]
  wantsSignedRequests: boolean
}

const endpoint = z.object({
  binding: z.enum(['redirect', 'post']),
  location: z.string(),
  responseLocation: z.string().optional(),
})
export const endpoints = z.array(endpoint)

/**
 * Reads an EntityDescriptor (SAML 2.0 Metadata §2.3.2).
 * @returns undefined for what is no identity provider that can be used: no SSO role, no key, no address over HTTPS.
 */
export function readEntity(entity: XmlElement, allowHttp = false): SamlEntity | undefined {
  const entityId = findAttribute(entity, 'entityID')
  const role = listChildren(entity, md, 'IDPSSODescriptor').find((each) =>
    findAttribute(each, 'protocolSupportEnumeration')?.split(/\s+/).includes(protocol),
  )
  if (!entityId || !role) return undefined
  const listEndpoints = (local: string): Endpoint[] =>
    listChildren(role, md, local).flatMap((each) => {
      const binding = (Object.keys(bindingNames) as Binding[]).find(
        (name) => bindingNames[name] === findAttribute(each, 'Binding'),
      )
      const location = findAttribute(each, 'Location') ?? ''
      const responseLocation = findAttribute(each, 'ResponseLocation')
      const usable = [location, responseLocation ?? location].every((url) => isAddress(url, allowHttp))
      return binding && usable ? [{ binding, location, responseLocation }] : []
    })
  const certificates = listChildren(role, md, 'KeyDescriptor')
    .filter((descriptor) => (findAttribute(descriptor, 'use') ?? 'signing') === 'signing')
    .flatMap((descriptor) => listCertificates(findChild(descriptor, dsig, 'KeyInfo')))
  const signOn = listEndpoints('SingleSignOnService')
  if (signOn.length === 0 || certificates.length === 0) return undefined
  return {
    entityId,
    name: findName(entity, role) ?? entityId,
    signOn,
    signOut: listEndpoints('SingleLogoutService'),
    certificates: [...new Set(certificates)],
    wantsSignedRequests: findAttribute(role, 'WantAuthnRequestsSigned') === 'true',
  }
}

/** Keys of certificates given as base64 or PEM; dates and chains of a certificate mean nothing here (SAML 2.0 MetaIOP §2.6.1). */
export function toKeys(certificates: string[]): KeyObject[] {
  return certificates.map((certificate) => toCertificate(certificate).publicKey)
}

/** @throws Error when it is no certificate. */
export function toCertificate(text: string): X509Certificate {
  const body = text.replaceAll(/-----[^-]+-----|\s+/g, '')
  const certificate = new X509Certificate(Buffer.from(body, 'base64'))
  createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }))
  return certificate
}

/** The metadata of this service provider, to be given to identity providers. */
export function describeServiceProvider(input: {
  entityId: string
  consumer: string
  logout: string
  /** Base64 of DER, the one used now first. */
  certificates: string[]
  name: string
}): string {
  const keys = (['signing', 'encryption'] as const).flatMap((use) =>
    input.certificates.map(
      (certificate) =>
        `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${dsig}"><ds:X509Data><ds:X509Certificate>` +
        `${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    ),
  )
  const logout = (['redirect', 'post'] as const).map(
    (binding) =>
      `<md:SingleLogoutService Binding="${bindingNames[binding]}" Location="${escapeXml(input.logout)}"></md:SingleLogoutService>`,
  )
  const name = escapeXml(input.name)
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor xmlns:md="${md}" entityID="${escapeXml(input.entityId)}">` +
    `<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${protocol}">` +
    `<md:Extensions><mdui:UIInfo xmlns:mdui="${mdui}"><mdui:DisplayName xml:lang="fr">${name}</mdui:DisplayName></mdui:UIInfo></md:Extensions>` +
    `${keys.join('')}${logout.join('')}` +
    `<md:AssertionConsumerService Binding="${bindingNames.post}" Location="${escapeXml(input.consumer)}" index="0" isDefault="true"></md:AssertionConsumerService>` +
    `</md:SPSSODescriptor></md:EntityDescriptor>\n`
  )
}

function listCertificates(keyInfo: XmlElement | undefined): string[] {
  if (!keyInfo) return []
  return listChildren(keyInfo, dsig, 'X509Data')
    .flatMap((data) => listChildren(data, dsig, 'X509Certificate'))
    .map((element) => textOf(element).replaceAll(/\s+/g, ''))
    .filter((certificate) => {
      try {
        toCertificate(certificate)
        return true
      } catch {
        return false
      }
    })
}

function findName(entity: XmlElement, role: XmlElement): string | undefined {
  const info = childElements(findChild(role, md, 'Extensions') ?? role).find(
    ({ uri, local }) => uri === mdui && local === 'UIInfo',
  )
  const organisation = findChild(entity, md, 'Organization')
  const names = [
    ...(info ? listChildren(info, mdui, 'DisplayName') : []),
    ...(organisation ? listChildren(organisation, md, 'OrganizationDisplayName') : []),
  ]
  const language = (element: XmlElement) => element.attributes.find(({ name }) => name === 'xml:lang')?.value
  const chosen =
    names.find((each) => language(each) === 'fr') ?? names.find((each) => language(each) === 'en') ?? names[0]
  // Lines of a pretty-printed file are not those of a name.
  return textOf(chosen).replaceAll(/\s+/g, ' ') || undefined
}

function isAddress(location: string, allowHttp: boolean): boolean {
  if (!URL.canParse(location)) return false
  const { protocol: scheme } = new URL(location)
  return scheme === 'https:' || (allowHttp && scheme === 'http:')
}
