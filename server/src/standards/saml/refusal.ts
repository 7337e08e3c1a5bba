import { Problem } from '#kernel/problem'
import { XmlRefused } from './xml.ts'

const codes = {
  doctype: 'federation_untrusted',
  comment: 'federation_untrusted',
  malformed: 'federation_untrusted',
  too_deep: 'federation_untrusted',
  unsigned: 'federation_untrusted',
  signature: 'federation_untrusted',
  weak_algorithm: 'federation_untrusted',
  wrapped: 'federation_untrusted',
  several_assertions: 'federation_untrusted',
  encryption: 'federation_untrusted',
  issuer: 'federation_untrusted',
  incomplete: 'federation_failed',
  status: 'federation_failed',
  declined: 'federation_declined',
  expired: 'federation_answer_expired',
  early: 'federation_answer_expired',
  replayed: 'federation_replayed',
  audience: 'federation_misdirected',
  recipient: 'federation_misdirected',
  in_response_to: 'federation_misdirected',
  unsolicited: 'federation_unsolicited',
} as const

export type RefusalReason = keyof typeof codes

/** A SAML message that is refused. `reason` may be logged: it holds nothing of the message. */
export class SamlRefused extends Error {
  override readonly name = 'SamlRefused'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason) {
    super(reason)
    this.reason = reason
  }
}

/** What a person is told of a refusal; undefined for an error that is none. */
export function toRefusalProblem(error: unknown): Problem | undefined {
  if (!(error instanceof SamlRefused || error instanceof XmlRefused)) return undefined
  return new Problem(403, codes[error.reason], `The message of the identity provider is refused: ${error.reason}.`)
}
