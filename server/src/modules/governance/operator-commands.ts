import { readFile } from 'node:fs/promises'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type Day, isDay } from '#kernel/time'
import { appointRepresentative, endRepresentative } from './bodies/representatives.ts'
import { listNamedRepresentatives } from './bodies/representatives.queries.ts'
import { createHeadCount, readHeadCount } from './money/head-counts.ts'
import { updatePublisher } from './publication/publications.ts'
import { type ActingStanding, getOperatorStanding } from './standing.ts'

const text = { type: 'string' } as const
type Values = Parameters<Command['run']>[2]

/**
 * What an operator sets up around a consortium. What its members and its project manager do in their own name has no
 * command: the trail and the journal say who did it.
 */
export const operatorCommands: Command[] = [
  {
    name: 'representative list',
    usage: 'AGREEMENT [BODY]',
    summary: 'Lists those who sit today, or will, by body and party.',
    async run(context, [slug, body]) {
      const seated = await inAgreement(context, slug, (tx, { agreement, today }) =>
        listNamedRepresentatives(tx, agreement.id, { from: today, ...(body !== undefined && { body }) }),
      )
      for (const { id, body: of, party, rank, name } of seated)
        context.print(`${id}  ${of}  ${party}  ${rank}  ${name ? `${name.givenName} ${name.familyName}` : '-'}`)
      return seated
    },
  },
  {
    name: 'representative appoint',
    usage: 'AGREEMENT BODY PARTY --person ID [--deputy] [--from DAY] [--until DAY]',
    summary: 'Names somebody of the directory to sit for a party in a body, under the caps of the agreement.',
    options: { person: text, deputy: { type: 'boolean' }, from: text, until: text },
    async run(context, [slug, body = '', party = ''], values) {
      const personId = getText(values, 'person')
      const id = await inAgreement(context, slug, (tx, standing, now) =>
        appointRepresentative(
          tx,
          standing,
          {
            body,
            party,
            personId,
            rank: values['deputy'] === true ? 'deputy' : 'holder',
            startsOn: findDay(values, 'from') ?? standing.today,
            endsOn: findDay(values, 'until') ?? null,
          },
          now,
        ),
      )
      context.print(`${id} sits for ${party} in ${body}.`)
      return { id }
    },
  },
  {
    name: 'representative end',
    usage: 'AGREEMENT REPRESENTATIVE [--on DAY]',
    summary: 'Ends an office, today or on the day given: its last one.',
    options: { on: text },
    async run(context, [slug, id = ''], values) {
      const ended = await inAgreement(context, slug, (tx, standing) =>
        endRepresentative(tx, standing, id, findDay(values, 'on') ?? standing.today),
      )
      context.print(`${id} sits until ${ended.endsOn}.`)
      return ended
    },
  },
  {
    name: 'head-count load',
    usage: 'AGREEMENT FILE --counted-on DAY [--source TEXT]',
    summary: 'Keeps how many pupils each establishment has on a day: columns UAI;nom;collectivité;effectif.',
    options: { 'counted-on': text, source: text },
    async run(context, [slug, file = ''], values) {
      const countedOn = findDay(values, 'counted-on')
      if (countedOn === undefined) throw invalid('--counted-on is needed.')
      const content = await readFile(file, 'utf8').catch(() => {
        throw new Problem(404, 'file_not_found', `There is no file ${file} that can be read.`)
      })
      const source = typeof values['source'] === 'string' ? values['source'] : file
      const { id, lines } = await inAgreement(context, slug, async (tx, { agreement }, now) => {
        const read = readHeadCount(agreement.rules, content)
        const input = { agreementId: agreement.id, countedOn, source, lines: read, by: null }
        return { id: await createHeadCount(tx, input, now), lines: read }
      })
      const pupils = lines.reduce((sum, line) => sum + line.pupils, 0)
      context.print(`${lines.length} establishments, ${pupils} pupils on ${countedOn}.`)
      return { id, countedOn, establishments: lines.length, pupils }
    },
  },
  {
    name: 'publisher set',
    usage: 'AGREEMENT --name TEXT --siret DIGITS',
    summary: 'Says under which name and SIRET the consortium publishes its decisions.',
    options: { name: text, siret: text },
    async run(context, [slug], values) {
      const publisher = { name: getText(values, 'name'), siret: getText(values, 'siret').replaceAll(/\s/g, '') }
      await inAgreement(context, slug, (tx, standing) => updatePublisher(tx, standing, publisher))
      context.print(`${publisher.name} (${publisher.siret}) publishes.`)
      return publisher
    },
  },
]

async function inAgreement<T>(
  context: CommandContext,
  slug: string | undefined,
  work: (tx: Tx, standing: ActingStanding, now: Date) => Promise<T>,
): Promise<T> {
  if (slug === undefined) throw invalid('Name an agreement: see `governance agreement list`.')
  const { id } = await context.tenant()
  const now = context.now()
  return inTenant(context.db, id, async (tx) => work(tx, await getOperatorStanding(tx, slug, now), now))
}

function getText(values: Values, name: string): string {
  const value = values[name]
  if (typeof value !== 'string' || value.trim() === '') throw invalid(`--${name} is needed.`)
  return value.trim()
}

function findDay(values: Values, name: string): Day | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !isDay(value)) throw invalid(`--${name} is a day: 2026-09-01.`)
  return value
}

const invalid = (detail: string) => new Problem(400, 'invalid_request', detail)
