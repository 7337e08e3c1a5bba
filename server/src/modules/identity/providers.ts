import { isIP } from 'node:net'
import { z } from 'zod'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { deleteProvider, type Provider, saveProvider } from './federation.queries.ts'

export const recordKind = z.enum(['pupil', 'guardian', 'staff'])
const declaration = z.object({
  slug: z.string().regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and hyphens'),
  name: z.string().trim().min(1).max(80),
  issuer: z.url({ protocol: /^https?$/ }),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1).nullable().default(null),
  scope: z
    .string()
    .refine((scope) => scope.split(' ').includes('openid'), 'has to include openid')
    .default('openid profile'),
  referenceClaim: z.string().min(1),
  recordKinds: z.array(recordKind).min(1).default(recordKind.options),
})

/**
 * Declares an OIDC identity provider, or changes the one of the same slug. Its people are recognised by
 * `referenceClaim`, values `{AAF}academy|…|identifier`.
 * @param publicUrl address of this site, which a demonstration's provider shares.
 * @throws Problem 400 `invalid_request`; 422 `issuer_insecure` for plain HTTP to another machine.
 */
export async function declareProvider(
  tx: Tx,
  input: z.input<typeof declaration>,
  publicUrl: string,
): Promise<Provider> {
  const parsed = declaration.safeParse(input)
  if (!parsed.success) throw new Problem(400, 'invalid_request', z.prettifyError(parsed.error))
  checkIssuer(parsed.data.issuer, publicUrl)
  const provider = await saveProvider(tx, parsed.data)
  await recordAudit(tx, {
    action: 'identity.provider_saved',
    actorPersonId: null,
    subjectKind: 'provider',
    subjectId: provider.id,
    detail: { slug: provider.slug, issuer: provider.issuer },
  })
  return provider
}

/** @throws Problem 404 `provider_not_found`. */
export async function removeProvider(tx: Tx, slug: string): Promise<void> {
  const id = await deleteProvider(tx, slug)
  if (id === undefined) throw new Problem(404, 'provider_not_found', `No identity provider has the slug ${slug}.`)
  await recordAudit(tx, {
    action: 'identity.provider_removed',
    actorPersonId: null,
    subjectKind: 'provider',
    subjectId: id,
    detail: { slug },
  })
}

function checkIssuer(issuer: string, publicUrl: string): void {
  const { protocol, hostname, origin } = new URL(issuer)
  const loopback =
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  if (protocol === 'http:' && !loopback && origin !== new URL(publicUrl).origin) {
    throw new Problem(422, 'issuer_insecure', 'An identity provider on another machine is reached by https only.')
  }
}
