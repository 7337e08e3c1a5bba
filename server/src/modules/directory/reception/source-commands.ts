import { z } from 'zod'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { acknowledgeAlert } from './alerts.ts'
import { listFeedAlerts } from './alerts.queries.ts'
import { changeSettings, describeSettings } from './source-settings.ts'
import { getSource, listSources } from './sources.queries.ts'
import { chooseSourceFolder, updateSourceSettings } from './sources.ts'
import { watchFeeds } from './watch.ts'

/** Sources on the command line: what they are, and where their files come. */
export const sourceCommands: Command[] = [
  {
    name: 'feeds',
    usage: '',
    summary: 'Lists the sources of feeds: last import, next expected, and the alerts that wait for somebody.',
    async run(context) {
      const tenant = await context.tenant()
      const { sources, alerts } = await inTenant(context.db, tenant.id, async (tx) => ({
        sources: await listSources(tx, tenant, context.now()),
        alerts: await listFeedAlerts(tx, { open: true }),
      }))
      for (const { id, name, lastImport, nextExpectedAt } of sources) {
        const last = lastImport ? `${lastImport.createdAt.slice(0, 16)} ${lastImport.state}` : 'never'
        context.print(`${id}  ${name}  last: ${last}  next: ${nextExpectedAt?.slice(0, 16) ?? 'any time'}`)
      }
      for (const { code, source, raisedAt } of alerts) {
        context.print(`alert: ${code}  ${source?.name ?? 'unknown source'}  since ${raisedAt.slice(0, 16)}`)
      }
      return { sources, alerts }
    },
  },
  {
    name: 'feed folder',
    usage: '<source id> <folder>',
    summary: 'Gives a source a folder of this machine: what is put there whole is moved away and imported.',
    async run(context, [id, folder]) {
      if (id === undefined || !/^[0-9a-f-]{36}$/i.test(id) || folder === undefined) {
        throw new Problem(
          400,
          'folder_needed',
          'Give the identifier of a source, as `directory feeds` lists them, and a folder.',
        )
      }
      const path = await chooseSourceFolder(context, await context.tenant(), { id, folder })
      context.print(`What is put whole into ${path} will be taken by the server.`)
      return { folder: path }
    },
  },
  {
    name: 'feed settings',
    usage:
      '<source id> [--threshold KIND=PERCENT]… [--quarantine-limit PERCENT] [--small-limit PERCENT] [--unattended yes|no] ' +
      '[--expected-at HH:MM|none] [--expected-days 1,2,4,5] [--grace-minutes N] [--retention-days N] [--folder NAME|none]',
    summary: 'Shows how a source is received, or changes what is given of it; a threshold is a share that may vanish.',
    options: {
      threshold: { type: 'string', multiple: true },
      'quarantine-limit': { type: 'string' },
      'small-limit': { type: 'string' },
      unattended: { type: 'string' },
      'expected-at': { type: 'string' },
      'expected-days': { type: 'string' },
      'grace-minutes': { type: 'string' },
      'retention-days': { type: 'string' },
      folder: { type: 'string' },
    },
    async run(context, [given], values) {
      const id = readId(given, 'source')
      const tenant = await context.tenant()
      const { settings: former } = await inTenant(context.db, tenant.id, (tx) =>
        getSource(tx, id, tenant, context.now()),
      )
      const settings = changeSettings(former, values)
      const source = await updateSourceSettings(context, tenant, { id, actorPersonId: null, settings })
      for (const line of describeSettings(source.settings)) context.print(line)
      return source
    },
  },
  {
    name: 'feed alerts',
    usage: '[--source ID] [--all]',
    summary: 'Lists the alerts that wait for somebody, or all of them; newest first, a hundred at most.',
    options: { source: { type: 'string' }, all: { type: 'boolean' } },
    async run(context, _, values) {
      const sourceId = values['source'] === undefined ? undefined : readId(values['source'], 'source')
      const { id: tenantId } = await context.tenant()
      const filter = { open: values['all'] !== true, sourceId }
      const alerts = await inTenant(context.db, tenantId, (tx) => listFeedAlerts(tx, filter))
      for (const { id, code, source, raisedAt, resolvedAt, acknowledgedAt } of alerts) {
        const ended = resolvedAt !== null ? '  over' : acknowledgedAt !== null ? '  seen' : ''
        context.print(`${id}  ${code}  ${source?.name ?? 'unknown source'}  since ${raisedAt.slice(0, 16)}${ended}`)
      }
      return alerts
    },
  },
  {
    name: 'feed acknowledge',
    usage: '<alert id>',
    summary: 'Notes that somebody has seen an alert: it is shown to nobody any more.',
    async run(context, [given]) {
      const id = readId(given, 'alert')
      const { id: tenantId } = await context.tenant()
      const alert = await acknowledgeAlert(context, { tenantId, id, actorPersonId: null })
      context.print(`${alert.code} of ${alert.source?.name ?? 'an unknown source'} was seen.`)
      return alert
    },
  },
  {
    name: 'feed watch',
    usage: '',
    summary: 'Looks at the folders now, as the server does every minute: what is whole is taken; the server reads it.',
    async run(context) {
      await watchFeeds(context)
      context.print('The folders were looked at.')
    },
  },
]

const listedBy = { source: 'directory feeds', alert: 'directory feed alerts' } as const

function readId(given: unknown, what: keyof typeof listedBy): string {
  const id = z.uuid().safeParse(given)
  if (id.success) return id.data
  throw new Problem(400, 'invalid_request', `Give the ${what}’s identifier, as \`${listedBy[what]}\` lists it.`)
}
