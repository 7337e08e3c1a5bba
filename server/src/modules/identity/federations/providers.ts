import { isIP } from 'node:net'
import { z } from 'zod'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Secrets } from '#kernel/secrets'
import { listTenants } from '#kernel/tenancy'
import {
  deleteProvider,
  findProvider,
  listProviders,
  type Provider,
  replaceProviderScope,
  saveProvider,
  updateProviderSecret,
} from './federation.queries.ts'

export const recordKind = z.enum(['pupil', 'guardian', 'staff'])
export const providerProfile = z.enum(['generic', 'eduConnect', 'agents', 'franceConnect', 'proConnect', 'renater'])
/** How userinfo is signed, where it is. */
export const userinfoAlgorithm = z.enum(['RS256', 'ES256', 'PS256'])

const address = z.url({ protocol: /^https?$/ })
const certificate = z
  .string()
  .transform((text) => text.replaceAll(/-----[^-]+-----|\s+/g, ''))
  .pipe(z.base64().min(1))
const base = z.object({
  slug: z.string().regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and hyphens'),
  name: z.string().trim().min(1).max(80),
  profile: providerProfile.default('generic'),
  referenceClaim: z.string().min(1).nullable().default(null),
  recordKinds: z.array(recordKind).min(1).default(recordKind.options),
})
/** Identity traits each asks for; `sub` is its only lasting identifier. */
const profileScopes: Partial<Record<z.infer<typeof providerProfile>, string>> = {
  franceConnect: 'openid given_name family_name birthdate gender birthplace birthcountry',
  proConnect: 'openid given_name usual_name email uid siret',
}
const declaration = z.discriminatedUnion('protocol', [
  base.extend({
    protocol: z.literal('oidc'),
    issuer: address,
    clientId: z.string().min(1),
    clientSecret: z.string().min(1).nullable().default(null),
    scope: z
      .string()
      .refine((scope) => scope.split(' ').includes('openid'), 'has to include openid')
      .optional(),
    userinfoAlgorithm: userinfoAlgorithm.optional(),
  }),
  base.extend({
    protocol: z.literal('saml'),
    issuer: z.string().min(1).max(1_024).describe('entity identifier, or the name of a federation'),
    metadataUrl: address.optional(),
    metadata: z.string().min(1).optional(),
    metadataCertificates: z.array(certificate).default([]),
    unsolicited: z.boolean().default(false),
  }),
  base.extend({ protocol: z.literal('cas'), issuer: address }),
])
/** OIDC when no protocol is named. */
export type Declaration =
  | z.input<typeof declaration>
  | (Omit<Extract<z.input<typeof declaration>, { protocol: 'oidc' }>, 'protocol'> & { protocol?: undefined })

/**
 * What a provider will be, if its declaration can be accepted: nothing is kept.
 * @param site its address, which a demonstration's provider shares, and its secrets.
 * @throws Problem 400 `invalid_request`; 422 `issuer_insecure` for plain HTTP to another machine, `federation_unsafe`.
 */
export async function prepareProvider(
  input: Declaration,
  site: { publicUrl: string; secrets: Secrets },
): Promise<Omit<Provider, 'id'>> {
  const parsed = declaration.safeParse({ ...input, protocol: input.protocol ?? 'oidc' })
  if (!parsed.success) throw new Problem(400, 'invalid_request', z.prettifyError(parsed.error))
  const given = parsed.data
  if (given.protocol === 'saml') {
    if ((given.metadataUrl === undefined) === (given.metadata === undefined)) {
      throw new Problem(400, 'invalid_request', 'Give the address of the metadata, or the metadata: one of both.')
    }
    if (given.metadataUrl !== undefined) checkAddress(given.metadataUrl, site.publicUrl)
    // Any of its thousands of members could name anybody of the directory, and its list comes from one address.
    if (given.profile === 'renater' && (given.referenceClaim !== null || given.metadataCertificates.length === 0)) {
      throw new Problem(
        422,
        'federation_unsafe',
        'A federation has a certificate for its metadata, and no reference claim.',
      )
    }
  } else {
    checkAddress(given.issuer, site.publicUrl)
  }
  const { slug, name, protocol, profile, issuer, referenceClaim, recordKinds } = given
  const secret = given.protocol === 'oidc' ? given.clientSecret : null
  return {
    slug,
    name,
    protocol,
    profile,
    issuer,
    referenceClaim,
    recordKinds,
    clientId: given.protocol === 'oidc' ? given.clientId : null,
    clientSecret: secret === null ? null : await site.secrets.seal(secret, secretContext(slug)),
    scope: (given.protocol === 'oidc' ? given.scope : undefined) ?? profileScopes[profile] ?? 'openid profile',
    options:
      given.protocol === 'saml'
        ? {
            metadataUrl: given.metadataUrl,
            metadata: given.metadata,
            metadataCertificates: given.metadataCertificates,
            unsolicited: given.unsolicited,
          }
        : given.protocol === 'oidc'
          ? { userinfoAlgorithm: given.userinfoAlgorithm }
          : {},
  }
}

/**
 * Declares an identity provider, or changes the one of the same slug. Its people are recognised by `referenceClaim`
 * (values `{AAF}academy|…|identifier`), or link it to their account themselves when it has none.
 * @throws Problem as `prepareProvider` does.
 */
export async function declareProvider(
  tx: Tx,
  input: Declaration,
  site: { publicUrl: string; secrets: Secrets },
  actorPersonId: string | null = null,
): Promise<Provider> {
  const provider = await saveProvider(tx, await prepareProvider(input, site))
  const { slug, protocol, issuer } = provider
  await recordAudit(tx, {
    action: 'identity.provider_saved',
    actorPersonId,
    subjectKind: 'provider',
    subjectId: provider.id,
    detail: { slug, protocol, issuer },
  })
  return provider
}

/** The clear secret of a provider; null when it has none. @throws Problem 500 `secret_unreadable`. */
export async function openProviderSecret(secrets: Secrets, provider: Provider): Promise<string | null> {
  return provider.clientSecret === null ? null : secrets.open(provider.clientSecret, secretContext(provider.slug))
}

/**
 * A declaration with the secret that its provider has already, unless it brings one or takes it away: the secret is never
 * shown, so whoever changes the rest does not give it again. To another address it does not follow.
 * @throws Problem 422 `provider_secret_needed`.
 */
export async function keepProviderSecret(tx: Tx, secrets: Secrets, given: Declaration): Promise<Declaration> {
  if (given.protocol !== 'oidc' || given.clientSecret !== undefined) return given
  const former = await findProvider(tx, given.slug)
  if (!former || former.clientSecret === null) return given
  if (former.issuer !== given.issuer) {
    throw new Problem(422, 'provider_secret_needed', 'The address changed: give the secret again.')
  }
  return { ...given, clientSecret: await openProviderSecret(secrets, former) }
}

/** Seals by the newest key the secrets of all tenants that are clear, or sealed by a former one. @returns how many. */
export async function sealProviderSecrets(services: Pick<Services, 'db' | 'owner' | 'secrets'>): Promise<number> {
  let sealed = 0
  for (const { id: tenantId } of await listTenants(services.owner)) {
    await inTenant(services.db, tenantId, async (tx) => {
      for (const provider of await listProviders(tx)) {
        const { id, slug, clientSecret } = provider
        if (clientSecret === null || (await services.secrets.isCurrent(clientSecret))) continue
        const clear = await services.secrets.open(clientSecret, secretContext(slug))
        await updateProviderSecret(tx, id, await services.secrets.seal(clear, secretContext(slug)))
        sealed += 1
      }
    })
  }
  return sealed
}

/**
 * Says whose people sign in by a provider: those of territories and establishments, or everyone's when none is given.
 * @throws Problem 404 `provider_not_found`.
 */
export async function scopeProvider(
  tx: Tx,
  slug: string,
  organisationIds: string[],
  actorPersonId: string | null = null,
): Promise<Provider> {
  const provider = (await listProviders(tx)).find((each) => each.slug === slug)
  if (!provider) throw unknown(slug)
  await replaceProviderScope(tx, provider.id, organisationIds)
  await recordAudit(tx, {
    action: 'identity.provider_scoped',
    actorPersonId,
    subjectKind: 'provider',
    subjectId: provider.id,
    detail: { slug, organisations: organisationIds.length },
  })
  return provider
}

/** @throws Problem 404 `provider_not_found`. */
export async function removeProvider(tx: Tx, slug: string, actorPersonId: string | null = null): Promise<void> {
  const id = await deleteProvider(tx, slug)
  if (id === undefined) throw unknown(slug)
  await recordAudit(tx, {
    action: 'identity.provider_removed',
    actorPersonId,
    subjectKind: 'provider',
    subjectId: id,
    detail: { slug },
  })
}

const unknown = (slug: string) => new Problem(404, 'provider_not_found', `No identity provider has the slug ${slug}.`)
const secretContext = (slug: string) => `identity.provider ${slug}`

/** Whether an address may be asked in clear: this machine's, or this very site's (a demonstration's). */
export function isTrustedInClear(url: string, publicUrl: string): boolean {
  const { hostname, origin } = new URL(url)
  const loopback =
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  return loopback || origin === new URL(publicUrl).origin
}

function checkAddress(url: string, publicUrl: string): void {
  if (new URL(url).protocol === 'http:' && !isTrustedInClear(url, publicUrl)) {
    throw new Problem(422, 'issuer_insecure', 'An identity provider on another machine is reached by https only.')
  }
}
