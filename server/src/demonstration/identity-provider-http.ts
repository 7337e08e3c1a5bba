import type { FastifyReply } from 'fastify'
import type { App } from '#kernel/http'

/** Someone one can sign in as. */
export interface DemonstrationUser {
  subject: string
  givenName: string
  familyName: string
  profile: string
  /** Values `{AAF}academy|…|identifier`; none for those no academy knows. */
  references: string[]
}

export interface IdentityProviderOptions {
  /** Address of the server that serves it, without a trailing slash. */
  publicUrl: string
  dataDirectory: string
  /** Addresses of the workspaces that may send people here. */
  clients: URL[]
  users: () => Promise<DemonstrationUser[]>
}

/** Asked at each request until it answers something: without a demonstration, nothing is served. */
export type FindOptions = () => Promise<IdentityProviderOptions | undefined>

export const route = { config: { access: 'public' as const }, schema: { hide: true } }

/** Reads the forms that browsers send. */
export function parseForms(scope: App): void {
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
}

export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  // The answer of the form leads back to the workspace, whose address no `form-action` here can know.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
  return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
}
