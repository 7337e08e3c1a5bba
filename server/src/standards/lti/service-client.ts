import { z } from 'zod'
import { readJson, ServiceFailure } from '#kernel/remote-service'
import type { Platform } from './platforms.queries.ts'

const patience = 30_000
const mostBytes = 16_000_000
/** No course has as many people: such a service would never end. */
const mostPages = 500

const tokenAnswer = z.object({ access_token: z.string().min(1).max(20_000) })

/** Signs the assertion by which this tool asks for tokens. */
export type SignAssertion = (claims: Record<string, unknown>) => Promise<string>

/** Reads services of a platform (LTI Advantage), with tokens asked for by a signed assertion (RFC 7523 §2.2). */
export class PlatformService {
  private readonly platform: Platform
  private readonly sign: SignAssertion
  private readonly signal: AbortSignal
  private readonly mayRead: (url: string) => void

  constructor(
    platform: Platform,
    sign: SignAssertion,
    signal: AbortSignal,
    /** Throws for an address that is not to be asked. */
    mayRead: (url: string) => void,
  ) {
    this.platform = platform
    this.sign = sign
    this.signal = signal
    this.mayRead = mayRead
  }

  /** A token for scopes. @throws ServiceFailure. */
  async askToken(scopes: string[], id: string): Promise<string> {
    const { clientId, tokenUrl, tokenAudience } = this.platform
    const assertion = await this.sign({ iss: clientId, sub: clientId, aud: tokenAudience ?? tokenUrl, jti: id })
    const { status, body } = await this.ask(new URL(tokenUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        scope: scopes.join(' '),
      }).toString(),
    })
    const read = tokenAnswer.safeParse(body)
    if (status !== 200) throw new ServiceFailure('token_refused', status)
    if (!read.success) throw new ServiceFailure('answer_invalid', status)
    return read.data.access_token
  }

  /**
   * The pages of a collection, by their `Link: …; rel="next"` (RFC 8288).
   * @throws ServiceFailure.
   */
  async *list(url: string, token: string, mediaType: string): AsyncGenerator<unknown> {
    let next: string | undefined = url
    for (let page = 0; next !== undefined; page++) {
      if (page >= mostPages) throw new ServiceFailure('answer_invalid')
      // A token goes nowhere but to the platform that gave it.
      if (new URL(next).origin !== new URL(url).origin) throw new ServiceFailure('answer_invalid')
      const { status, body, headers } = await this.ask(new URL(next), {
        headers: { authorization: `Bearer ${token}`, accept: mediaType },
      })
      if (status !== 200) throw new ServiceFailure('service_refused', status)
      yield body
      next = readNext(headers.get('link'), next)
    }
  }

  private async ask(url: URL, init: RequestInit): Promise<{ status: number; body: unknown; headers: Headers }> {
    this.mayRead(url.href)
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(patience)])
    let answer: Response
    try {
      // A redirection would carry the token elsewhere.
      answer = await fetch(url, { ...init, signal, redirect: 'error' })
    } catch {
      this.signal.throwIfAborted()
      throw new ServiceFailure('service_unreachable')
    }
    return { status: answer.status, body: await readJson(answer, mostBytes), headers: answer.headers }
  }
}

/** The address of the next page; undefined on the last one. */
export function readNext(header: string | null, base: string): string | undefined {
  for (const [, url = '', parameters = ''] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel="?next"?(?=[\s;,]|$)/i.test(parameters) && URL.canParse(url, base)) return new URL(url, base).href
  }
  return undefined
}
