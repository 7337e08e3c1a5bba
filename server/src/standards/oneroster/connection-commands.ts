import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import { readSecretFile } from '#kernel/command-file'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createConnection, fetchConnection, removeConnection } from './connections.ts'
import { listConnections } from './connections.queries.ts'

const address = z.url({ protocol: /^https?$/ }).max(500)
const newConnection = z.object({
  name: z.string().trim().min(1).max(60),
  service: address,
  token: address,
  'client-id': z.string().min(1).max(200),
})

/** `oneroster connections | connection add | remove | fetch`: services the directory is fed from. */
export const connectionCommands: Command[] = [
  {
    name: 'connections',
    usage: '',
    summary: 'Lists the rostering services the directory is fed from.',
    async run({ db, tenant, print }) {
      const connections = await inTenant(db, (await tenant()).id, listConnections)
      for (const { id, name, serviceUrl, fetchedAt, failure } of connections) {
        print(`${id}  ${name}  ${serviceUrl}  ${failure?.code ?? fetchedAt?.toISOString() ?? 'never fetched'}`)
      }
      return connections
    },
  },
  {
    name: 'connection add',
    usage: '--name NAME --service URL --token URL --client-id ID --secret-file PATH [--no-nightly]',
    summary: 'Feeds the directory from a rostering service. The secret is read from a file and kept sealed.',
    options: {
      name: { type: 'string' },
      service: { type: 'string' },
      token: { type: 'string' },
      'client-id': { type: 'string' },
      'secret-file': { type: 'string' },
      'no-nightly': { type: 'boolean' },
    },
    async run(context, _positionals, values) {
      const given = readValues(newConnection, values, 'connection_invalid')
      const secret = await readSecretFile(values['secret-file'])
      const { name, service: serviceUrl, token: tokenUrl, 'client-id': clientId } = given
      const { id: tenantId } = await context.tenant()
      const nightly = values['no-nightly'] !== true
      const request = { tenantId, actorPersonId: null, name, serviceUrl, tokenUrl, clientId, secret, nightly }
      const made = await createConnection(context, request)
      context.print(`${made.id}  ${made.name}`)
      return made
    },
  },
  {
    name: 'connection fetch',
    usage: '<id>',
    summary: 'Reads a service now; a running server then compares what it brought, for a review.',
    async run(context, [id = '']) {
      const { id: tenantId } = await context.tenant()
      const request = { tenantId, id: checkId(id), actorPersonId: null, unattended: false }
      const received = await fetchConnection(context, request, context.signal)
      context.print(`Fetched. See: npm run preau -- directory import-show ${received.id}`)
      return received
    },
  },
  {
    name: 'connection remove',
    usage: '<id>',
    summary: 'Forgets a service and its secret; what it brought stays.',
    async run(context, [id = '']) {
      const { id: tenantId } = await context.tenant()
      await removeConnection(context, { tenantId, id: checkId(id), actorPersonId: null })
      context.print('The service is forgotten.')
      return { id }
    },
  },
]

function checkId(id: string): string {
  if (z.uuid().safeParse(id).success) return id
  throw new Problem(404, 'connection_unknown', 'There is no such service.')
}
