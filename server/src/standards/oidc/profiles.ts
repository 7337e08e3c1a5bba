import { Problem } from '#kernel/problem'
import type { Provider } from '#modules/identity'

/** What a provider's specification asks beyond OpenID Connect. */
export interface ProfileRules {
  /** Level of assurance asked for, and required of the answer. */
  acr?: string
  prompt?: string
  /** Signature of userinfo when it comes as a JWT. */
  signedUserinfo?: string
  /** Whether parameters that the specification does not list are refused, those of PKCE included. */
  strictParameters?: boolean
  /** Claims without which the answer is none. */
  required: string[]
}

const rules: Partial<Record<Provider['profile'], ProfileRules>> = {
  // FranceConnect v2: code flow only, eIDAS level asked for, unknown parameters refused, userinfo as a signed JWT,
  // identity traits all present.
  franceConnect: {
    acr: 'eidas1',
    prompt: 'login consent',
    signedUserinfo: 'ES256',
    strictParameters: true,
    required: ['given_name', 'family_name', 'birthdate'],
  },
  // ProConnect: unknown parameters refused (Y000400), userinfo as a signed JWT, the employer's SIRET always told.
  proConnect: {
    acr: 'eidas1',
    signedUserinfo: 'RS256',
    strictParameters: true,
    required: ['siret', 'uid', 'usual_name', 'given_name', 'email'],
  },
}

export const profileRules = (provider: Provider): ProfileRules => rules[provider.profile] ?? { required: [] }

/** Levels of assurance, lowest first; ProConnect words them otherwise and is not compared. */
const levels = ['eidas1', 'eidas2', 'eidas3']

/** @throws Problem 502 `federation_failed` when what the profile asks is missing. */
export function checkClaims(provider: Provider, claims: Record<string, unknown>): void {
  const { required, acr } = profileRules(provider)
  const missing = required.filter((name) => typeof claims[name] !== 'string' || claims[name] === '')
  const weak = provider.profile === 'franceConnect' && levels.indexOf(String(claims['acr'])) < levels.indexOf(acr ?? '')
  if (missing.length > 0 || weak) {
    const what = weak ? 'the level of assurance asked for' : missing.join(', ')
    throw new Problem(502, 'federation_failed', `The answer of the identity provider lacks ${what}.`)
  }
}

/** What somebody vouched for is called on the page that asks to link them. */
export function readDisplayName(claims: Record<string, unknown>): string | null {
  const [given, family] = [claims['given_name'], claims['usual_name'] ?? claims['family_name']]
  const names = [given, family].filter((name) => typeof name === 'string' && name.trim() !== '')
  return names.length > 0 ? names.join(' ').slice(0, 120) : null
}
