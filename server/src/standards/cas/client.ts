import { findAttribute, findChild, childElements, parseXml, textOf } from '../saml/xml.ts'

const cas = 'http://www.yale.edu/tp/cas'

/** Whom a CAS server says a service ticket was given to. */
export interface CasIdentity {
  user: string
  attributes: Map<string, string[]>
}

/** A CAS answer that signs nobody in: `code` is the server's, such as INVALID_TICKET, or ours. */
export class CasRefused extends Error {
  override readonly name = 'CasRefused'
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/**
 * Reads the answer of `/p3/serviceValidate` (CAS Protocol 3.0.3, appendix A). Whoever came through a proxy is refused:
 * another application would have signed in for them.
 * @throws CasRefused, XmlRefused.
 */
export function readServiceResponse(xml: string): CasIdentity {
  const root = parseXml(xml.trim())
  if (root.uri !== cas || root.local !== 'serviceResponse') throw new CasRefused('MALFORMED')
  const [answer, ...more] = childElements(root)
  if (!answer || more.length > 0 || answer.uri !== cas) throw new CasRefused('MALFORMED')
  if (answer.local === 'authenticationFailure') {
    const code = findAttribute(answer, 'code') ?? ''
    throw new CasRefused(/^[A-Z_]{1,40}$/.test(code) ? code : 'MALFORMED')
  }
  if (answer.local !== 'authenticationSuccess') throw new CasRefused('MALFORMED')
  if (findChild(answer, cas, 'proxies') || findChild(answer, cas, 'proxyGrantingTicket')) throw new CasRefused('PROXY')
  const users = childElements(answer).filter((each) => each.local === 'user')
  const user = textOf(users[0])
  if (users.length !== 1 || user === '' || childElements(users[0]!).length > 0) throw new CasRefused('MALFORMED')
  const attributes = new Map<string, string[]>()
  const holder = findChild(answer, cas, 'attributes')
  for (const each of holder ? childElements(holder) : []) {
    const name = each.local === 'attribute' ? findAttribute(each, 'name') : each.local
    const value = each.local === 'attribute' ? (findAttribute(each, 'value') ?? textOf(each)) : textOf(each)
    if (name !== undefined) attributes.set(name, [...(attributes.get(name) ?? []), value])
  }
  return { user, attributes }
}

/**
 * The service ticket whose session a CAS server ends (CAS Protocol 3.0.3 §2.3.3: a SAML logout request, unsigned: the
 * ticket, which only that server and this one ever knew, is its proof).
 * @returns undefined when it names none.
 */
export function readLogoutTicket(xml: string): string | undefined {
  const root = parseXml(xml.trim())
  const index = childElements(root).find(({ local }) => local === 'SessionIndex')
  return root.local === 'LogoutRequest' && index ? textOf(index) || undefined : undefined
}
