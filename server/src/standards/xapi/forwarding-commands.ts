import { z } from 'zod'
import { readValues, text } from '#kernel/command-values'
import { readSecretFile } from '#kernel/command-file'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createForwarding, pauseForwarding, removeForwarding, replayForwarding } from './forwardings.ts'
import { type Forwarding, listForwardings } from './forwardings.queries.ts'
import { newForwarding } from './forwardings.routes.ts'

const texts = { type: 'string', multiple: true } as const

/** `xapi forwardings | forwarding add | pause | resume | replay | remove`: other stores that records are sent on to. */
export const forwardingCommands: Command[] = [
  {
    name: 'forwardings',
    usage: '',
    summary: 'Lists the stores that learning records are sent on to, and how far they are.',
    async run({ db, tenant, print }) {
      const forwardings = await inTenant(db, (await tenant()).id, listForwardings)
      for (const each of forwardings) print(line(each))
      return forwardings
    },
  },
  {
    name: 'forwarding add',
    usage:
      '--name NAME --endpoint URL --key KEY --secret-file PATH [--version 1.0.3|2.0.0] [--verb IRI]… [--activity IRI]… [--source ID]… [--from-start]',
    summary: 'Sends learning records on to another store. The secret is read from a file and kept sealed.',
    options: {
      name: text,
      endpoint: text,
      key: text,
      'secret-file': text,
      version: text,
      verb: texts,
      activity: texts,
      source: texts,
      'from-start': { type: 'boolean' },
    },
    async run(context, _positionals, values) {
      const { name, endpoint, key, version, verb, activity, source, 'from-start': fromStart } = values
      const told = { name, endpoint, key, version, verbs: verb, activities: activity, sourceIds: source, fromStart }
      const given = readValues(newForwarding, told, 'forwarding_invalid')
      const secret = await readSecretFile(values['secret-file'])
      const made = await createForwarding(context, await byOf(context), { ...given, secret })
      context.print(line(made))
      return made
    },
  },
  {
    name: 'forwarding pause',
    usage: '<id>',
    summary: 'Stops sending on to a store; nothing is lost meanwhile.',
    run: async (context, [id = '']) => pauseForwarding(context, await byOf(context), checkId(id), true),
  },
  {
    name: 'forwarding resume',
    usage: '<id>',
    summary: 'Goes on where it stopped, or tries again at once.',
    run: async (context, [id = '']) => pauseForwarding(context, await byOf(context), checkId(id), false),
  },
  {
    name: 'forwarding replay',
    usage: '<id> --since TIMESTAMP',
    summary: 'Sends again what was stored after a moment; what the other store has stays as it is.',
    options: { since: text },
    async run(context, [id = ''], { since }) {
      const read = z.coerce.date().min(new Date(0)).safeParse(since)
      if (!read.success) throw new Problem(400, 'invalid_request', 'Say since when, for example 2026-09-01.')
      return replayForwarding(context, await byOf(context), checkId(id), read.data)
    },
  },
  {
    name: 'forwarding remove',
    usage: '<id>',
    summary: 'Forgets a store and its secret; what was sent stays there.',
    async run(context, [id = '']) {
      await removeForwarding(context, await byOf(context), checkId(id))
      return { id }
    },
  },
]

const byOf = async (context: CommandContext) => ({ tenantId: (await context.tenant()).id, actorPersonId: null })

function line({ id, name, endpoint, sent, refused, paused, failure }: Forwarding): string {
  const state = paused ? 'paused' : (failure?.code ?? 'running')
  return `${id}  ${name}  ${endpoint}  ${sent} sent, ${refused} refused  ${state}`
}

function checkId(id: string): string {
  if (z.uuid().safeParse(id).success) return id
  throw new Problem(404, 'forwarding_unknown', 'There is no such forwarding.')
}
