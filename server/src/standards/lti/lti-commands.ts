import { addressOf } from '#modules/identity'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { z } from 'zod'
import { readCourse } from './course-reading.ts'
import { listCourses } from './courses.queries.ts'
import { listLaunches } from './launches.queries.ts'
import { getPlatformCalled, platformCommands, readRules, ruleOptions, ruleUsage } from './platform-commands.ts'
import { createRegistrationLink } from './platforms.ts'
import { createPortal, endPortal, portalFields } from './portals.ts'
import { listPortals } from './portals.queries.ts'
import { registrationPath } from './registration.routes.ts'
import { applyRules } from './rule-trial.ts'
import { activateSigningKey, addSigningKey } from './signing-keys.ts'

/** `lti platforms | platform … | register | launches | identity | read | portals | portal add … | key …`: who shows dashboards. */
export const ltiCommands: Command[] = [
  ...platformCommands,
  {
    name: 'register',
    usage: '',
    summary: 'Makes a link by which one platform registers by itself, once and within a day.',
    async run(context) {
      const tenant = await context.tenant()
      const { token, expiresAt } = await inTenant(context.db, tenant.id, (tx) =>
        createRegistrationLink(tx, null, context.now()),
      )
      const url = new URL(`${registrationPath}/${token}`, addressOf(context, tenant)).href
      context.print(url)
      return { url, expiresAt: expiresAt.toISOString() }
    },
  },
  {
    name: 'launches',
    usage: '<id or name of a platform>',
    summary: 'Shows its last launches: who and where, as the platform and as statements say it.',
    async run(context, [which = '']) {
      const { tenantId, platform } = await getPlatformCalled(context, which)
      const launches = await inTenant(context.db, tenantId, (tx) => listLaunches(tx, platform.id, 30))
      for (const { begunAt, outcome, detail, subject, identifier, contextId, courseIri } of launches) {
        context.print(
          `${begunAt.toISOString()}  ${outcome}  ${subject ?? '?'} → ${identifier ?? 'nobody'}  ${contextId ?? '?'} → ${courseIri ?? 'no course'}  ${detail ?? ''}`,
        )
      }
      return launches
    },
  },
  {
    name: 'identity',
    usage: `<id or name of a platform> [sub=42] [context.id=7] [custom.username=ana] [email=…] ${ruleUsage}`,
    summary:
      'Tells where the rules of a platform, or others, lead for what it would say of somebody, and whether they are known.',
    options: ruleOptions,
    async run(context, [which = '', ...said], given) {
      const { tenantId, platform } = await getPlatformCalled(context, which)
      const values = Object.fromEntries(
        said.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const),
      )
      const rules = readRules(platform, given)
      const trial = await applyRules(context, tenantId, { platformId: platform.id, ...rules, values })
      context.print(`person: ${trial.identifier ?? 'nobody'}  ${trial.personEvents} events`)
      context.print(`course: ${trial.courseIri ?? 'none'}  ${trial.courseEvents} events`)
      return trial
    },
  },
  {
    name: 'read',
    usage: '<id or name of a platform>',
    summary: 'Reads the rosters and grades of the courses launched from it, now.',
    async run(context, [which = '']) {
      const { tenantId, platform } = await getPlatformCalled(context, which)
      const courses = await inTenant(context.db, tenantId, (tx) => listCourses(tx, platform.id, 1_000))
      const readings = []
      for (const { course, title, iri } of courses) {
        const reading = await readCourse(context, { tenantId, platformId: platform.id, course }, context.signal)
        const { members, unidentified, grades, failure } = reading
        context.print(
          `${title ?? iri}: ${members ?? '–'} members (${unidentified ?? '–'} unknown), ${grades ?? '–'} grades${failure ? `, ${failure.code} ${failure.status ?? ''}` : ''}`,
        )
        readings.push({ course, iri, ...reading })
      }
      return readings
    },
  },
  {
    name: 'portals',
    usage: '',
    summary: 'Lists the portals whose pages may frame indicators.',
    async run(context) {
      const { id: tenantId } = await context.tenant()
      const portals = await inTenant(context.db, tenantId, listPortals)
      for (const { id, name, origin } of portals) context.print(`${id}  ${name}  ${origin}`)
      return portals
    },
  },
  {
    name: 'portal add',
    usage: '--name NAME --origin URL',
    summary: 'Lets the pages of a portal frame indicators; its secret is told once.',
    options: { name: { type: 'string' }, origin: { type: 'string' } },
    async run(context, _positionals, values) {
      const given = readValues(portalFields, values)
      const { id: tenantId } = await context.tenant()
      const portal = await inTenant(context.db, tenantId, (tx) => createPortal(tx, given, null, context.now()))
      context.print(`${portal.id}  ${portal.secret}`)
      return portal
    },
  },
  {
    name: 'portal withdraw',
    usage: '<id>',
    summary: 'Ends what a portal may frame.',
    async run(context, [given]) {
      const id = z.uuid().safeParse(given)
      if (!id.success) throw new Problem(400, 'invalid_request', 'Give the identifier of a portal: see lti portals.')
      const { id: tenantId } = await context.tenant()
      await inTenant(context.db, tenantId, (tx) => endPortal(tx, id.data, null, context.now()))
      context.print('Withdrawn.')
      return { id: id.data }
    },
  },
  {
    name: 'key add',
    usage: '',
    summary: 'Makes the next key of this tool: published for platforms to read, not signing yet.',
    async run(context) {
      const { id: tenantId } = await context.tenant()
      const id = await inTenant(context.db, tenantId, (tx) =>
        addSigningKey(tx, context.secrets, { active: false }, context.now()),
      )
      context.print('Published. After a day, when every platform has read it: lti key activate')
      return { id }
    },
  },
  {
    name: 'key activate',
    usage: '',
    summary: 'Signs by the key added last; the one before stays published.',
    async run(context) {
      const { id: tenantId } = await context.tenant()
      const id = await inTenant(context.db, tenantId, (tx) => activateSigningKey(tx, context.now()))
      context.print('Done.')
      return { id }
    },
  },
]
