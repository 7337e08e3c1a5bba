import { z } from 'zod'

const claim = <Name extends string>(name: Name) => `https://purl.imsglobal.org/spec/lti/claim/${name}` as const
const link = 'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings'
const members = 'https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice'
const grades = 'https://purl.imsglobal.org/spec/lti-ags/claim/endpoint'

export const serviceScopes = {
  members: 'https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly',
  lineItems: 'https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly',
  results: 'https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly',
}

/** The messages that are understood. */
export const messageTypes = { launch: 'LtiResourceLinkRequest', choice: 'LtiDeepLinkingRequest' }

const text = z.string().max(2_000)
const address = z.url({ protocol: /^https?$/ }).max(2_000)
const loose = z.unknown().optional()

/** Platforms send numbers, empty texts and nulls for what they do not know. */
function toText(value: unknown): string | undefined {
  const read = text.safeParse(typeof value === 'number' ? String(value) : value)
  return read.success && read.data !== '' ? read.data : undefined
}

/** What this tool reads of a launch message (LTI 1.3 Core §4.3, §5), beyond what the token itself must hold. */
const launchClaims = z.looseObject({
  sub: loose,
  name: loose,
  email: loose,
  locale: loose,
  [claim('version')]: text,
  [claim('message_type')]: text,
  [claim('deployment_id')]: text.min(1),
  [claim('target_link_uri')]: text.optional(),
  [claim('roles')]: z.array(text).max(100).default([]),
  [claim('context')]: z.looseObject({ id: loose, label: loose, title: loose }).nullish(),
  [claim('resource_link')]: z.looseObject({ id: loose, title: loose }).nullish(),
  [claim('custom')]: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  [claim('lis')]: z.looseObject({ person_sourcedid: loose }).nullish().catch(undefined),
  // Moodle tells the login here.
  [claim('ext')]: z.looseObject({ user_username: loose }).nullish().catch(undefined),
  [members]: z.looseObject({ context_memberships_url: address }).nullish().catch(undefined),
  [grades]: z
    .looseObject({ scope: z.array(text).default([]), lineitems: address.optional() })
    .nullish()
    .catch(undefined),
  [link]: z
    .looseObject({
      deep_link_return_url: address,
      accept_types: z.array(text).max(50),
      data: z.string().max(20_000).optional(),
      title: loose,
    })
    .nullish(),
})

/** A launch message in our words. */
export interface LaunchMessage {
  version: string
  messageType: string
  deploymentId: string
  targetLinkUri: string | null
  roles: string[]
  name: string | null
  locale: string | null
  context: { id: string; title: string | null } | null
  /** Of the link launched, which also says what it shows. */
  custom: Record<string, string>
  /** By the names that rules use. */
  values: Record<string, string | undefined>
  membersUrl: string | null
  lineItemsUrl: string | null
  deepLink: { returnUrl: string; data: string | null; acceptTypes: string[]; title: string | null } | null
}

/** Reads the claims of a verified token; undefined when they make no launch message. */
export function readMessage(issuer: string, payload: unknown): LaunchMessage | undefined {
  const read = launchClaims.safeParse(payload)
  if (!read.success) return undefined
  const claims = read.data
  const context = claims[claim('context')]
  const contextId = toText(context?.id)
  const custom = readCustom(claims[claim('custom')])
  const service = claims[grades]
  // Of other messages they mean nothing.
  const settings = claims[claim('message_type')] === messageTypes.choice ? claims[link] : null
  return {
    version: claims[claim('version')],
    messageType: claims[claim('message_type')],
    deploymentId: claims[claim('deployment_id')],
    targetLinkUri: claims[claim('target_link_uri')] ?? null,
    roles: claims[claim('roles')],
    name: toText(claims.name) ?? null,
    locale: toText(claims.locale) ?? null,
    context:
      contextId === undefined
        ? null
        : { id: contextId, title: toText(context?.title) ?? toText(context?.label) ?? null },
    custom,
    values: {
      issuer,
      deployment_id: claims[claim('deployment_id')],
      sub: toText(claims.sub),
      email: toText(claims.email),
      person_sourcedid: toText(claims[claim('lis')]?.person_sourcedid),
      user_username: toText(claims[claim('ext')]?.user_username),
      'context.id': contextId,
      'context.label': toText(context?.label),
      'resource_link.id': toText(claims[claim('resource_link')]?.id),
      ...Object.fromEntries(Object.entries(custom).map(([name, value]) => [`custom.${name}`, value])),
    },
    membersUrl: claims[members]?.context_memberships_url ?? null,
    lineItemsUrl: service?.scope.includes(serviceScopes.lineItems) ? (service.lineitems ?? null) : null,
    deepLink: settings
      ? {
          returnUrl: settings.deep_link_return_url,
          data: settings.data ?? null,
          acceptTypes: settings.accept_types,
          title: toText(settings.title) ?? null,
        }
      : null,
  }
}

/** Custom parameters are texts; whatever else a platform sends is left out. */
export function readCustom(custom: Record<string, unknown> | null | undefined): Record<string, string> {
  const texts = Object.entries(custom ?? {}).flatMap(([name, value]) => {
    const said = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    return typeof said === 'string' && said.length <= 2_000 ? [[name, said] as const] : []
  })
  return Object.fromEntries(texts.slice(0, 100))
}

/** The claims of an answer to a request to choose (Deep Linking 2.0 §4.5). */
export const linkClaims = {
  messageType: claim('message_type'),
  version: claim('version'),
  deploymentId: claim('deployment_id'),
  items: 'https://purl.imsglobal.org/spec/lti-dl/claim/content_items',
  data: 'https://purl.imsglobal.org/spec/lti-dl/claim/data',
}
