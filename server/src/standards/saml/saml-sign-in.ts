import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import {
  addressOf,
  deleteProviderSessions,
  describeAgent,
  digest,
  findRequest,
  getProvider,
  holdAnswer,
  listProviders,
  openDeparture,
  type Proven,
  type Provider,
  readReferences,
} from '#modules/identity'
import type { FederationLog, Go, Protocol } from '../federation/protocol.ts'
import { peekIssuer, readLogoutRequest } from './logout.ts'
import { describeServiceProvider, type SamlEntity, toKeys } from './metadata.ts'
import { refreshMetadata } from './metadata-refresh.ts'
import { SamlRefused, toRefusalProblem } from './refusal.ts'
import {
  type Endpoint,
  makeAuthnRequest,
  makeLogoutRequest,
  makeLogoutResponse,
  readRedirect,
  sendMessage,
} from './requests.ts'
import { decodeMessage, type NameId, peekResponse, readResponse, type SamlIdentity } from './response.ts'
import { findEntity, findProviderOfEntity, listMetadataStates, useMessage } from './saml.queries.ts'
import { getServiceKeys, type ServiceKeys } from './service-keys.ts'

export interface SamlSignIn extends Protocol {
  /** The metadata identity providers are given. */
  describe(tenant: Tenant): Promise<string>
  /**
   * Verifies what an identity provider has a browser post, and keeps it for that browser to come and ask.
   * @returns the provider's slug, and the ticket to ask with.
   * @throws Problem
   */
  receive(
    tenant: Tenant,
    form: { SAMLResponse?: string | undefined; RelayState?: string | undefined },
  ): Promise<{ ticket: string; slug: string }>
  /** Ends the sessions an identity provider asks to end. @returns where the browser takes the answer. */
  endSessions(
    tenant: Tenant,
    message: { search: string } | { form: { SAMLRequest?: string | undefined; RelayState?: string | undefined } },
  ): Promise<Go>
}

const sessionSchema = z.object({
  entityId: z.string(),
  nameId: z.object({
    value: z.string(),
    format: z.string().nullable(),
    nameQualifier: z.string().nullable(),
    spNameQualifier: z.string().nullable(),
  }),
  sessionIndex: z.string().nullable(),
})

const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
/** Lasting identifiers among attributes, surest first: pairwise-id, subject-id, eduPersonPrincipalName, FrEduCtId. */
const lastingAttributes = [
  'urn:oasis:names:tc:SAML:attribute:pairwise-id',
  'urn:oasis:names:tc:SAML:attribute:subject-id',
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.6',
  'urn:oid:1.3.6.1.4.1.20326.10.999.1.57',
  'FrEduCtId',
]

/** Sign-in and single logout by SAML 2.0, as a service provider. */
export function createSamlSignIn(services: Services, log: FederationLog): SamlSignIn {
  const at = (tenant: Tenant, path: string) => new URL(`/api/federation/saml/${path}`, addressOf(services, tenant)).href
  const entityIdOf = (tenant: Tenant) => at(tenant, 'metadata')
  const keyOf = (entityId: string, nameId: NameId) => digest(`saml\n${entityId}\n${nameId.value}`)
  const keysOf = (tx: Tx, tenant: Tenant): Promise<ServiceKeys> =>
    getServiceKeys(tx, services.secrets, new URL(entityIdOf(tenant)).hostname, services.now())

  /** An identity provider whose metadata hold today; they are read now if they never were. */
  async function getEntity(tenant: Tenant, provider: Provider, entityId: string | null): Promise<SamlEntity> {
    if (provider.protocol !== 'saml') throw new SamlRefused('issuer')
    const now = services.now()
    const look = () =>
      inTenant(services.db, tenant.id, async (tx) => ({
        entity: await findEntity(tx, provider.id, entityId),
        state: (await listMetadataStates(tx)).find(({ providerId }) => providerId === provider.id),
      }))
    let { entity, state } = await look()
    // Whoever waits for metadata that cannot be had waits little, and once a minute.
    if (!state?.refreshedAt && (!state || now.getTime() - state.triedAt.getTime() > 60_000)) {
      await refreshMetadata(services, tenant.id, provider, 10)
      ;({ entity, state } = await look())
    }
    if (state?.validUntil && state.validUntil <= now) {
      throw new Problem(502, 'federation_stale', 'The metadata of this federation have expired and cannot be trusted.')
    }
    if (!entity && state?.failure === 'unreachable') {
      throw new Problem(502, 'federation_unreachable', 'The identity provider does not answer.')
    }
    if (!entity) throw new Problem(404, 'federation_unknown_provider', 'This identity provider is not known here.')
    return entity
  }

  /** The declared provider that an entity belongs to. */
  async function getProviderOf(tenant: Tenant, entityId: string): Promise<Provider> {
    const provider = await inTenant(services.db, tenant.id, async (tx) => {
      const providerId = await findProviderOfEntity(tx, entityId)
      return (await listProviders(tx)).find(({ id }) => id === providerId)
    })
    if (!provider) throw new SamlRefused('issuer')
    return provider
  }

  function refuse(error: unknown, slug: string | undefined): never {
    const problem = toRefusalProblem(error)
    if (problem) log.warn({ provider: slug, reason: (error as SamlRefused).reason }, 'SAML message refused')
    throw problem ?? error
  }

  function toProven(provider: Provider, entity: SamlEntity, identity: SamlIdentity): Proven {
    const { nameId, sessionIndex, attributes } = identity
    const first = (...names: string[]) => names.flatMap((name) => attributes.get(name) ?? [])[0]
    // A transient name is another at each sign-in: it identifies nobody.
    const subject = first(...lastingAttributes) ?? (nameId.format === transient ? undefined : nameId.value)
    if (subject === undefined) throw new SamlRefused('incomplete')
    const names = [first('urn:oid:2.5.4.42', 'givenName', 'given_name'), first('urn:oid:2.5.4.4', 'sn', 'family_name')]
    const name = names.filter(Boolean).join(' ').slice(0, 120) || (first('urn:oid:2.16.840.1.113730.3.1.241') ?? null)
    return {
      issuer: entity.entityId,
      subject,
      references: provider.referenceClaim === null ? [] : readReferences(attributes.get(provider.referenceClaim)),
      displayName: describeAgent(name, attributes.get('FrEduRne')),
      session: { slug: provider.slug, entityId: entity.entityId, nameId, sessionIndex },
      sessionKey: keyOf(entity.entityId, nameId),
    }
  }

  const choose = (endpoints: Endpoint[]) => endpoints.find(({ binding }) => binding === 'redirect') ?? endpoints[0]

  return {
    async start(tenant, provider, { returnTo, accountId, entityId }) {
      if (provider.profile === 'renater' && entityId === null) {
        throw new Problem(404, 'federation_unknown_provider', 'Choose an establishment of the federation.')
      }
      const entity = await getEntity(tenant, provider, entityId)
      const endpoint = choose(entity.signOn)!
      const id = `_${randomBytes(20).toString('hex')}`
      const now = services.now()
      return inTenant(services.db, tenant.id, async (tx) => {
        const departure = {
          provider: provider.slug,
          nonce: id,
          codeVerifier: '',
          returnTo,
          accountId,
          entityId: entity.entityId,
        }
        const state = await openDeparture(tx, departure, now)
        const parties = { id, issuer: entityIdOf(tenant), destination: endpoint.location, now }
        const xml = makeAuthnRequest({ ...parties, recipient: at(tenant, 'acs') })
        const { signing } = await keysOf(tx, tenant)
        const go = sendMessage(endpoint, { field: 'SAMLRequest', xml, relayState: state }, signing.privateKey)
        return { go, state }
      })
    },

    async receive(tenant, { SAMLResponse = '', RelayState: state }) {
      let slug: string | undefined
      try {
        const { xml, issuer, inResponseTo } = peekResponse(SAMLResponse)
        const now = services.now()
        const departure =
          state === undefined || inResponseTo === null
            ? undefined
            : await inTenant(services.db, tenant.id, (tx) => findRequest(tx, digest(state), now))
        // A departure names its provider; whoever comes without one names themselves, and may have to be let do so.
        if (!departure && inResponseTo !== null) throw new Problem(400, 'federation_expired', 'This sign-in is over.')
        const provider = departure
          ? await inTenant(services.db, tenant.id, (tx) => getProvider(tx, departure.provider))
          : await getProviderOf(tenant, issuer ?? '')
        slug = provider.slug
        if (!departure && !provider.options.unsolicited) throw new SamlRefused('unsolicited')
        const entity = await getEntity(tenant, provider, departure ? departure.entityId : (issuer ?? ''))
        const keys = await inTenant(services.db, tenant.id, (tx) => keysOf(tx, tenant))
        const identity = readResponse(xml, {
          audience: entityIdOf(tenant),
          recipient: at(tenant, 'acs'),
          issuer: entity.entityId,
          keys: toKeys(entity.certificates),
          decryptionKeys: keys.all.map(({ privateKey }) => privateKey),
          requestId: departure?.nonce ?? null,
          now,
        })
        const proven = toProven(provider, entity, identity)
        const ticket = await inTenant(services.db, tenant.id, async (tx) => {
          const fresh = await useMessage(tx, entity.entityId, identity.assertionId, identity.usableUntil)
          if (!fresh) throw new SamlRefused('replayed')
          const left = departure
            ? { state: state ?? '', returnTo: departure.returnTo, accountId: departure.accountId }
            : { state: null, returnTo: '/', accountId: null }
          return holdAnswer(tx, provider, proven, left, now)
        })
        return { ticket, slug }
      } catch (error) {
        return refuse(error, slug)
      }
    },

    async endSessions(tenant, message) {
      let slug: string | undefined
      try {
        const redirect = 'search' in message ? readRedirect(message.search) : undefined
        const xml = redirect?.xml ?? decodeMessage('form' in message ? (message.form.SAMLRequest ?? '') : '')
        const relayState = redirect?.relayState ?? ('form' in message ? message.form.RelayState : undefined)
        const provider = await getProviderOf(tenant, peekIssuer(xml))
        slug = provider.slug
        const entity = await getEntity(tenant, provider, peekIssuer(xml))
        const keys = toKeys(entity.certificates)
        redirect?.verify(keys)
        const now = services.now()
        const destination = at(tenant, 'slo')
        const request = readLogoutRequest(xml, { destination, keys, verified: redirect !== undefined, now })
        const endpoint = choose(entity.signOut)
        return await inTenant(services.db, tenant.id, async (tx) => {
          const until = new Date(now.getTime() + 15 * 60_000)
          if (!(await useMessage(tx, entity.entityId, request.id, until))) throw new SamlRefused('replayed')
          await deleteProviderSessions(tx, keyOf(entity.entityId, request.nameId), (session) => {
            const index = sessionSchema.parse(session).sessionIndex
            return request.sessionIndexes.length === 0 || index === null || request.sessionIndexes.includes(index)
          })
          if (!endpoint) return { url: '/sign-in' }
          const location = endpoint.responseLocation ?? endpoint.location
          const parties = {
            id: `_${randomBytes(20).toString('hex')}`,
            issuer: entityIdOf(tenant),
            destination: location,
            now,
          }
          const answer = makeLogoutResponse({ ...parties, inResponseTo: request.id })
          const { signing } = await keysOf(tx, tenant)
          return sendMessage(
            { binding: endpoint.binding, location },
            { field: 'SAMLResponse', xml: answer, relayState },
            signing.privateKey,
          )
        })
      } catch (error) {
        return refuse(error, slug)
      }
    },

    async findSignOut(tenant, provider, session) {
      const { entityId, nameId, sessionIndex } = sessionSchema.parse(session)
      const entity = await getEntity(tenant, provider, entityId).catch(() => undefined)
      const endpoint = entity && choose(entity.signOut)
      if (!endpoint) return null
      const id = `_${randomBytes(20).toString('hex')}`
      const parties = { id, issuer: entityIdOf(tenant), destination: endpoint.location, now: services.now() }
      const xml = makeLogoutRequest({ ...parties, nameId, sessionIndex })
      const { signing } = await inTenant(services.db, tenant.id, (tx) => keysOf(tx, tenant))
      return sendMessage(endpoint, { field: 'SAMLRequest', xml }, signing.privateKey)
    },

    describe(tenant) {
      return inTenant(services.db, tenant.id, async (tx) => {
        const { all } = await keysOf(tx, tenant)
        return describeServiceProvider({
          entityId: entityIdOf(tenant),
          consumer: at(tenant, 'acs'),
          logout: at(tenant, 'slo'),
          certificates: all.map(({ certificate }) => certificate),
          name: tenant.name,
        })
      })
    },

    async probe(tenant, provider) {
      const state = await inTenant(services.db, tenant.id, listMetadataStates)
      const own = state.find(({ providerId }) => providerId === provider.id)
      if (own?.validUntil && own.validUntil <= services.now()) throw new SamlRefused('expired')
      if (provider.profile === 'renater') {
        if (!own?.refreshedAt) throw new SamlRefused('incomplete')
        return
      }
      const entity = await getEntity(tenant, provider, null)
      // Any answer but a server's error: without a request, an identity provider has little to say.
      const response = await fetch(choose(entity.signOn)!.location, {
        signal: AbortSignal.timeout(5_000),
        redirect: 'manual',
      })
      if (response.status >= 502) throw new TypeError(`answered ${response.status}`)
    },
  }
}
