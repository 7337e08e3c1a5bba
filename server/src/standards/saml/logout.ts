import type { KeyObject } from 'node:crypto'
import { SamlRefused } from './refusal.ts'
import { type NameId, readNameId, readTime } from './response.ts'
import { readSigned } from './signature.ts'
import { findAttribute, findChild, listChildren, parseXml, saml, samlp, textOf, type XmlElement } from './xml.ts'

/** A provider asks to end sessions. */
export interface LogoutRequest {
  id: string
  issuer: string
  nameId: NameId
  /** Empty: every session of this person. */
  sessionIndexes: string[]
}

/** Whose message it is, before anything is verified. */
export function peekIssuer(xml: string): string {
  return textOf(findChild(parseXml(xml), saml, 'Issuer'))
}

/**
 * Reads a request to end sessions (SAML 2.0 Core §3.7.1). It is always signed, by the address for HTTP-Redirect, inside
 * otherwise.
 * @throws SamlRefused
 */
export function readLogoutRequest(
  xml: string,
  expected: { destination: string; keys: KeyObject[]; verified: boolean; now: Date },
): LogoutRequest {
  const request = readVerified(xml, 'LogoutRequest', expected)
  const until = readTime(request, 'NotOnOrAfter')
  const issuedAt = readTime(request, 'IssueInstant')
  const nameId = findChild(request, saml, 'NameID')
  const id = findAttribute(request, 'ID')
  if (!id || !nameId || !issuedAt) throw new SamlRefused('incomplete')
  // What says no end ends five minutes after it was made.
  if ((until?.getTime() ?? issuedAt.getTime() + 300_000) + 120_000 <= expected.now.getTime())
    throw new SamlRefused('expired')
  return {
    id,
    issuer: textOf(findChild(request, saml, 'Issuer')),
    nameId: readNameId(nameId),
    sessionIndexes: listChildren(request, samlp, 'SessionIndex').map(textOf),
  }
}

function readVerified(
  xml: string,
  local: string,
  expected: { destination: string; keys: KeyObject[]; verified: boolean },
): XmlElement {
  const root = parseXml(xml)
  if (root.uri !== samlp || root.local !== local) throw new SamlRefused('malformed')
  const message = expected.verified ? root : readSigned(root, expected.keys)
  if (!message) throw new SamlRefused('unsigned')
  const destination = findAttribute(message, 'Destination')
  if (destination !== undefined && destination !== expected.destination) throw new SamlRefused('recipient')
  return message
}
