import * as oidc from 'openid-client'
import { Problem } from '#kernel/problem'
import type { Provider } from '#modules/identity'
import { checkClaims, profileRules } from './profiles.ts'

/** The claims of someone, verified, and the token that ends their session at the provider. */
export interface OidcAnswer {
  claims: Record<string, unknown> & { sub: string }
  idToken: string
}

const timeoutSeconds = 5

/**
 * Reads a provider's metadata (OpenID Connect Discovery 1.0); its keys are read with the first token, and again when a
 * token names one that is not known.
 * @param secret clear.
 * @param inClear whether plain HTTP is allowed.
 */
export function discover(provider: Provider, secret: string | null, inClear: boolean): Promise<oidc.Configuration> {
  const signedUserinfo = provider.options.userinfoAlgorithm ?? profileRules(provider).signedUserinfo
  const authenticateClient: oidc.ClientAuth = (server, client, body, headers) => {
    if (secret === null) return oidc.None()(server, client, body, headers)
    // "Basic" is what a provider that says nothing expects (OpenID Connect Discovery 1.0 §3).
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const method = methods.includes('client_secret_basic') ? oidc.ClientSecretBasic : oidc.ClientSecretPost
    return method(secret)(server, client, body, headers)
  }
  return oidc.discovery(
    new URL(provider.issuer),
    provider.clientId ?? '',
    signedUserinfo ? { userinfo_signed_response_alg: signedUserinfo } : undefined,
    authenticateClient,
    {
      timeout: timeoutSeconds,
      execute: [
        ...(inClear ? [oidc.allowInsecureRequests] : []),
        // Signatures of ID tokens and userinfo count, even over TLS.
        oidc.enableNonRepudiationChecks,
      ],
    },
  )
}

/** What has to be remembered of a departure. */
export interface OidcDeparture {
  nonce: string
  codeVerifier: string
}

/** State, nonce and verifier are 256 random bits, 43 characters: longer than any provider asks. */
export const prepareDeparture = (): OidcDeparture => ({
  nonce: oidc.randomNonce(),
  codeVerifier: oidc.randomPKCECodeVerifier(),
})

// Whatever its metadata say: they announce PKCE where the library that a provider is made with knows it, and its own
// check of the parameters refuses it all the same.
const usesPkce = (provider: Provider) => !profileRules(provider).strictParameters

export async function buildDepartureUrl(
  config: oidc.Configuration,
  provider: Provider,
  input: OidcDeparture & { callback: string; state: string },
): Promise<URL> {
  const rules = profileRules(provider)
  return oidc.buildAuthorizationUrl(config, {
    redirect_uri: input.callback,
    scope: provider.scope,
    state: input.state,
    nonce: input.nonce,
    ...(rules.acr ? { acr_values: rules.acr } : {}),
    ...(rules.prompt ? { prompt: rules.prompt } : {}),
    ...(usesPkce(provider)
      ? { code_challenge: await oidc.calculatePKCECodeChallenge(input.codeVerifier), code_challenge_method: 'S256' }
      : {}),
  })
}

/**
 * Exchanges the code of a return, once: state, nonce, PKCE where it is used, `iss` (RFC 9207), the signature of the ID token, and what
 * the profile of the provider asks.
 * @param url the whole address the browser came back to.
 * @throws Problem `federation_declined`, `federation_failed`, `federation_unreachable`.
 */
export async function exchangeCode(
  config: oidc.Configuration,
  provider: Provider,
  url: URL,
  expected: OidcDeparture & { state: string },
): Promise<OidcAnswer> {
  const tokens = await oidc.authorizationCodeGrant(config, url, {
    expectedState: expected.state,
    expectedNonce: expected.nonce,
    ...(usesPkce(provider) ? { pkceCodeVerifier: expected.codeVerifier } : {}),
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  if (!claims || tokens.id_token === undefined) throw new Error('no ID token')
  const userinfo =
    config.serverMetadata().userinfo_endpoint === undefined
      ? {}
      : // At once: some access tokens live a minute.
        await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
  // The ID token says who and how; what userinfo adds does not change it.
  const merged = { ...userinfo, ...claims }
  checkClaims(provider, merged)
  return { claims: merged, idToken: tokens.id_token }
}

/** Where the browser ends the session at the provider too (RP-Initiated Logout 1.0); null when it offers none. */
export function buildSignOutUrl(
  config: oidc.Configuration,
  idToken: string,
  input: { after: string; state: string },
): URL | null {
  if (config.serverMetadata().end_session_endpoint === undefined) return null
  return oidc.buildEndSessionUrl(config, {
    id_token_hint: idToken,
    post_logout_redirect_uri: input.after,
    state: input.state,
  })
}

/** What a person is told of a failure. */
export function toOidcProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof oidc.AuthorizationResponseError && error.error === 'access_denied') {
    return new Problem(403, 'federation_declined', 'The sign-in was given up at the identity provider.')
  }
  // No connection, no answer in time, or an error page instead of an answer.
  const unreachable =
    error instanceof TypeError ||
    (error instanceof oidc.ClientError &&
      (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM'))
  return unreachable
    ? new Problem(502, 'federation_unreachable', 'The identity provider does not answer.')
    : new Problem(502, 'federation_failed', 'The answer of the identity provider cannot be trusted.')
}

/** What may be logged of a failure: its code, never the provider's text, which may speak of someone. */
export function reasonOf(error: unknown): string {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) return error.error
  const { code, reason, name } = error as { code?: string; reason?: string; name?: string }
  return code ?? reason ?? name ?? 'unknown'
}
