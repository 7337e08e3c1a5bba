import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { Problem } from '#kernel/problem'

/** What a token must be issued by, and for. */
export interface ExpectedToken {
  issuer: string
  clientId: string
  keysUrl: string
}

/** Reads the keys of platforms: kept ten minutes, read again when a token names one that is not known. */
export type PlatformKeys = (keysUrl: string) => JWTVerifyGetKey

/** @param cooldown ms during which keys just read are not read again, whatever a token names. */
export function createPlatformKeys(cooldown = 10_000): PlatformKeys {
  const known = new Map<string, JWTVerifyGetKey>()
  return (keysUrl) => {
    let keys = known.get(keysUrl)
    if (!keys) {
      keys = createRemoteJWKSet(new URL(keysUrl), {
        timeoutDuration: 5_000,
        cooldownDuration: cooldown,
        cacheMaxAge: 600_000,
      })
      known.set(keysUrl, keys)
    }
    return keys
  }
}

/** Clocks of platforms are not ours. */
const skewSeconds = 60
/** A token is made for this very launch. */
const longestSeconds = 600

/**
 * Verifies a token of a platform (1EdTech Security Framework 1.0 §5.1.3): signed by RS256 with a key it publishes, issued by
 * it for this tool and lately. The nonce is the caller's business.
 * @throws Problem 401 `launch_token_…` or 502 `launch_keys_unreachable`, never with anything of the token.
 */
export async function verifyToken(
  token: string,
  expected: ExpectedToken,
  keys: PlatformKeys,
  now: Date,
): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys(expected.keysUrl), {
      algorithms: ['RS256'],
      issuer: expected.issuer,
      audience: expected.clientId,
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'nonce'],
      clockTolerance: skewSeconds,
      maxTokenAge: longestSeconds,
      currentDate: now,
    })
    // A platform names the key (§6.3), so that another may take its place.
    if (protectedHeader.kid === undefined)
      throw refuse('signature', 'The token does not say by which key it is signed.')
    checkAuthorizedParty(payload, expected.clientId)
    return payload
  } catch (error) {
    throw toProblem(error)
  }
}

/** `azp` must be there for several audiences, and be this tool wherever it is (§5.1.3, 4 and 5). */
function checkAuthorizedParty(payload: JWTPayload, clientId: string): void {
  const { aud, azp } = payload
  const several = Array.isArray(aud) && aud.length > 1
  if (azp === undefined ? several : azp !== clientId) {
    throw new Problem(401, 'launch_token_audience', 'The token was made for another tool (azp).')
  }
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof errors.JWTExpired) return refuse('expired', 'The token is too old.')
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return refuse('issuer', 'The token was issued by another platform.')
    if (error.claim === 'aud') return refuse('audience', 'The token was made for another tool.')
    if (error.claim === 'exp' || error.claim === 'iat' || error.claim === 'nbf')
      return refuse('time', 'The token says no time, or one to come: the clocks may differ.')
    return refuse('claims', `The token lacks ${error.claim}, or holds what cannot be used.`)
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return refuse('algorithm', 'The token is not signed by RS256.')
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
    return refuse('signature', 'The token is not signed by a key that the platform publishes.')
  if (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JOSENotSupported
  )
    return refuse('malformed', 'This is no signed token.')
  // No connection, no answer in time, or something else than a set of keys.
  return new Problem(502, 'launch_keys_unreachable', 'The keys of the platform cannot be read.')
}

const refuse = (what: string, detail: string) => new Problem(401, `launch_token_${what}`, detail)
