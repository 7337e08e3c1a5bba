import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { describeHeld, erase } from './erasures.ts'

/** `insight erase`: takes a person out of the learning records. */
export const erasureCommands: Command[] = [
  {
    name: 'erase',
    usage: '<identifier> [--mode erase|unlink] [--confirm]',
    summary:
      'Erases a person from the learning records, or unlinks what they did; without --confirm shows what is held.',
    options: { mode: { type: 'string', default: 'erase' }, confirm: { type: 'boolean', default: false } },
    async run(context, [identifier = ''], { mode, confirm }) {
      if (identifier === '')
        throw new Problem(400, 'invalid_request', 'Give an identifier, such as mbox|mailto:ana@lycee.example.')
      if (mode !== 'erase' && mode !== 'unlink') throw new Problem(400, 'invalid_request', '--mode is erase or unlink.')
      const { id: tenantId } = await context.tenant()
      if (confirm !== true) {
        const held = await describeHeld(context, tenantId, identifier)
        context.print(`Held under ${held.identities.join(', ')}:`)
        context.print(
          `  ${held.statements} statements, ${held.mentions} of others that speak of them, ${held.events} events`,
        )
        context.print(`  ${held.documents} documents, ${held.quarantined} set aside`)
        context.print('Nothing was done: add --confirm.')
        return held
      }
      const erasure = await erase(context, { tenantId, identifier, mode, actorPersonId: null })
      context.print(`Done; receipt ${erasure.id}.`)
      for (const { name, address, statements } of erasure.receipt?.copies ?? [])
        context.print(`To be asked of ${name} (${address}): up to ${statements} statements were sent there.`)
      return erasure
    },
  },
]
