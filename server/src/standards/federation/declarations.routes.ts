import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import { findEstablishment, listTerritories } from '#modules/directory'
import {
  addressOf,
  listProviders,
  listProviderScopes,
  type Provider,
  providerProfile,
  recordKind,
} from '#modules/identity'
import { listStates } from './availability.queries.ts'
import { removeDeclaration, saveDeclaration, tryDeclaration } from './declarations.ts'
import type { Protocols } from './protocols.ts'

const path = '/api/federation/declarations'
const slug = z.string().regex(/^[a-z0-9-]{1,40}$/)
const text = z.string().trim().min(1)
const described = z.object({
  name: text.max(80),
  profile: providerProfile,
  recordKinds: z.array(recordKind).min(1).describe('who signs in by it'),
  referenceClaim: text.max(200).nullable().describe('claim or attribute that points at people of the directory'),
  organisations: z
    .array(text.max(40))
    .max(2_000)
    .default([])
    .describe('UAI codes, codes of territories; none: for everyone'),
})
const issuer = text.max(1_024)
const body = z.discriminatedUnion('protocol', [
  described.extend({
    protocol: z.literal('oidc'),
    issuer,
    clientId: text.max(300),
    clientSecret: z.string().min(1).max(1_000).nullable().optional().describe('not given: as it was'),
    scope: text.max(500).optional(),
    userinfoAlgorithm: z.enum(['RS256', 'ES256', 'PS256']).optional(),
  }),
  described.extend({
    protocol: z.literal('saml'),
    issuer: issuer.describe('entity identifier, or the name of a federation'),
    metadataUrl: text.max(1_024).optional(),
    metadata: text.max(500_000).optional(),
    metadataCertificates: z.array(text.max(20_000)).max(5).default([]),
    unsolicited: z.boolean().default(false),
  }),
  described.extend({ protocol: z.literal('cas'), issuer }),
])

const shown = z.object({
  slug: z.string(),
  name: z.string(),
  protocol: z.enum(['oidc', 'saml', 'cas']),
  profile: providerProfile,
  issuer: z.string(),
  clientId: z.string().nullable(),
  hasSecret: z.boolean().describe('its secret is never told'),
  scope: z.string(),
  userinfoAlgorithm: z.string().nullable(),
  metadataUrl: z.string().nullable(),
  metadata: z.string().nullable(),
  metadataCertificates: z.array(z.string()),
  unsolicited: z.boolean(),
  referenceClaim: z.string().nullable(),
  recordKinds: z.array(recordKind),
  organisations: z.array(z.object({ code: z.string(), name: z.string() })),
  register: z.string().describe('address to register at the provider'),
  state: z.enum(['up', 'degraded', 'down', 'unknown']),
  reason: z.string().nullable().describe('code of what is wrong'),
  checkedAt: z.date().nullable(),
})

/** Declaring identity providers, for operators. */
export function registerDeclarations(app: App, services: Services, protocols: Protocols): void {
  const config = { access: { right: 'instance.operate' } } as const

  app.get(
    path,
    {
      config,
      schema: {
        operationId: 'listProviderDeclarations',
        summary: 'The identity providers declared, as they were declared, without their secrets',
        response: { 200: z.object({ providers: z.array(shown) }) },
      },
    },
    async ({ tenant }) => ({ providers: await listDeclarations(services, tenant) }),
  )

  app.put(
    `${path}/:slug`,
    {
      config,
      schema: {
        operationId: 'saveProviderDeclaration',
        summary: 'Declares an identity provider or changes it, then sees whether it works',
        params: z.object({ slug }),
        body,
        response: { 200: shown },
      },
    },
    async (request) => {
      const { tenant, params, body: given } = request
      const { organisations, ...rest } = given
      const declared = { declaration: { ...rest, slug: params.slug }, organisations }
      await saveDeclaration(services, protocols, { tenant, actor: actorOf(request) }, declared)
      return (await listDeclarations(services, tenant)).find((each) => each.slug === params.slug)!
    },
  )

  app.post(
    `${path}/:slug/try`,
    {
      config,
      schema: {
        operationId: 'tryProviderDeclaration',
        summary: 'Sees whether an identity provider would work, declaring nothing',
        params: z.object({ slug }),
        body,
        response: {
          200: z.object({
            reason: z.string().nullable().describe('code of what is wrong; null when it works'),
            latencyMs: z.number().int(),
            metadata: z.object({ entities: z.number().int(), validUntil: z.date().nullable() }).nullable(),
          }),
        },
      },
    },
    ({ tenant, params, body: given }) => {
      const { organisations, ...rest } = given
      const declared = { declaration: { ...rest, slug: params.slug }, organisations }
      return tryDeclaration(services, protocols, tenant, declared)
    },
  )

  app.delete(
    `${path}/:slug`,
    {
      config,
      schema: {
        operationId: 'removeProviderDeclaration',
        summary: 'Removes an identity provider; accounts and links stay',
        params: z.object({ slug }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await removeDeclaration(services, actorOf(request), request.params.slug)
      return reply.status(204).send(null)
    },
  )
}

function listDeclarations(services: Services, tenant: Tenant): Promise<z.infer<typeof shown>[]> {
  return inTenant(services.db, tenant.id, async (tx) => {
    const [scopes, states, territories] = [
      await listProviderScopes(tx),
      await listStates(tx),
      await listTerritories(tx),
    ]
    const all = []
    for (const provider of await listProviders(tx)) {
      const organisations = []
      for (const { organisationId } of scopes.filter(({ providerId }) => providerId === provider.id)) {
        const territory = territories.find(({ id }) => id === organisationId)
        const found = territory ?? (await findEstablishment(tx, { id: organisationId }))
        const code = territory ? territory.code : found && 'uai' in found ? found.uai : null
        if (found) organisations.push({ code: code ?? organisationId, name: found.name })
      }
      const state = states.find(({ providerId }) => providerId === provider.id)
      const { state: how = 'unknown' as const, reason = null, checkedAt = null } = state ?? {}
      all.push({ ...describe(services, tenant, provider), organisations, state: how, reason, checkedAt })
    }
    return all
  })
}

function describe(services: Services, tenant: Tenant, provider: Provider) {
  const { slug: name, protocol, profile, issuer: from, clientId, clientSecret, scope, options } = provider
  const { userinfoAlgorithm, metadataUrl, metadata, metadataCertificates, unsolicited } = options
  const end = { oidc: `oidc/${name}/callback`, saml: 'saml/metadata', cas: `cas/${name}/callback` }[protocol]
  return {
    slug: name,
    name: provider.name,
    protocol,
    profile,
    issuer: from,
    clientId,
    hasSecret: clientSecret !== null,
    scope,
    userinfoAlgorithm: userinfoAlgorithm ?? null,
    metadataUrl: metadataUrl ?? null,
    metadata: metadata ?? null,
    metadataCertificates: metadataCertificates ?? [],
    unsolicited: unsolicited ?? false,
    referenceClaim: provider.referenceClaim,
    recordKinds: provider.recordKinds,
    register: new URL(`/api/federation/${end}`, addressOf(services, tenant)).href,
  }
}
