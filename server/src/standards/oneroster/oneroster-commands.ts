import { z } from 'zod'
import { addressOf } from '#modules/identity'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createClient, withdrawClientAs } from './clients.ts'
import { listClients } from './clients.queries.ts'
import { servicePath } from './discovery.ts'
import { rosterScopeNames } from './scopes.ts'
import { tokenPath } from './token.routes.ts'

const newClient = z.object({
  name: z.string().trim().min(1).max(100),
  organisation: z.uuid().nullable(),
  scope: z.array(z.enum(rosterScopeNames)).min(1),
})

/** `oneroster clients | client add | client remove`: systems that may read rosters. */
export const clientCommands: Command[] = [
  {
    name: 'clients',
    usage: '',
    summary: 'Lists the systems that may read rosters.',
    async run({ db, tenant, print }) {
      const clients = await inTenant(db, (await tenant()).id, listClients)
      for (const { id, name, organisationId, scopes, lastUsedAt } of clients) {
        const ends = scopes.map((scope) => scope.split('/').at(-1)).join(',')
        print(
          `${id}  ${name}  ${organisationId ?? 'whole workspace'}  ${ends}  ${lastUsedAt?.toISOString() ?? 'never used'}`,
        )
      }
      return clients
    },
  },
  {
    name: 'client add',
    usage: '--name NAME [--organisation ID] [--scope core|full|demographics]… [--contact-details]',
    summary: 'Lets a system read the rosters of an organisation, or of all of them; its secret is shown once.',
    options: {
      name: { type: 'string' },
      organisation: { type: 'string' },
      scope: { type: 'string', multiple: true },
      'contact-details': { type: 'boolean' },
    },
    async run(context, _positionals, values) {
      const { db, print, now } = context
      const { name, organisation = null, scope = ['core', 'full'] } = values
      const given = readValues(newClient, { name, organisation, scope }, 'client_invalid')
      const request = {
        name: given.name,
        organisationId: given.organisation,
        scopes: given.scope,
        contactDetails: values['contact-details'] === true,
      }
      const tenant = await context.tenant()
      const made = await inTenant(db, tenant.id, (tx) => createClient(tx, null, request, now()))
      const address = addressOf(context, tenant)
      print(`client_id      ${made.client.id}`)
      print(`client_secret  ${made.secret}`)
      print(`service        ${new URL(servicePath, address).href}`)
      print(`token          ${new URL(tokenPath, address).href}`)
      print('The secret is not kept: it is shown this once.')
      return made
    },
  },
  {
    name: 'client remove',
    usage: '<id>',
    summary: 'Ends the access of a system, at once.',
    async run({ db, tenant, print, now }, [id = '']) {
      if (!z.uuid().safeParse(id).success) throw new Problem(404, 'client_unknown', 'There is no such client.')
      await inTenant(db, (await tenant()).id, (tx) => withdrawClientAs(tx, null, id, now()))
      print('Its tokens open nothing any more.')
      return { id }
    },
  },
]
