import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { listPersonSummaries, listReferences } from '#modules/directory'
import { addressOf, listDemonstrationAccounts } from '#modules/identity'
import { demonstrationCasProvider, serveCasServer } from './identity-provider-cas.ts'
import type { DemonstrationUser, FindOptions } from './identity-provider-http.ts'
import {
  demonstrationFranceConnect,
  demonstrationProConnect,
  demonstrationProvider,
  serveOidcProvider,
} from './identity-provider-oidc.ts'
import { demonstrationSamlProvider, serveSamlProvider } from './identity-provider-saml.ts'

/** What a workspace has to know of them all, as `declareProvider` takes it. */
export const demonstrationProviders = (publicUrl: string) => [
  demonstrationProvider(publicUrl),
  demonstrationSamlProvider(publicUrl),
  demonstrationCasProvider(publicUrl),
  demonstrationFranceConnect(publicUrl),
  demonstrationProConnect(publicUrl),
]

/**
 * Serves identity providers for the people of the demonstration, standing for a ministry's, an academy's and the
 * State's: they speak the real protocols, so that the federation of the product is used as it will be. Without a
 * demonstration they answer 404.
 */
export async function mountDemonstrationIdentityProviders(app: App, services: Services): Promise<void> {
  const findOptions: FindOptions = async () => {
    const tenants = (await listTenants(services.owner)).filter((tenant) => tenant.demonstration)
    if (tenants.length === 0) return undefined
    return {
      publicUrl: services.publicUrl,
      dataDirectory: services.dataDirectory,
      clients: tenants.map((tenant) => addressOf(services, tenant)),
      async users() {
        const lists = tenants.map(({ id }) => listUsers(services, id))
        return [...(await Promise.all(lists)).flat(), stranger]
      },
    }
  }
  for (const kind of ['academy', 'franceConnect', 'proConnect'] as const)
    await serveOidcProvider(app, kind, findOptions)
  await serveSamlProvider(app, findOptions)
  await serveCasServer(app, findOptions)
}

/** Shows what happens to someone whom the directory does not know. */
const stranger: DemonstrationUser = {
  subject: 'stranger',
  givenName: 'Camille',
  familyName: 'Nouvelle',
  profile: 'unknown',
  references: [`{AAF}20||999999999`],
}

function listUsers(services: Services, tenantId: string): Promise<DemonstrationUser[]> {
  return inTenant(services.db, tenantId, async (tx) => {
    const accounts = await listDemonstrationAccounts(tx)
    const ids = accounts.map(({ personId }) => personId)
    const names = await listPersonSummaries(tx, ids)
    const references = await listReferences(tx, ids)
    return accounts.flatMap(({ personId, login, profile }) => {
      const name = names.find(({ id }) => id === personId)
      const own = references.filter((reference) => reference.personId === personId)
      if (!name) return []
      return {
        subject: login,
        givenName: name.givenName,
        familyName: name.familyName,
        profile,
        references: own.map(({ academyCode, externalId }) => `{AAF}${academyCode}||${externalId}`),
      }
    })
  })
}
