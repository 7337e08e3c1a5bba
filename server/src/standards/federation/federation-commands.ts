import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import {
  addressOf,
  declarationOptions,
  declarationUsage,
  listProviders,
  readDeclaration,
  sealProviderSecrets,
} from '#modules/identity'
import { resealSigningKeys } from '../lti/signing-keys.ts'
import { refreshMetadata } from '../saml/metadata-refresh.ts'
import { activateServiceKey, addServiceKey, resealServiceKeys } from '../saml/service-keys.ts'
import { probeProvider } from './availability.ts'
import { tryDeclaration } from './declarations.ts'
import { createProtocols, silent } from './protocols.ts'

/** Whether providers work, and the keys of this workspace. */
export const federationCommands: Command[] = [
  {
    name: 'check',
    usage: '[<slug>]',
    summary: 'Reads the metadata of providers again, probes them and tells what it finds.',
    run: async (context, [slug]) => {
      const tenant = await context.tenant()
      const providers = (await inTenant(context.db, tenant.id, listProviders)).filter(
        (each) => slug === undefined || each.slug === slug,
      )
      if (slug !== undefined && providers.length === 0) {
        throw new Problem(404, 'provider_not_found', `No identity provider has the slug ${slug}.`)
      }
      const protocols = createProtocols(context, silent)
      const found = []
      for (const provider of providers) {
        const metadata = provider.protocol === 'saml' ? await refreshMetadata(context, tenant.id, provider) : undefined
        const { state, latencyMs, reason } = await probeProvider(context, protocols, tenant, provider)
        const read =
          metadata === undefined
            ? ''
            : 'failure' in metadata
              ? `\tmetadata: ${metadata.failure}`
              : `\tmetadata: ${metadata.entities}, valid until ${metadata.validUntil?.toISOString() ?? 'further notice'}`
        context.print(`${provider.slug}\t${state}\t${latencyMs ?? ''} ms\t${reason ?? ''}${read}`)
        found.push({ slug: provider.slug, state, latencyMs, reason, ...(metadata ? { metadata } : {}) })
      }
      return found
    },
  },
  {
    name: 'try',
    usage: declarationUsage,
    summary: 'Sees whether an identity provider would work, declaring nothing; words as of identity provider add.',
    options: declarationOptions,
    run: async (context, _, values) => {
      const tenant = await context.tenant()
      const declared = { declaration: await readDeclaration(values), organisations: [] }
      const found = await tryDeclaration(context, createProtocols(context, silent), tenant, declared)
      const { reason, latencyMs, metadata } = found
      const read = metadata === null ? '' : `\tmetadata: ${metadata.entities}`
      context.print(`${reason ?? 'It would work.'}\t${latencyMs} ms${read}`)
      return found
    },
  },
  {
    name: 'key add',
    usage: '',
    summary: 'Makes the next key of this workspace for SAML: announced in its metadata, not signing yet.',
    run: async (context) => {
      const tenant = await context.tenant()
      const name = addressOf(context, tenant).hostname
      const id = await inTenant(context.db, tenant.id, (tx) =>
        addServiceKey(tx, context.secrets, { name, active: false }, context.now()),
      )
      context.print('Announced. Once every provider has read the metadata again: federation key activate')
      return { id }
    },
  },
  {
    name: 'key activate',
    usage: '',
    summary: 'Signs by the key announced last; the one before it goes on opening what is encrypted for it.',
    run: async (context) => {
      const tenant = await context.tenant()
      const id = await inTenant(context.db, tenant.id, (tx) => activateServiceKey(tx, context.now()))
      context.print('Done.')
      return { id }
    },
  },
  {
    name: 'secrets rotate',
    usage: '',
    summary: 'Makes a new key for the secrets kept in the database and seals them all by it.',
    run: async (context) => {
      // Keys of the configuration are renewed there; what they seal is sealed again here.
      await context.secrets.renewKey().catch((error: unknown) => {
        if (!(error instanceof Problem && error.code === 'secret_keys_configured')) throw error
      })
      return sealAll(context)
    },
  },
]

async function sealAll(context: CommandContext): Promise<{ sealed: number }> {
  let sealed = await sealProviderSecrets(context)
  for (const { id } of await listTenants(context.owner)) {
    sealed += await inTenant(context.db, id, (tx) => resealServiceKeys(tx, context.secrets))
    sealed += await inTenant(context.db, id, (tx) => resealSigningKeys(tx, context.secrets))
  }
  context.print(`${sealed} secrets are sealed by the newest key.`)
  return { sealed }
}
