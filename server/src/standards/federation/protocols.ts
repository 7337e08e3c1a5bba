import type { Services } from '#kernel/module'
import { createCasSignIn } from '../cas/cas-sign-in.ts'
import { createOidcSignIn } from '../oidc/oidc-sign-in.ts'
import { createSamlSignIn } from '../saml/saml-sign-in.ts'
import type { FederationLog } from './protocol.ts'

export type Protocols = ReturnType<typeof createProtocols>

/** Every protocol of sign-in. */
export function createProtocols(services: Services, log: FederationLog) {
  return {
    oidc: createOidcSignIn(services, log),
    saml: createSamlSignIn(services, log),
    cas: createCasSignIn(services, log),
  }
}

/** Probes tell what they find by their measures. */
export const silent: FederationLog = { warn() {} }
