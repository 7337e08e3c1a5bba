import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listFeedAlerts } from './alerts.queries.ts'
import { listSources } from './sources.queries.ts'
import { chooseSourceFolder } from './sources.ts'
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
    name: 'feed watch',
    usage: '',
    summary: 'Looks at the folders now, as the server does every minute: what is whole is taken; the server reads it.',
    async run(context) {
      await watchFeeds(context)
      context.print('The folders were looked at.')
    },
  },
]
