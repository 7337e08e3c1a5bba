import { expect } from 'vitest'
import type { TestApp } from './app.ts'

/** A browser: cookies by site, no redirect followed by itself. */
export class FederationBrowser {
  private readonly server: TestApp

  constructor(server: TestApp) {
    this.server = server
  }

  readonly ours = new Map<string, string>()
  readonly theirs = new Map<string, string>()

  async atOurs(url: string, method: 'GET' | 'POST' = 'GET') {
    const headers = { cookie: [...this.ours].map(([name, value]) => `${name}=${value}`).join('; ') }
    const response = await this.server.app.inject({ method, url, headers })
    for (const { name, value } of response.cookies) {
      if (value === '') this.ours.delete(name)
      else this.ours.set(name, value)
    }
    return response
  }

  send(url: string, payload: object) {
    const cookie = [...this.ours].map(([name, value]) => `${name}=${value}`).join('; ')
    return this.server.app.inject({ method: 'POST', url, headers: { cookie }, payload }).then((response) => {
      for (const { name, value } of response.cookies) if (value !== '') this.ours.set(name, value)
      return response
    })
  }

  async atTheirs(url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.theirs].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, 'accept-language': 'en' },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.theirs.delete(name)
      else this.theirs.set(name, value)
    }
    return response
  }

  /** Follows the provider until it shows a page or sends back to us. */
  async follow(url: string): Promise<{ page: Response; url: string } | { back: string }> {
    for (let hops = 0; hops < 10; hops += 1) {
      if (url.startsWith(this.server.config.publicUrl)) return { back: url.slice(this.server.config.publicUrl.length) }
      const page = await this.atTheirs(url)
      const location = page.headers.get('location')
      if (location === null) return { page, url }
      url = new URL(location, url).href
    }
    throw new Error('too many redirects')
  }

  async leave(returnTo = '', slug = 'demonstration'): Promise<string> {
    const response = await this.atOurs(`/api/federation/providers/${slug}/start${returnTo}`)
    expect(response.statusCode).toBe(302)
    return String(response.headers.location)
  }

  /** @returns the path by which the provider sends back to us, not yet followed. */
  async chooseAt(departure: string, subject: string): Promise<string> {
    const shown = await this.follow(departure)
    if ('back' in shown) return shown.back
    expect(await shown.page.text()).toContain('none of these people exists')
    const answer = await this.atTheirs(shown.url, { subject })
    const next = await this.follow(new URL(answer.headers.get('location') ?? '', shown.url).href)
    if (!('back' in next)) throw new Error(`no way back: ${await next.page.text()}`)
    return next.back
  }

  /** @returns where the whole journey ends. */
  async signIn(subject: string, returnTo = '', slug = 'demonstration'): Promise<string> {
    const back = await this.chooseAt(await this.leave(returnTo, slug), subject)
    return String((await this.atOurs(back)).headers.location)
  }

  /** Posts a form of the provider's page to us, as a browser does: from another site, without our cookies. */
  async postToOurs(url: string, form: Record<string, string>) {
    return this.server.app.inject({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://idp.example',
        'sec-fetch-site': 'cross-site',
      },
      payload: new URLSearchParams(form).toString(),
    })
  }

  async session() {
    return (await this.atOurs('/api/identity/session')).json() as { signedIn: boolean; person?: { id: string } }
  }
}
