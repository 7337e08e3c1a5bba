import { readTextFile } from '#kernel/command-file'
import type { Command } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { z } from 'zod'
import {
  dropQuarantined,
  getQuarantined,
  retryQuarantined,
  setLeniency,
  storeQuarantined,
} from '../quarantine/quarantine.ts'
import { listQuarantined, listSources } from '../quarantine/quarantine.queries.ts'
import { createStatementWriter } from '../store/statement-writer.ts'
import { setTreatment, treatments } from './treatments.ts'

/** `records sources | source … | quarantine …`: where records come from, what is kept of them, and what is set aside. */
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
        await setTreatment(tx, null, await getSourceId(tx, name), treatment)
      })
      print(`What ${name} sends is ${treatment === 'whole' ? 'kept whole' : 'pseudonymised'}, within five seconds.`)
      return { name, treatment }
    },
  },
  {
    name: 'source lenient',
    usage: '<NAME> <yes|no>',
    summary: 'Repairs or sets aside what a source sends against the rules, or refuses it.',
    async run({ db, tenant, print }, [name = '', wanted = '']) {
      if (wanted !== 'yes' && wanted !== 'no') throw new Problem(400, 'invalid_request', 'Say yes or no.')
      const { id: tenantId } = await tenant()
      const lenient = wanted === 'yes'
      await inTenant(db, tenantId, async (tx) => setLeniency(tx, null, await getSourceId(tx, name), lenient))
      print(`What ${name} sends against the rules is ${lenient ? 'repaired or set aside' : 'refused'}.`)
      return { name, lenient }
    },
  },
  {
    name: 'quarantine',
    usage: '[--source NAME]',
    summary: 'Lists the first hundred statements that are set aside, the oldest first.',
    options: { source: { type: 'string' } },
    async run({ db, tenant, print }, _, { source }) {
      const found = await inTenant(db, (await tenant()).id, async (tx) => {
        const sourceId = typeof source === 'string' ? await getSourceId(tx, source) : undefined
        return listQuarantined(tx, { state: 'waiting', sourceId, limit: 100 })
      })
      const statements = found.map(({ id, source: name, receivedAt, pointer, reason }) => {
        return { id, source: name, receivedAt: receivedAt.toISOString(), pointer, reason }
      })
      for (const { id, source: name, pointer, reason } of statements) print(`${id}  ${name}  ${pointer}  ${reason}`)
      return statements
    },
  },
  {
    name: 'quarantine show',
    usage: '<id>',
    summary: 'Shows a statement that was set aside, as it was sent; with --json why, and what became of it.',
    async run({ db, tenant, print }, [given]) {
      const id = readId(given)
      const found = await inTenant(db, (await tenant()).id, (tx) => getQuarantined(tx, id))
      print(found.body ?? 'It was dropped: what it said is deleted.')
      return found
    },
  },
  {
    name: 'quarantine store',
    usage: '<id> [--corrected FILE]',
    summary: 'Stores a statement set aside: as sent once repaired, or as the JSON of a file corrects it.',
    options: { corrected: { type: 'string' } },
    async run(context, [given], { corrected: file }) {
      const id = readId(given)
      const corrected = typeof file === 'string' ? await readTextFile(file) : undefined
      const { id: tenantId } = await context.tenant()
      const writer = createStatementWriter(context)
      try {
        const repairs = await storeQuarantined({ ...context, writer }, tenantId, null, id, corrected)
        context.print(`Stored${repairs.length > 0 ? `, repaired: ${repairs.join(', ')}` : ''}.`)
        return { id, repairs, corrected: corrected !== undefined }
      } finally {
        await writer.close()
      }
    },
  },
  {
    name: 'quarantine retry',
    usage: '[--source NAME]',
    summary: 'Tries again to store what is set aside, the oldest first.',
    options: { source: { type: 'string' } },
    async run(context, _, { source }) {
      const { id: tenantId } = await context.tenant()
      const sourceId =
        typeof source === 'string' ? await inTenant(context.db, tenantId, (tx) => getSourceId(tx, source)) : undefined
      const writer = createStatementWriter(context)
      try {
        const sum = { stored: 0, waiting: 0 }
        for (let after: string | null | undefined; after !== null && !context.signal.aborted;) {
          const told = await retryQuarantined({ ...context, writer }, tenantId, null, { sourceId, after })
          sum.stored += told.stored
          sum.waiting += told.waiting
          after = told.next
        }
        context.print(`${sum.stored} stored, ${sum.waiting} still wait.`)
        return sum
      } finally {
        await writer.close()
      }
    },
  },
  {
    name: 'quarantine drop',
    usage: '<id> --note WHY',
    summary: 'Deletes what a statement set aside says; that it came, and why it was dropped, stay.',
    options: { note: { type: 'string' } },
    async run(context, [given], { note }) {
      const id = readId(given)
      const why = z.string().trim().min(1).max(500).safeParse(note)
      if (!why.success) throw new Problem(400, 'invalid_request', 'Say why by --note, in at most 500 characters.')
      await dropQuarantined(context, (await context.tenant()).id, null, id, why.data)
      context.print('Dropped.')
      return { id }
    },
  },
]

function readId(given: string | undefined): string {
  const id = z.uuid().safeParse(given)
  if (!id.success)
    throw new Problem(400, 'invalid_request', 'Give the identifier of a statement set aside: see records quarantine.')
  return id.data
}

async function getSourceId(tx: Tx, name: string): Promise<string> {
  const source = (await listSources(tx)).find((each) => each.name === name)
  if (!source) throw new Problem(404, 'source_unknown', 'There is no such source.')
  return source.id
}
