import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Command, CommandContext } from '#kernel/module'
import { findEstablishment } from '#modules/directory'
import { findText, getText, inTenantOf, invalid, parseId, text, type Values } from '#kernel/command-values'
import { listProviders, listProviderScopes, type Provider } from './federation.queries.ts'
import { addressOf } from './federation.ts'
import {
  type Declaration,
  declareProvider,
  keepProviderSecret,
  providerProfile,
  recordKind,
  removeProvider,
  scopeProvider,
  userinfoAlgorithm,
} from './providers.ts'

const several = { type: 'string', multiple: true } as const

/** What describes a provider on the command line, whether it is declared or only tried. */
export const declarationUsage =
  '--slug S --name N [--protocol oidc|saml|cas] --issuer URL [--client-id ID --client-secret X --scope "openid profile" --userinfo-algorithm A] [--metadata URL|FILE --certificate FILE… --unsolicited] [--profile P] [--claim C] [--record pupil|guardian|staff]…'

export const declarationOptions = {
  slug: text,
  name: text,
  protocol: text,
  profile: text,
  issuer: text,
  'client-id': text,
  'client-secret': text,
  scope: text,
  'userinfo-algorithm': text,
  metadata: text,
  certificate: several,
  unsolicited: { type: 'boolean' },
  claim: text,
  record: several,
} as const

/** Declaring who may vouch for people, and for whom. */
export const providerCommands: Command[] = [
  {
    name: 'provider add',
    usage: declarationUsage,
    summary:
      'Declares an identity provider, or changes the one of the same slug; a secret not given stays what it was.',
    options: declarationOptions,
    run: async (context, _, values) => {
      const given = await readDeclaration(values)
      return inTenantOf(context, async (tx) => {
        const provider = await declareProvider(tx, await keepProviderSecret(tx, context.secrets, given), context)
        const register = await describeRegistration(context, provider)
        context.print(`${provider.slug} is declared. Register there: ${register}`)
        context.print(`Then see whether it answers: npm run preau -- federation check ${provider.slug}`)
        return { ...withoutSecret(provider), register }
      })
    },
  },
  {
    name: 'provider list',
    usage: '',
    summary: 'Lists the declared identity providers.',
    run: (context) =>
      inTenantOf(context, async (tx) => {
        const scopes = await listProviderScopes(tx)
        const providers = await listProviders(tx)
        for (const { slug, name, protocol, profile, issuer } of providers) {
          context.print(`${slug}\t${protocol}\t${profile}\t${name}\t${issuer}`)
        }
        return providers.map((provider) => ({
          ...withoutSecret(provider),
          organisations: scopes
            .filter(({ providerId }) => providerId === provider.id)
            .map((each) => each.organisationId),
        }))
      }),
  },
  {
    name: 'provider scope',
    usage: '<slug> [--organisation ID|UAI]…',
    summary: 'Says for which territories and establishments a provider is; without any, it is for everyone.',
    options: { organisation: several },
    run: (context, [slug], values) =>
      inTenantOf(context, async (tx) => {
        if (slug === undefined) throw invalid('Name the provider.')
        const ids = []
        for (const given of z.array(z.string()).parse(values['organisation'] ?? [])) {
          const byUai = await findEstablishment(tx, { uai: given.toUpperCase() })
          ids.push(byUai?.id ?? parseId(given, '--organisation'))
        }
        await scopeProvider(tx, slug, ids)
        context.print(ids.length === 0 ? `${slug} is for everyone.` : `${slug} is for ${ids.length} organisations.`)
        return { slug, organisations: ids }
      }),
  },
  {
    name: 'provider remove',
    usage: '<slug>',
    summary: 'Removes an identity provider; accounts and links stay.',
    run: (context, [slug]) =>
      inTenantOf(context, async (tx) => {
        if (slug === undefined) throw invalid('Name the provider to remove.')
        await removeProvider(tx, slug)
        context.print(`${slug} is removed.`)
        return { removed: slug }
      }),
  },
]

/** A declaration as words say it; files named are read. @throws Problem 400 `invalid_request`. */
export async function readDeclaration(values: Values): Promise<Declaration> {
  const base = {
    slug: getText(values, 'slug'),
    name: getText(values, 'name'),
    issuer: getText(values, 'issuer'),
    profile: parseProfile(findText(values, 'profile')),
    referenceClaim: findText(values, 'claim') ?? null,
    recordKinds: parseRecordKinds(values['record']),
  }
  const protocol = findText(values, 'protocol') ?? 'oidc'
  if (protocol === 'saml') return { ...base, protocol, ...(await readSaml(values)) }
  if (protocol === 'cas') return { ...base, protocol }
  if (protocol !== 'oidc') throw invalid('--protocol is one of oidc, saml, cas.')
  return {
    ...base,
    protocol,
    clientId: getText(values, 'client-id'),
    clientSecret: findText(values, 'client-secret'),
    scope: findText(values, 'scope'),
    userinfoAlgorithm: parseAlgorithm(findText(values, 'userinfo-algorithm')),
  }
}

async function readSaml(values: Values) {
  const metadata = getText(values, 'metadata')
  const certificates = z.array(z.string()).parse(values['certificate'] ?? [])
  const isAddress = /^https?:/.test(metadata)
  return {
    ...(isAddress ? { metadataUrl: metadata } : { metadata: await readText(metadata) }),
    metadataCertificates: await Promise.all(certificates.map(readText)),
    unsolicited: values['unsolicited'] === true,
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw invalid(`${file} cannot be read.`)
  }
}

/** What the provider has to be told of this workspace. */
async function describeRegistration(context: CommandContext, { protocol, slug }: Provider): Promise<string> {
  const path = { oidc: `oidc/${slug}/callback`, saml: 'saml/metadata', cas: `cas/${slug}/callback` }[protocol]
  return new URL(`/api/federation/${path}`, addressOf(context, await context.tenant())).href
}

function withoutSecret({ clientSecret, ...provider }: Provider) {
  return { ...provider, hasSecret: clientSecret !== null }
}

function parseRecordKinds(value: Values[string]) {
  const parsed = z.array(recordKind).optional().safeParse(value)
  if (!parsed.success) throw invalid(`--record is one of ${recordKind.options.join(', ')}.`)
  return parsed.data
}

function parseAlgorithm(value: string | undefined) {
  const parsed = userinfoAlgorithm.optional().safeParse(value)
  if (!parsed.success) throw invalid(`--userinfo-algorithm is one of ${userinfoAlgorithm.options.join(', ')}.`)
  return parsed.data
}

function parseProfile(value: string | undefined) {
  const parsed = providerProfile.optional().safeParse(value)
  if (!parsed.success) throw invalid(`--profile is one of ${providerProfile.options.join(', ')}.`)
  return parsed.data
}
