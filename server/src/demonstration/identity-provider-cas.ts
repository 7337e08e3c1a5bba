import { randomBytes } from 'node:crypto'
import type { App } from '#kernel/http'
import { type DemonstrationUser, type FindOptions, parseForms, route, sendPage } from './identity-provider-http.ts'
import { renderChoice, renderFailure } from './identity-provider-pages.ts'

const path = '/demonstration-cas'
/** CAS Protocol 3.0.3 §3.1.1: a ticket serves once, within five minutes. */
const ticketMinutes = 5

/** What a workspace has to know of the server, as `declareProvider` takes it. */
export function demonstrationCasProvider(publicUrl: string) {
  return {
    protocol: 'cas' as const,
    slug: 'demonstration-cas',
    name: 'Guichet académique de démonstration (CAS)',
    profile: 'agents' as const,
    issuer: publicUrl + path,
    referenceClaim: 'reference',
    recordKinds: ['staff' as const],
  }
}

/** Serves a CAS 3.0 server: sign-in, validation with attributes, single logout. */
export async function serveCasServer(app: App, findOptions: FindOptions): Promise<void> {
  const tickets = new Map<string, { service: string; subject: string; until: number }>()
  /** Tickets given to each browser, to tell the workspaces when it signs out. */
  const given = new Map<string, { ticket: string; service: string }[]>()
  const cookieName = 'demonstration_cas'

  /** A service is a page of a workspace that may send people here. */
  const isKnown = (clients: URL[], service: string) =>
    URL.canParse(service) && clients.some((client) => client.origin === new URL(service).origin)

  await app.register(async (scope: App) => {
    parseForms(scope)
    scope.get(`${path}/login`, route, async (request, reply) => {
      const options = await findOptions()
      if (!options) return reply.callNotFound()
      const { service = '' } = request.query as { service?: string }
      const language = request.headers['accept-language']
      if (!isKnown(options.clients, service))
        return sendPage(reply.status(400), renderFailure(language, 'UNAUTHORIZED_SERVICE'))
      return sendPage(reply, renderChoice((await options.users()).filter(knows), request.url, language))
    })
    scope.post(`${path}/login`, route, async (request, reply) => {
      const options = await findOptions()
      if (!options) return reply.callNotFound()
      const { service = '' } = request.query as { service?: string }
      const { subject } = request.body as { subject?: string }
      if (!isKnown(options.clients, service)) return reply.callNotFound()
      const back = new URL(service)
      if (subject === undefined || subject === '') return reply.redirect(back.href, 303)
      const ticket = `ST-${randomBytes(24).toString('base64url')}`
      tickets.set(ticket, { service, subject, until: Date.now() + ticketMinutes * 60_000 })
      const browser = request.cookies?.[cookieName] ?? randomBytes(16).toString('hex')
      given.set(browser, [...(given.get(browser) ?? []), { ticket, service }])
      back.searchParams.set('ticket', ticket)
      reply.header('set-cookie', `${cookieName}=${browser}; Path=${path}; HttpOnly; SameSite=Lax`)
      return reply.redirect(back.href, 303)
    })
  })

  app.get(`${path}/p3/serviceValidate`, route, async (request, reply) => {
    const options = await findOptions()
    if (!options) return reply.callNotFound()
    const { service = '', ticket = '' } = request.query as { service?: string; ticket?: string }
    const found = tickets.get(ticket)
    tickets.delete(ticket)
    const user = (await options.users()).find((each) => each.subject === found?.subject)
    reply.type('application/xml; charset=utf-8')
    if (!found || !user || found.until < Date.now()) return reply.send(answer(failure('INVALID_TICKET')))
    if (found.service !== service) return reply.send(answer(failure('INVALID_SERVICE')))
    const attributes = [
      ['givenName', user.givenName],
      ['sn', user.familyName],
      ...user.references.map((reference) => ['reference', reference] as const),
    ] as const
    return reply.send(
      answer(
        `<cas:authenticationSuccess><cas:user>${escape(user.subject)}</cas:user><cas:attributes>` +
          `${attributes.map(([name, value]) => `<cas:${name}>${escape(value)}</cas:${name}>`).join('')}` +
          `</cas:attributes></cas:authenticationSuccess>`,
      ),
    )
  })

  app.get(`${path}/logout`, route, async (request, reply) => {
    const options = await findOptions()
    if (!options) return reply.callNotFound()
    const { service = '' } = request.query as { service?: string }
    const browser = request.cookies?.[cookieName] ?? ''
    // CAS Protocol 3.0.3 §2.3.3: every service is told, and none holds up the others.
    const told = (given.get(browser) ?? []).map((each) => {
      const body = new URLSearchParams({ logoutRequest: describeLogout(each.ticket) })
      return fetch(each.service, { method: 'POST', body, signal: AbortSignal.timeout(2_000) })
    })
    await Promise.allSettled(told)
    given.delete(browser)
    return reply.redirect(isKnown(options.clients, service) ? service : options.publicUrl)
  })
}

/** An academy's staff. */
const knows = ({ profile, references }: DemonstrationUser) =>
  references.length > 0 && !['pupil', 'guardian'].includes(profile)

const answer = (content: string) =>
  `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">${content}</cas:serviceResponse>`
const failure = (code: string) => `<cas:authenticationFailure code="${code}">${code}</cas:authenticationFailure>`

/** The SAML logout request of CAS, which names the ticket by which the session began. */
function describeLogout(ticket: string): string {
  const id = `LR-${randomBytes(8).toString('hex')}`
  return (
    `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${id}" Version="2.0" IssueInstant="${new Date().toISOString()}">` +
    `<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@NOT_USED@</saml:NameID>` +
    `<samlp:SessionIndex>${escape(ticket)}</samlp:SessionIndex></samlp:LogoutRequest>`
  )
}

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
