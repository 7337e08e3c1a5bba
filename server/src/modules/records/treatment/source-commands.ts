import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listSources } from '../quarantine/quarantine.queries.ts'
import { setTreatment, treatments } from './treatments.ts'

/** `records sources | source treat`: where records come from, and what is kept of what they send. */
export const sourceCommands: Command[] = [
  {
    name: 'sources',
    usage: '',
    summary: 'Lists the sources of learning records, and what is kept of what they send.',
    async run({ db, tenant, print }) {
      const sources = await inTenant(db, (await tenant()).id, listSources)
      for (const { name, treatment, lenient } of sources) print(`${name}  ${treatment}${lenient ? '  lenient' : ''}`)
      return sources
    },
  },
  {
    name: 'source treat',
    usage: `<NAME> <${treatments.join('|')}>`,
    summary: 'Keeps the statements of a source whole, or without who and without what people wrote.',
    async run({ db, tenant, print }, [name = '', wanted = '']) {
      const treatment = treatments.find((each) => each === wanted)
      if (treatment === undefined) throw new Problem(400, 'invalid_request', `Say ${treatments.join(' or ')}.`)
      const { id: tenantId } = await tenant()
      await inTenant(db, tenantId, async (tx) => {
        const source = (await listSources(tx)).find((each) => each.name === name)
        if (!source) throw new Problem(404, 'source_unknown', 'There is no such source.')
        await setTreatment(tx, null, source.id, treatment)
      })
      print(`What ${name} sends is ${treatment === 'whole' ? 'kept whole' : 'pseudonymised'}, within five seconds.`)
      return { name, treatment }
    },
  },
]
