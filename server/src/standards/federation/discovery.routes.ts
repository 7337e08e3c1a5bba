import { z } from 'zod'
import { listEstablishments, listOrganisationAndAbove, toSearchKey } from '#modules/directory'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listProviderScopes, listProviders, type Provider } from '#modules/identity'
import { searchEntities } from '../saml/saml.queries.ts'
import { listStates } from './availability.queries.ts'

const path = '/api/federation'
const words = (q: string) => toSearchKey(q).split(' ').filter(Boolean)
const query = z.string().max(100).default('')

const providerSchema = z.object({
  slug: z.string(),
  name: z.string(),
  profile: z.enum(['generic', 'eduConnect', 'agents', 'franceConnect', 'proConnect', 'renater']),
  audiences: z.array(z.enum(['pupil', 'guardian', 'staff'])).describe('who signs in by it'),
  federation: z.boolean().describe('one chooses among many identity providers first'),
  everyones: z.boolean().describe('false when it is for some territories or establishments'),
  state: z.enum(['up', 'degraded', 'down', 'unknown']),
  since: z.date().nullable().describe('when it came to this state'),
})

/** By what people may sign in, and where: asked before anyone is signed in. */
export function registerDiscovery(app: App, services: Services): void {
  app.get(
    `${path}/providers`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'listProviders',
        summary: 'Identity providers one may sign in with, as measured',
        querystring: z.object({
          establishment: z.uuid().optional().describe('those of an establishment and of its territories'),
          audience: z.enum(['pupil', 'guardian', 'staff']).optional(),
        }),
        response: { 200: z.object({ providers: z.array(providerSchema) }) },
      },
    },
    ({ tenant, query: { establishment, audience } }) =>
      inTenant(services.db, tenant.id, async (tx) => {
        const scopes = await listProviderScopes(tx)
        const states = await listStates(tx)
        const within = await findWithin(tx, establishment, scopes)
        const providers = (await listProviders(tx)).filter(
          (provider) => within(provider) && (audience === undefined || provider.recordKinds.includes(audience)),
        )
        return {
          providers: providers.map((provider) => {
            const measured = states.find(({ providerId }) => providerId === provider.id)
            return {
              slug: provider.slug,
              name: provider.name,
              profile: provider.profile,
              audiences: provider.recordKinds,
              federation: provider.profile === 'renater',
              everyones: !scopes.some(({ providerId }) => providerId === provider.id),
              state: measured?.state ?? ('unknown' as const),
              since: measured?.since ?? null,
            }
          }),
        }
      }),
  )

  app.get(
    `${path}/establishments`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'findSignInEstablishments',
        summary: 'Establishments by words of name, town or UAI; at most twenty',
        querystring: z.object({ q: query }),
        response: {
          200: z.object({
            establishments: z.array(
              z.object({ id: z.uuid(), name: z.string(), town: z.string().nullable(), uai: z.string().nullable() }),
            ),
          }),
        },
      },
    },
    ({ tenant, query: { q } }) =>
      inTenant(services.db, tenant.id, async (tx) => ({
        establishments: (words(q).length === 0 ? [] : await listEstablishments(tx, { words: words(q), limit: 20 })).map(
          ({ id, name, town, uai }) => ({ id, name, town, uai }),
        ),
      })),
  )

  app.get(
    `${path}/entities`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'findFederationMembers',
        summary: 'Identity providers of federations by words of their name; at most twenty',
        querystring: z.object({ q: query }),
        response: {
          200: z.object({
            entities: z.array(z.object({ provider: z.string(), entity: z.string(), name: z.string() })),
          }),
        },
      },
    },
    ({ tenant, query: { q } }) =>
      inTenant(services.db, tenant.id, async (tx) => {
        const federations = (await listProviders(tx)).filter(({ profile }) => profile === 'renater')
        const providerIds = federations.map(({ id }) => id)
        const found = words(q).length === 0 ? [] : await searchEntities(tx, { providerIds, words: words(q), limit: 20 })
        return {
          entities: found.map(({ providerId, entityId, name }) => ({
            provider: federations.find(({ id }) => id === providerId)!.slug,
            entity: entityId,
            name,
          })),
        }
      }),
  )
}

/** Whether a provider is for an establishment: everyone's, or one whose scope holds it. */
async function findWithin(
  tx: Tx,
  establishment: string | undefined,
  scopes: { providerId: string; organisationId: string }[],
): Promise<(provider: Provider) => boolean> {
  if (establishment === undefined) return () => true
  const holding = new Set((await listOrganisationAndAbove(tx, establishment)).map(({ id }) => id))
  return ({ id }) => {
    const own = scopes.filter(({ providerId }) => providerId === id)
    return own.length === 0 || own.some(({ organisationId }) => holding.has(organisationId))
  }
}
