import { readValues, text, type Values } from '#kernel/command-values'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { z } from 'zod'
import { changePlatform, createPlatform, platformSettings, removePlatform, tryPlatform } from './platforms.ts'
import { listPlatforms, type Platform, type PlatformSettings } from './platforms.queries.ts'
import { describeTool } from './platforms.routes.ts'
import { listUnboundRules, proposeRules } from './rules.ts'

/** Rules as commands are told them: `--account-home-page '{issuer}' --account-name '{sub}'`. */
export const ruleOptions = { 'account-home-page': text, 'account-name': text, mbox: text, course: text }
export const ruleUsage = '[--account-home-page TEMPLATE --account-name TEMPLATE | --mbox TEMPLATE] [--course TEMPLATE]'
const settingOptions = {
  name: text,
  issuer: text,
  'client-id': text,
  authorization: text,
  token: text,
  keys: text,
  deployment: { type: 'string', multiple: true },
  product: text,
  'token-audience': text,
  'frame-origin': text,
  members: text,
  grades: text,
  ...ruleOptions,
} as const
const settingUsage = `[--token-audience TEXT] [--frame-origin URL] [--members yes|no] [--grades yes|no] ${ruleUsage}`

/** `lti platforms | platform show | add | change | try | withdraw`: the learning platforms that launch dashboards. */
export const platformCommands: Command[] = [
  {
    name: 'platforms',
    usage: '',
    summary: 'Lists the platforms that launch dashboards, and the addresses to declare this tool with.',
    async run(context) {
      const tenant = await context.tenant()
      const platforms = await inTenant(context.db, tenant.id, listPlatforms)
      const tool = describeTool(context, tenant)
      for (const [name, url] of Object.entries(tool)) context.print(`${name}: ${url}`)
      for (const { id, name, issuer, clientId } of platforms)
        context.print(`${id}  ${name}  ${issuer}  client ${clientId}`)
      return { tool, platforms }
    },
  },
  {
    name: 'platform show',
    usage: '<id or name>',
    summary: 'Shows all settings of a platform, and which of its rules could lead to people or courses of another.',
    async run(context, [which = '']) {
      const { platform, platforms } = await getPlatformCalled(context, which)
      for (const [setting, value] of Object.entries(platform))
        context.print(`${setting}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      return { ...platform, unboundRules: tellUnbound(context, platform, platforms.length) }
    },
  },
  {
    name: 'platform add',
    usage:
      `--name NAME --issuer ISSUER --client-id ID --authorization URL --token URL --keys URL --deployment ID… ` +
      `[--product moodle] ${settingUsage}`,
    summary: 'Declares a platform by hand; its rules are those of its product, unless they are told.',
    options: settingOptions,
    async run(context, _positionals, values) {
      const product = typeof values['product'] === 'string' ? values['product'] : ''
      const proposed = { frameOrigin: values['authorization'], ...proposeRules(product) }
      const settings = check(platformSettings, { ...proposed, ...findSettings(values) })
      const { id: tenantId } = await context.tenant()
      const { platform, platforms } = await inTenant(context.db, tenantId, async (tx) => ({
        platform: await createPlatform(context, tx, settings, { registeredBy: 'hand', actorPersonId: null }),
        platforms: await listPlatforms(tx),
      }))
      context.print(`${platform.id}  ${platform.name}`)
      tellUnbound(context, platform, platforms.length)
      return platform
    },
  },
  {
    name: 'platform change',
    usage:
      `<id or name> [--name NAME] [--issuer ISSUER] [--client-id ID] [--authorization URL] [--token URL] [--keys URL] ` +
      `[--deployment ID]… [--product NAME] ${settingUsage}`,
    summary:
      'Changes a platform from its next launch on; what is not given stays, deployments are replaced all at once.',
    options: settingOptions,
    async run(context, [which = ''], values) {
      const told = findSettings(values)
      if (Object.keys(told).length === 0) throw new Problem(400, 'invalid_request', 'Say what changes: see --help.')
      const { tenantId, platform, platforms } = await getPlatformCalled(context, which)
      const settings = check(platformSettings, { ...platform, ...told })
      const changed = await inTenant(context.db, tenantId, (tx) =>
        changePlatform(context, tx, { id: platform.id, settings, actorPersonId: null }),
      )
      context.print(`${changed.name}: ${Object.keys(told).join(', ')} changed, from the next launch on.`)
      tellUnbound(context, changed, platforms.length)
      return changed
    },
  },
  {
    name: 'platform try',
    usage: '<id or name>',
    summary: 'Reads the keys of a platform now.',
    async run(context, [which = '']) {
      const { tenantId, platform } = await getPlatformCalled(context, which)
      const found = await tryPlatform(context, tenantId, platform.id)
      context.print(`${found.keys} keys.`)
      return found
    },
  },
  {
    name: 'platform withdraw',
    usage: '<id or name>',
    summary: 'Refuses the launches of a platform from now on.',
    async run(context, [which = '']) {
      const { tenantId, platform } = await getPlatformCalled(context, which)
      await inTenant(context.db, tenantId, (tx) =>
        removePlatform(tx, { id: platform.id, actorPersonId: null }, context.now()),
      )
      context.print('Withdrawn.')
      return { id: platform.id }
    },
  },
]

/**
 * The platform that a command names by its identifier or its name, among all that there are.
 * @throws Problem 404 `platform_unknown` when there is none, or several have this name.
 */
export async function getPlatformCalled(
  context: CommandContext,
  which: string,
): Promise<{ tenantId: string; platform: Platform; platforms: Platform[] }> {
  const { id: tenantId } = await context.tenant()
  const platforms = await inTenant(context.db, tenantId, listPlatforms)
  const found = platforms.filter(({ id, name }) => id === which || name.toLowerCase() === which.toLowerCase())
  const [platform] = found
  if (!platform || found.length > 1) {
    throw new Problem(404, 'platform_unknown', `No platform, or several, are called "${which}": see lti platforms.`)
  }
  return { tenantId, platform, platforms }
}

/**
 * The rules of a platform, or those that a command was told in their place.
 * @throws Problem 400 `platform_invalid` saying which cannot be, and why.
 */
export function readRules(platform: Platform, values: Values): Pick<PlatformSettings, 'identityRule' | 'courseRule'> {
  return check(platformSettings.pick({ identityRule: true, courseRule: true }), { ...platform, ...findRules(values) })
}

/** @throws Problem 400 `platform_invalid` saying which setting cannot be, and why. */
const check = <T>(schema: z.ZodType<T>, given: Record<string, unknown>): T =>
  readValues(schema, given, 'platform_invalid')

/** The rules that a command was told; what it was not told is left out. @throws Problem 400 `invalid_request`. */
function findRules(values: Values): Record<string, unknown> {
  const { 'account-home-page': homePage, 'account-name': name, mbox: email, course: courseRule } = values
  if ((homePage === undefined) !== (name === undefined))
    throw new Problem(400, 'invalid_request', '--account-home-page and --account-name go together.')
  if (homePage !== undefined && email !== undefined)
    throw new Problem(400, 'invalid_request', 'People are named by an account or by --mbox, not by both.')
  return {
    ...(homePage !== undefined && { identityRule: { kind: 'account', homePage, name } }),
    ...(email !== undefined && { identityRule: { kind: 'mbox', email } }),
    ...(courseRule !== undefined && { courseRule }),
  }
}

function findSettings(values: Values): Record<string, unknown> {
  const audience = values['token-audience']
  const told = {
    name: values['name'],
    product: values['product'],
    issuer: values['issuer'],
    clientId: values['client-id'],
    authorizationUrl: values['authorization'],
    tokenUrl: values['token'],
    tokenAudience: audience === '' ? null : audience,
    keysUrl: values['keys'],
    deployments: values['deployment'],
    frameOrigin: values['frame-origin'],
    readsMembers: findYes(values, 'members'),
    readsGrades: findYes(values, 'grades'),
    ...findRules(values),
  }
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
}

function findYes(values: Values, name: string): boolean | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  if (value !== 'yes' && value !== 'no') throw new Problem(400, 'invalid_request', `--${name} is yes or no.`)
  return value === 'yes'
}

/** Rules need to name their platform only where there is another. */
function tellUnbound(context: CommandContext, platform: Platform, platforms: number): string[] {
  const unbound = platforms > 1 ? listUnboundRules(platform) : []
  for (const rule of unbound)
    context.print(`Its rule of ${rule} names nothing of its own: it could lead to what is another platform's.`)
  return unbound
}
