import type { Audience } from '#kernel/access'
import { readJsonFile } from '#kernel/command-file'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { openCatalogue } from '../indicators/catalogue.ts'
import { getDashboard, listDashboards, resetDashboard, setDashboard } from './dashboards.ts'
import { newDashboard } from './dashboards.routes.ts'
import { audiences, type DashboardItem } from './default-dashboards.ts'

const which = audiences.join('|')

/** `insight dashboard list | show | set | reset`: the indicators shown to each audience. */
export const dashboardCommands: Command[] = [
  {
    name: 'dashboard list',
    usage: '',
    summary: 'Lists the dashboards, whose each is, and the indicators of which it is made.',
    async run(context) {
      const { id } = await context.tenant()
      const dashboards = await inTenant(context.db, id, listDashboards)
      for (const { audience, items, custom } of dashboards) {
        const names = items.map(({ indicator }) => indicator).join(', ')
        context.print(`${audience}  ${custom ? 'chosen here' : 'of the product'}  ${names}`)
      }
      return dashboards
    },
  },
  {
    name: 'dashboard show',
    usage: `<${which}>`,
    summary: 'Shows the dashboard of an audience, as `dashboard set` reads it from a file.',
    async run(context, [given]) {
      const audience = readAudience(given)
      const { id } = await context.tenant()
      const { items, custom } = await inTenant(context.db, id, (tx) => getDashboard(tx, audience))
      context.print(JSON.stringify({ items }, undefined, 2))
      return { audience, items, custom }
    },
  },
  {
    name: 'dashboard set',
    usage: `<${which}> <file.json>`,
    summary: 'Chooses the indicators shown to an audience, in the order of a file.',
    async run(context, [given, file]) {
      const audience = readAudience(given)
      const { items } = await readJsonFile(file, newDashboard)
      const { id } = await context.tenant()
      await inTenant(context.db, id, (tx) => setDashboard(tx, { audience, items, by: null }, context.now()))
      context.print(
        `The dashboard of the audience ${audience} is now: ${items.map(({ indicator }) => indicator).join(', ')}.`,
      )
      const missing = await findMissing(context, items)
      for (const name of missing) context.print(`There is no indicator ${name}: nothing is shown in its place.`)
      return { audience, items, custom: true, missing }
    },
  },
  {
    name: 'dashboard reset',
    usage: `<${which}>`,
    summary: 'Shows an audience what comes with the product again.',
    async run(context, [given]) {
      const audience = readAudience(given)
      const { id } = await context.tenant()
      const { items } = await inTenant(context.db, id, (tx) => resetDashboard(tx, audience, null))
      context.print(`The dashboard of the audience ${audience} is what comes with the product.`)
      return { audience, items, custom: false }
    },
  },
]

function readAudience(given: string | undefined): Audience {
  const audience = audiences.find((each) => each === given)
  if (!audience) throw new Problem(400, 'invalid_request', `Say whose dashboard: ${audiences.join(', ')}.`)
  return audience
}

/** Indicators that a dashboard names and that are not there: they may come, or have been mistyped. */
async function findMissing(context: CommandContext, items: readonly DashboardItem[]): Promise<string[]> {
  const { indicators } = await openCatalogue(context).read()
  return [...new Set(items.map(({ indicator }) => indicator))].filter((name) => !indicators.has(name))
}
