import { randomUUIDv7 } from 'node:crypto'
import { ensureCourse, openLaunch, resolveUsers, upsertEnrolments } from '#modules/insight'
import { addressOf, digest } from '#modules/identity'
import { keyOf } from '#modules/records'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { type LaunchMessage, messageTypes, readMessage } from './claims.ts'
import { noteCourse } from './courses.queries.ts'
import { attachTicket, insertDeepLink } from './deep-links.queries.ts'
import { type PlatformKeys, verifyToken } from './id-token.ts'
import {
  dropGrant,
  findHeldGrant,
  holdGrant,
  insertDeparture,
  type LaunchResult,
  noteResult,
  takeDeparture,
} from './launches.queries.ts'
import { newSecret } from './platforms.ts'
import { findPlatform, listPlatformsOf, type Platform } from './platforms.queries.ts'
import { courseQueue } from './course-reading.ts'
import { readEnrolmentRole, readRole } from './roles.ts'
import { identifyCourse, identifyUser, subjectOf } from './rules.ts'
import type { LaunchGrant } from './tables.ts'

/** How long a platform may take to answer: somebody may have to sign in there. */
export const departureMinutes = 15
/** A page exchanges its code at once. */
const codeSeconds = 120

export const launchPath = '/api/lti/launch'

/** What a platform announces a launch by (1EdTech Security Framework 1.0 §5.1.1.1, LTI 1.3 §4.1). */
export interface Announcement {
  iss: string
  login_hint: string
  target_link_uri: string
  client_id?: string | undefined
  lti_message_hint?: string | undefined
  lti_storage_target?: string | undefined
}

/** Where a browser goes to have its launch vouched for, and what it keeps meanwhile. */
export interface Leaving {
  launchId: string
  /** Address at the platform. */
  url: string
  /** What only this browser holds. */
  secret: string
  frameOrigin: string
  /** A place of the platform's that keeps it for us too. */
  storage: { target: string; origin: string } | null
}

/** Where launches come to. */
export const launchUrlOf = (services: Services, tenant: Tenant) => new URL(launchPath, addressOf(services, tenant)).href

/**
 * Begins a launch that a platform announces.
 * @throws Problem 403 `launch_platform_unknown`, 400 `launch_client_unsaid`, `launch_target_foreign`.
 */
export async function beginLaunch(services: Services, tenant: Tenant, announced: Announcement): Promise<Leaving> {
  const launchUrl = launchUrlOf(services, tenant)
  const state = newSecret()
  const nonce = newSecret()
  const secret = newSecret()
  const id = randomUUIDv7()
  const platform = await inTenant(services.db, tenant.id, async (tx) => {
    const [found, other] = await listPlatformsOf(tx, announced.iss, announced.client_id)
    if (!found) throw new Problem(403, 'launch_platform_unknown', 'This platform is not declared here.')
    if (other) throw new Problem(400, 'launch_client_unsaid', 'The platform does not say which client it is.')
    if (announced.target_link_uri !== launchUrl) throw foreignTarget()
    const departure = {
      id,
      platformId: found.id,
      stateDigest: digest(state),
      nonceDigest: digest(nonce),
      browserDigest: digest(secret),
      targetLinkUri: announced.target_link_uri,
      storageTarget: announced.lti_storage_target ?? null,
    }
    await insertDeparture(tx, departure, services.now())
    return found
  })
  const url = new URL(platform.authorizationUrl)
  const asked = {
    scope: 'openid',
    response_type: 'id_token',
    response_mode: 'form_post',
    prompt: 'none',
    client_id: platform.clientId,
    redirect_uri: launchUrl,
    login_hint: announced.login_hint,
    ...(announced.lti_message_hint === undefined ? {} : { lti_message_hint: announced.lti_message_hint }),
    state,
    nonce,
  }
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
  return {
    launchId: id,
    url: url.href,
    secret,
    frameOrigin: platform.frameOrigin,
    storage: announced.lti_storage_target ? { target: announced.lti_storage_target, origin: url.origin } : null,
  }
}

const foreignTarget = () =>
  new Problem(400, 'launch_target_foreign', 'The launch is meant for an address that is not of this tool.')

/** What the platform posts at the end of the detour. */
export interface PlatformAnswer {
  state: string
  idToken: string | undefined
  /** OAuth error code, when it refused. */
  error: string | undefined
}

/**
 * Takes the answer of a platform: verifies it, says who somebody is and what they may see. Whether it is still the browser
 * it began in is seen when the code is exchanged.
 * @returns the launch, and its one-time code; or the code of why it is refused, which is noted.
 * @throws Problem 400 `launch_over` when no launch waits for this state.
 */
export async function finishLaunch(
  services: Services,
  tenant: Tenant,
  keys: PlatformKeys,
  answer: PlatformAnswer,
): Promise<{ launchId: string; code: string } | { launchId: string; problem: string }> {
  const now = services.now()
  // Apart: what is refused below stays used.
  const taken = await inTenant(services.db, tenant.id, async (tx) => {
    const since = new Date(now.getTime() - departureMinutes * 60_000)
    const departure = await takeDeparture(tx, digest(answer.state), now, since)
    const platform = departure && (await findPlatform(tx, departure.platformId))
    return platform ? { departure, platform } : undefined
  })
  if (!taken) throw new Problem(400, 'launch_over', 'No launch waits for this answer: it was used, or is old.')
  const { departure, platform } = taken
  const result: LaunchResult = { ...nothing }
  try {
    const message = await verifyAnswer(keys, answer, { platform, departure, now }, result)
    const code = await inTenant(services.db, tenant.id, async (tx) => {
      const grant = await admit(services, tx, tenant, { platform, message, launchId: departure.id, result })
      const secret = newSecret()
      const expiresAt = new Date(now.getTime() + codeSeconds * 1_000)
      await holdGrant(tx, departure.id, grant, { digest: digest(secret), expiresAt })
      await noteResult(tx, departure.id, { ...result, outcome: 'accepted' })
      return secret
    })
    return { launchId: departure.id, code }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const refused = { ...result, outcome: error.code, detail: error.message }
    await inTenant(services.db, tenant.id, (tx) => noteResult(tx, departure.id, refused))
    return { launchId: departure.id, problem: error.code }
  }
}

const nothing: LaunchResult = {
  outcome: '',
  detail: null,
  subject: null,
  personName: null,
  role: null,
  identifier: null,
  learner: null,
  contextId: null,
  contextTitle: null,
  courseIri: null,
  course: null,
}

async function verifyAnswer(
  keys: PlatformKeys,
  answer: PlatformAnswer,
  expected: { platform: Platform; departure: { nonceDigest: Buffer; targetLinkUri: string }; now: Date },
  result: LaunchResult,
): Promise<LaunchMessage> {
  const { platform, departure, now } = expected
  if (answer.error !== undefined || answer.idToken === undefined) {
    const said = /^[\w.-]{1,60}$/.exec(answer.error ?? '')?.[0] ?? 'no token'
    throw new Problem(403, 'launch_platform_refused', `The platform does not vouch for this person: ${said}.`)
  }
  const payload = await verifyToken(answer.idToken, platform, keys, now)
  if (typeof payload['nonce'] !== 'string' || !digest(payload['nonce']).equals(departure.nonceDigest)) {
    throw new Problem(401, 'launch_token_nonce', 'The token answers another request.')
  }
  const message = readMessage(platform.issuer, payload)
  if (!message) throw new Problem(401, 'launch_token_claims', 'The token lacks what makes a launch.')
  result.subject = message.values['sub'] ?? null
  result.personName = message.name
  result.contextId = message.context?.id ?? null
  result.contextTitle = message.context?.title ?? null
  if (message.version !== '1.3.0') {
    throw new Problem(422, 'launch_version', `The launch speaks LTI ${message.version.slice(0, 20)}.`)
  }
  const { launch, choice } = messageTypes
  if (message.messageType !== launch && message.messageType !== choice) {
    throw new Problem(422, 'launch_message_type', `The message is a ${message.messageType.slice(0, 60)}.`)
  }
  // What each must have (LTI 1.3 Core §5.3.5, Deep Linking 2.0 §4.4.1).
  if (message.messageType === launch && message.values['resource_link.id'] === undefined) {
    throw new Problem(401, 'launch_token_claims', 'The token says no link (resource_link).')
  }
  if (message.messageType === choice && !message.deepLink?.acceptTypes.includes('ltiResourceLink')) {
    throw new Problem(401, 'launch_token_claims', 'The token says no choice of a link (deep_linking_settings).')
  }
  if (!platform.deployments.includes(message.deploymentId)) {
    const said = message.deploymentId.slice(0, 100)
    throw new Problem(403, 'launch_deployment', `The deployment ${said} is not declared for this platform.`)
  }
  if (message.targetLinkUri !== departure.targetLinkUri) throw foreignTarget()
  return message
}

/** Says who somebody is and what they may see; notes both sides in `result` as far as they are known. */
async function admit(
  services: Services,
  tx: Tx,
  tenant: Tenant,
  launch: { platform: Platform; message: LaunchMessage; launchId: string; result: LaunchResult },
): Promise<LaunchGrant> {
  const { platform, message, launchId, result } = launch
  const now = services.now()
  const role = readRole(message.roles)
  result.role = role?.audience ?? null
  const identifier = identifyUser(platform.identityRule, message.values)
  result.identifier = identifier ?? null
  if (!message.context) throw new Problem(422, 'launch_context_missing', 'The launch comes from no course.')
  const iri = identifyCourse(platform.courseRule, message.values)
  if (iri === undefined) throw new Problem(422, 'launch_course_rule', 'The rule of the platform leads to no course.')
  const course = keyOf(tenant.id, 'activity', iri)
  result.courseIri = iri
  result.course = course
  if (!role) throw new Problem(403, 'launch_role', 'The role in this course shows nothing.')

  const subject = message.values['sub']
  const [learner] =
    subject === undefined
      ? []
      : await resolveUsers(tx, [{ subject: subjectOf(platform.issuer, subject), identifier, name: message.name }], now)
  result.learner = learner ?? null
  if (role.audience === 'student' && learner === undefined) {
    throw new Problem(422, 'launch_identity_rule', 'The rule of the platform leads to nobody.')
  }
  await ensureCourse(tx, { key: course, iri, title: message.context.title })
  if (learner !== undefined) {
    const enrolment = { learner, role: readEnrolmentRole(message.roles), name: message.name }
    await upsertEnrolments(tx, { course, origin: platform.id }, [enrolment], now)
  }
  const isDue = await noteCourse(tx, { platform, message, course, iri, contextId: message.context.id }, now)
  if (isDue) await services.jobs.enqueue(tx, courseQueue, { tenantId: tenant.id, platformId: platform.id, course })

  if (message.deepLink) {
    if (role.audience !== 'teacher') throw new Problem(403, 'launch_role', 'The role in this course chooses nothing.')
    await insertDeepLink(
      tx,
      { launchId, platformId: platform.id, deploymentId: message.deploymentId, ...message.deepLink },
      now,
    )
  }
  const indicator = readIndicator(message.custom)
  return {
    viewer: {
      tenantId: tenant.id,
      audience: role.audience,
      courses: [course],
      learner: learner ?? null,
      // Who looks at others by name is told to them: who is nobody in particular does not.
      nominative: role.nominative && subject !== undefined,
      personId: null,
      name: message.name,
      indicator: message.deepLink ? null : (indicator?.name ?? null),
    },
    locale: message.locale,
    indicator: message.deepLink ? null : indicator,
    deepLink: message.deepLink && { title: message.deepLink.title },
  }
}

const indicatorParameter = 'preau_indicator'
const parameterPrefix = 'preau_p_'

/** What a link shows, as deep linking wrote it in its custom parameters. */
function readIndicator(custom: Record<string, string>): LaunchGrant['indicator'] {
  const name = custom[indicatorParameter]
  if (name === undefined || !/^[a-z0-9][a-z0-9-]{0,79}$/.test(name)) return null
  const parameters = Object.entries(custom).flatMap(([key, value]) =>
    key.startsWith(parameterPrefix) ? [[key.slice(parameterPrefix.length), value] as const] : [],
  )
  return { name, parameters: Object.fromEntries(parameters) }
}

/** Writes what `readIndicator` reads. */
export function writeIndicator(indicator: {
  name: string
  parameters: Record<string, string>
}): Record<string, string> {
  const parameters = Object.entries(indicator.parameters).map(([key, value]) => [`${parameterPrefix}${key}`, value])
  return { [indicatorParameter]: indicator.name, ...Object.fromEntries(parameters) }
}

/**
 * Gives the page of a launch its token, once, to the browser that the launch began in.
 * @param proofs what the browser holds: by cookie, in its own storage, or in the platform's.
 * @throws Problem 401 `launch_over` for a code that is unknown, used or old; 403 `launch_other_browser`, which says where
 *   the platform may hold the proof.
 */
export async function exchangeCode(
  services: Services,
  tenant: Tenant,
  input: { launchId: string; code: string; proofs: (string | undefined)[] },
): Promise<LaunchGrant & { token: string; ticket: string | null; origin: string }> {
  const now = services.now()
  return inTenant(services.db, tenant.id, async (tx) => {
    const held = await findHeldGrant(tx, input.launchId, digest(input.code), now)
    if (!held) throw new Problem(401, 'launch_over', 'This launch is over: come from your course again.')
    const { grant, browserDigest, storageTarget, authorizationUrl, frameOrigin: origin, openedBy } = held
    const isSame =
      browserDigest === null || input.proofs.some((proof) => proof !== undefined && digest(proof).equals(browserDigest))
    if (!isSame) {
      const storage =
        storageTarget === null || authorizationUrl === null
          ? null
          : { target: storageTarget, origin: new URL(authorizationUrl).origin }
      throw new Problem(403, 'launch_other_browser', 'This launch began in another browser.', { storage })
    }
    await dropGrant(tx, input.launchId)
    const ticket = grant.deepLink ? newSecret() : null
    if (ticket !== null) await attachTicket(tx, input.launchId, digest(ticket))
    return { ...grant, token: await openLaunch(tx, grant.viewer, now, openedBy), ticket, origin }
  })
}
