import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { readJson, ServiceFailure } from '#kernel/remote-service'
import { rosterScopes } from './scopes.ts'

/** An object of the service, as it was answered. */
export type ServiceObject = Record<string, unknown>

/** Where a service is, and what opens it. */
export interface Service {
  serviceUrl: string
  tokenUrl: string
  clientId: string
  secret: string
}

const pageSize = 1000
/** More objects of one kind than any territory has: such a service would never end. */
const mostObjects = 5_000_000
const patience = 120_000
const mostBytes = 64_000_000

/** Answers after which the same question may well be answered: asked too often, or a server that starts again. */
const passing = new Set([429, 500, 502, 503, 504])
const mostTries = 3
/** Longest that one answer makes us wait. */
const mostSeconds = 60

const tokenAnswer = z.object({
  access_token: z.string().min(1).max(10_000),
  expires_in: z.number().positive().optional(),
})

/** Reads collections of a rostering service (OneRoster 1.2 REST binding), one page after the other. */
export class ServiceClient {
  private readonly service: Service
  private readonly signal: AbortSignal
  private token: { text: string; until: number } | undefined

  constructor(service: Service, signal: AbortSignal) {
    this.service = service
    this.signal = signal
  }

  /**
   * The pages of a collection; undefined when the service says that it has none such, or not for us.
   * @throws ServiceFailure.
   */
  async list(kind: string): Promise<AsyncIterable<ServiceObject[]> | undefined> {
    const first = await this.readPage(kind, 0)
    return first === undefined ? undefined : this.pages(kind, first)
  }

  private async *pages(kind: string, first: Page): AsyncGenerator<ServiceObject[]> {
    let page = first
    let offset = 0
    for (;;) {
      // A collection that ends before its total is not whole: those who miss would seem gone.
      if (page.objects.length === 0 && offset < (page.total ?? 0)) throw new ServiceFailure('answer_invalid', 200)
      if (page.objects.length === 0) return
      yield page.objects
      offset += page.objects.length
      // A page may hold fewer than asked for: only the total, or an empty page, tells the end.
      if (page.total !== undefined && offset >= page.total) return
      if (offset > mostObjects) throw new ServiceFailure('answer_invalid')
      const next = await this.readPage(kind, offset)
      if (!next) throw new ServiceFailure('answer_invalid')
      page = next
    }
  }

  private async readPage(kind: string, offset: number): Promise<Page | undefined> {
    const url = new URL(`${this.service.serviceUrl.replace(/\/+$/, '')}/${kind}`)
    url.searchParams.set('limit', String(pageSize))
    url.searchParams.set('offset', String(offset))
    // In one order, so that no page repeats or leaves out what another holds; some services want both words.
    url.searchParams.set('sort', 'sourcedId')
    url.searchParams.set('orderBy', 'asc')
    const answer = await this.ask(url, {
      headers: { authorization: `Bearer ${await this.getToken()}`, accept: 'application/json' },
    })
    if (offset === 0 && (answer.status === 403 || answer.status === 404 || answer.status === 501)) return undefined
    if (answer.status !== 200) throw new ServiceFailure('service_refused', answer.status)
    const body = z.record(z.string(), z.unknown()).safeParse(await readJson(answer, mostBytes))
    const objects = z.array(z.record(z.string(), z.unknown())).safeParse(body.data?.[kind])
    if (!objects.success) throw new ServiceFailure('answer_invalid', 200)
    const total = answer.headers.get('x-total-count')
    return { objects: objects.data, total: total !== null && /^\d+$/.test(total) ? Number(total) : undefined }
  }

  /** A token for the collections and, where the service gives it, for days of birth. */
  private async getToken(): Promise<string> {
    if (this.token && this.token.until > Date.now()) return this.token.text
    const answer =
      (await this.askToken([rosterScopes.core, rosterScopes.demographics])) ??
      (await this.askToken([rosterScopes.core]))
    if (!answer) throw new ServiceFailure('token_refused', 400)
    this.token = answer
    return answer.text
  }

  private async askToken(scopes: string[]): Promise<{ text: string; until: number } | undefined> {
    const { tokenUrl, clientId, secret } = this.service
    const answer = await this.ask(new URL(tokenUrl), {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }).toString(),
    })
    // Scopes that it does not give.
    if (answer.status === 400 && scopes.length > 1) return undefined
    if (answer.status !== 200) throw new ServiceFailure('token_refused', answer.status)
    const read = tokenAnswer.safeParse(await readJson(answer, mostBytes))
    if (!read.success) throw new ServiceFailure('answer_invalid', 200)
    const seconds = read.data.expires_in ?? 300
    return { text: read.data.access_token, until: Date.now() + Math.max(10, seconds - 60) * 1000 }
  }

  /** Asks, and asks again after a while where the answer says that it may pass. */
  private async ask(url: URL, init: RequestInit): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.askOnce(url, init)
      if (!passing.has(answer.status) || tries === mostTries) return answer
      await answer.body?.cancel()
      const asked = Number(answer.headers.get('retry-after') ?? Number.NaN)
      await wait(1_000 * Math.min(mostSeconds, asked >= 0 ? asked : 2 ** tries), undefined, { signal: this.signal })
    }
  }

  private async askOnce(url: URL, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(patience)])
    try {
      // A redirection would carry the credentials elsewhere.
      return await fetch(url, { ...init, signal, redirect: 'error' })
    } catch {
      this.signal.throwIfAborted()
      throw new ServiceFailure('service_unreachable')
    }
  }
}

interface Page {
  objects: ServiceObject[]
  /** As X-Total-Count says. */
  total: number | undefined
}
