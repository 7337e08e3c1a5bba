import { z } from 'zod'
import { addressOf, digest } from '#modules/identity'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { readJson } from '#kernel/remote-service'
import type { Tenant } from '#kernel/tenancy'
import { serviceScopes } from './claims.ts'
import { launchUrlOf } from './launch.ts'
import { checkAddresses, createPlatform } from './platforms.ts'
import { findRegistrationLink, type Platform, takeRegistrationLink } from './platforms.queries.ts'
import { proposeRules } from './rules.ts'

const platformConfiguration = 'https://purl.imsglobal.org/spec/lti-platform-configuration'
const toolConfiguration = 'https://purl.imsglobal.org/spec/lti-tool-configuration'
const patience = 10_000
/** A description of a platform is a few kilobytes. */
const mostBytes = 1_000_000

const url = z.url({ protocol: /^https?$/ }).max(1_000)

/** What a platform says of itself (LTI Dynamic Registration 1.0 §3.5). */
const configuration = z.looseObject({
  issuer: z.string().min(1).max(500),
  authorization_endpoint: url,
  token_endpoint: url,
  jwks_uri: url,
  registration_endpoint: url,
  authorization_server: z.string().max(1_000).nullish(),
  scopes_supported: z.array(z.string()).nullish(),
  [platformConfiguration]: z
    .looseObject({ product_family_code: z.string().max(60).nullish().catch(undefined) })
    .nullish(),
})

/** What it answers to a registration (§3.6). */
const registered = z.looseObject({
  client_id: z.union([z.string(), z.number()]).transform(String),
  [toolConfiguration]: z
    .looseObject({ deployment_id: z.union([z.string(), z.number()]).transform(String).nullish() })
    .nullish(),
})

/**
 * Registers this tool with the platform that opened a registration link, and declares the platform here.
 * @param input.token of the link; it serves once, and stays good when this fails.
 * @throws Problem 403 `registration_link_over`; 422 `platform_insecure`, `registration_foreign`; 502
 *   `registration_unreachable`, `registration_refused`; 409 `platform_exists`.
 */
export async function registerWithPlatform(
  services: Services,
  tenant: Tenant,
  input: { token: string; configurationUrl: string; registrationToken: string | undefined },
): Promise<Platform> {
  const over = () => new Problem(403, 'registration_link_over', 'This registration link was used, or is too old.')
  const now = services.now()
  const tokenDigest = digest(input.token)
  if (!(await inTenant(services.db, tenant.id, (tx) => findRegistrationLink(tx, tokenDigest, now)))) throw over()
  if (!url.safeParse(input.configurationUrl).success) throw unreachable()
  checkAddresses(services, [input.configurationUrl])
  const read = configuration.safeParse(await ask(input.configurationUrl, {}))
  if (!read.success) throw unreachable()
  const said = read.data
  // The platform speaks for itself only (§3.5.1); its issuer may be no address on older ones.
  const home = new URL(input.configurationUrl)
  if (URL.canParse(said.issuer) && new URL(said.issuer).host !== home.host) {
    throw new Problem(422, 'registration_foreign', 'The platform speaks for an issuer of another address.')
  }
  checkAddresses(services, [said.registration_endpoint])
  const scopes = Object.values(serviceScopes).filter((scope) => said.scopes_supported?.includes(scope) ?? true)
  const answer = registered.safeParse(
    await ask(said.registration_endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(input.registrationToken === undefined ? {} : { authorization: `Bearer ${input.registrationToken}` }),
      },
      body: JSON.stringify(describeTool(services, tenant, scopes)),
    }),
  )
  if (!answer.success) throw refused()
  const product = said[platformConfiguration]?.product_family_code ?? ''
  const deployment = answer.data[toolConfiguration]?.deployment_id
  return inTenant(services.db, tenant.id, async (tx) => {
    const link = await takeRegistrationLink(tx, tokenDigest, now)
    if (!link) throw over()
    const settings = {
      name: home.host,
      product,
      issuer: said.issuer,
      clientId: answer.data.client_id,
      authorizationUrl: said.authorization_endpoint,
      tokenUrl: said.token_endpoint,
      tokenAudience: said.authorization_server ?? null,
      keysUrl: said.jwks_uri,
      deployments: deployment ? [deployment] : [],
      frameOrigin: home.origin,
      ...proposeRules(product),
      readsMembers: true,
      readsGrades: true,
    }
    return createPlatform(services, tx, settings, { registeredBy: 'link', actorPersonId: link.createdBy })
  })
}

/** This tool, as platforms want it described (§3.6 and OpenID Connect Dynamic Client Registration 1.0 §2). */
function describeTool(services: Services, tenant: Tenant, scopes: string[]) {
  const home = addressOf(services, tenant)
  const at = (path: string) => new URL(path, home).href
  const target = launchUrlOf(services, tenant)
  return {
    application_type: 'web',
    response_types: ['id_token'],
    grant_types: ['implicit', 'client_credentials'],
    initiate_login_uri: at('/api/lti/login'),
    redirect_uris: [target],
    client_name: 'Préau',
    client_uri: home.href,
    jwks_uri: at('/api/lti/keys'),
    token_endpoint_auth_method: 'private_key_jwt',
    scope: scopes.join(' '),
    [toolConfiguration]: {
      domain: home.host,
      target_link_uri: target,
      description: 'Tableaux de bord d’apprentissage · Learning dashboards',
      // What rules may be made of, where the subject is not what statements say.
      custom_parameters: { username: '$User.username', context_id: '$Context.id' },
      // No e-mail address: a platform whose rule needs it is set so by its administrator.
      claims: ['iss', 'sub', 'name'],
      messages: [
        { type: 'LtiResourceLinkRequest', target_link_uri: target, label: 'Préau' },
        { type: 'LtiDeepLinkingRequest', target_link_uri: target, label: 'Préau' },
      ],
    },
  }
}

async function ask(address: string, init: RequestInit): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(address, { ...init, signal: AbortSignal.timeout(patience), redirect: 'error' })
  } catch {
    throw unreachable()
  }
  if (!response.ok) throw init.method === 'POST' ? refused(response.status) : unreachable()
  return readJson(response, mostBytes).catch(() => undefined)
}

const unreachable = () =>
  new Problem(502, 'registration_unreachable', 'The platform does not say how to register, or does not answer.')

const refused = (status?: number) =>
  new Problem(502, 'registration_refused', `The platform refuses the registration${status ? ` (HTTP ${status})` : ''}.`)
