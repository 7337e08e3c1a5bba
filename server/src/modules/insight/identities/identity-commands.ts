import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { describeLearners, tieIdentifiers, untieIdentifier } from './identity-map.ts'
import { searchIdentifiers } from './identity-map.queries.ts'

/** `insight identity show | tie | untie`: which identifiers are one person. */
export const identityCommands: Command[] = [
  {
    name: 'identity show',
    usage: '<part of an identifier or a name>',
    summary: 'Shows who is behind identifiers: what each leads to, and how many events there are.',
    async run(context, [text = '']) {
      if (text.length < 2) throw new Problem(400, 'invalid_request', 'Give at least two characters to look for.')
      const { id } = await context.tenant()
      const found = await inTenant(context.db, id, (tx) => searchIdentifiers(tx, text, 30))
      const learners = await describeLearners(context, id, found)
      for (const { learner, events, identifiers } of learners) {
        context.print(`learner ${learner}: ${events} events`)
        for (const { identifier, name, origin } of identifiers)
          context.print(`  ${identifier}  ${origin}  ${name ?? ''}`)
      }
      if (learners.length === 0) context.print('Nobody.')
      return learners
    },
  },
  {
    name: 'identity tie',
    usage: '<identifier> <identifier of the person it is>',
    summary: 'Says that two identifiers are one person; what is known of the first follows.',
    async run(context, [identifier = '', to = '']) {
      await change(context, (tx) => tieIdentifiers(tx, { identifier, to, actorPersonId: null }, context.now()))
      return { identifier, to }
    },
  },
  {
    name: 'identity untie',
    usage: '<identifier>',
    summary: 'Takes back that an identifier is somebody else’s.',
    async run(context, [identifier = '']) {
      await change(context, (tx) => untieIdentifier(tx, { identifier, actorPersonId: null }))
      return { identifier }
    },
  },
]

async function change(context: CommandContext, work: Parameters<typeof inTenant<void>>[2]): Promise<void> {
  const { id } = await context.tenant()
  await inTenant(context.db, id, work)
  context.print('Done; dashboards follow within seconds.')
}
