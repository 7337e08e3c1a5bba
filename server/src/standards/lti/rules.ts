import { z } from 'zod'
import { type Agent, identifyAgent } from '#modules/records'

/**
 * How a user of a platform leads to the actor of statements: an account, or an e-mail address. Each text may hold what the
 * platform says, between braces: `{sub}`, `{issuer}`, `{custom.username}`…
 */
export type IdentityRule = z.infer<typeof identityRule>

const placeholders = [
  'issuer',
  'deployment_id',
  'sub',
  'email',
  'person_sourcedid',
  'user_username',
  'context.id',
  'context.label',
  'resource_link.id',
]
const isPlaceholder = (name: string) => placeholders.includes(name) || /^custom\.[\w.-]{1,80}$/.test(name)

/** What a platform says of a user and a course, by the names rules use. */
export type PlatformValues = Record<string, string | undefined>

const template = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .refine((text) => !/[{}]/.test(text.replaceAll(/\{[\w.-]+\}/g, '')), 'has a brace that names nothing')
  .refine(
    (text) => [...text.matchAll(/\{([\w.-]+)\}/g)].every(([, name = '']) => isPlaceholder(name)),
    `names something else than ${placeholders.map((name) => `{${name}}`).join(' ')} {custom.NAME}`,
  )

export const identityRule = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('account'), homePage: template, name: template }),
  z.object({ kind: z.literal('mbox'), email: template }),
])

/** The activity of a course, as an IRI with what the platform says between braces: `{issuer}/course/view.php?id={context.id}`. */
export const courseRule = template

/** What leads right on the platforms we know, by the product they tell; anyone may change it. */
export function proposeRules(product: string): { identityRule: IdentityRule; courseRule: string } {
  // Moodle's plug-ins name an actor by the site's address and the number of the user, which is also the LTI subject.
  const identity: IdentityRule = { kind: 'account', homePage: '{issuer}', name: '{sub}' }
  if (product === 'moodle') return { identityRule: identity, courseRule: '{issuer}/course/view.php?id={context.id}' }
  if (/open.?edx|edx/i.test(product)) return { identityRule: identity, courseRule: '{issuer}/course/{context.id}' }
  return { identityRule: identity, courseRule: '{context.id}' }
}

/** Fills a template; undefined when the platform does not say all that it needs. */
function fill(text: string, values: PlatformValues): string | undefined {
  let complete = true
  const filled = text.replaceAll(/\{([\w.-]+)\}/g, (_, name: string) => {
    const value = values[name]
    // A platform that does not know a variable sends its name.
    if (value === undefined || value === '' || /^\$[A-Z][\w.]*$/.test(value)) complete = false
    return value ?? ''
  })
  return complete ? filled : undefined
}

/** Whether a rule needs what a roster tells of a member only when it is asked for a link (NRPS 2.0 §2.4.2). */
export function needsLink(rule: IdentityRule): boolean {
  const texts = rule.kind === 'account' ? [rule.homePage, rule.name] : [rule.email]
  return texts.some((text) => /\{(custom\.|user_username)/.test(text))
}

/** Who a user of a platform is among the actors of statements; undefined when the platform does not say enough. */
export function toActor(rule: IdentityRule, values: PlatformValues): Agent | undefined {
  if (rule.kind === 'account') {
    const [homePage, name] = [fill(rule.homePage, values), fill(rule.name, values)]
    return homePage === undefined || name === undefined ? undefined : { account: { homePage, name } }
  }
  const email = fill(rule.email, values)
  return email !== undefined && /^[^\s@|]+@[^\s@|]+$/.test(email) ? { mbox: `mailto:${email}` } : undefined
}

/** The same as the store identifies actors: `account|…`, `mbox|…`. */
export function identifyUser(rule: IdentityRule, values: PlatformValues): string | undefined {
  const actor = toActor(rule, values)
  return actor && identifyAgent(actor)
}

/** The activity of a course in statements; undefined when the platform does not say enough for an IRI. */
export function identifyCourse(rule: string, values: PlatformValues): string | undefined {
  const iri = fill(rule, values)
  return iri !== undefined && /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/i.test(iri) ? iri : undefined
}

/**
 * The rules of a platform that could lead to people or courses of another: they name neither it, by `{issuer}` or its own
 * address, nor anything else that it alone is.
 */
export function listUnboundRules(platform: {
  issuer: string
  frameOrigin: string
  identityRule: IdentityRule
  courseRule: string
}): ('identity' | 'course')[] {
  const { issuer, frameOrigin, identityRule: identity } = platform
  const isBound = (text: string) =>
    text.includes('{issuer}') || [issuer, frameOrigin].some((own) => text === own || text.startsWith(`${own}/`))
  return [
    ...(isBound(identity.kind === 'account' ? identity.homePage : identity.email) ? [] : ['identity' as const]),
    ...(isBound(platform.courseRule) ? [] : ['course' as const]),
  ]
}

/** A user of a platform, in the identity map. */
export const subjectOf = (issuer: string, sub: string) => `lti|${issuer}|${sub}`
