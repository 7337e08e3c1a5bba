import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { createCredential, withdrawCredentialAs } from './credentials.ts'
import { listCredentials } from './credentials.queries.ts'
import { recordScopes } from './scopes.ts'

const newCredential = z.object({
  name: z.string().trim().min(1).max(200),
  scope: z.array(z.enum(recordScopes)).min(1),
})

/** `records credential create | list | withdraw`: what may send and read learning records. */
export const credentialCommands: Command[] = [
  {
    name: 'credential create',
    usage: `--name NAME [--scope ${recordScopes.join('|')}]…`,
    summary: 'Lets a source send and read learning records (all of them by default); its secret is shown once.',
    options: { name: { type: 'string' }, scope: { type: 'string', multiple: true } },
    async run({ db, tenant, print, now, publicUrl }, _positionals, { name, scope = ['all'] }) {
      const given = readValues(newCredential, { name, scope }, 'credential_invalid')
      const request = { name: given.name, scopes: given.scope }
      const made = await inTenant(db, (await tenant()).id, (tx) => createCredential(tx, null, request, now()))
      const { key, scopes } = made.credential
      print(`key       ${key}`)
      print(`secret    ${made.secret}`)
      print(`endpoint  ${publicUrl}/xapi`)
      print('The secret is not kept: it is shown this once.')
      return { key, secret: made.secret, name: request.name, scopes, endpoint: `${publicUrl}/xapi` }
    },
  },
  {
    name: 'credential list',
    usage: '',
    summary: 'Lists what may send and read learning records.',
    async run({ db, tenant, print }) {
      const credentials = await inTenant(db, (await tenant()).id, listCredentials)
      for (const { key, name, scopes, lastUsedAt } of credentials) {
        print(`${key}  ${name}  ${scopes.join(',')}  ${lastUsedAt?.toISOString() ?? 'never used'}`)
      }
      return credentials
    },
  },
  {
    name: 'credential withdraw',
    usage: '<key>',
    summary: 'Ends the access of a key within seconds; what it sent stays.',
    async run({ db, tenant, print, now }, [key = '']) {
      await inTenant(db, (await tenant()).id, (tx) => withdrawCredentialAs(tx, null, { key }, now()))
      print('It opens nothing any more.')
      return { key }
    },
  },
]
