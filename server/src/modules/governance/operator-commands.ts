import { z } from 'zod'
import { readTextFile } from '#kernel/command-file'
import { findDay, getText, invalid, parseId, readValues, text } from '#kernel/command-values'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { isDay } from '#kernel/time'
import { appointRepresentative, endRepresentative } from './bodies/representatives.ts'
import { listNamedRepresentatives } from './bodies/representatives.queries.ts'
import { recordReview } from './agreements/reviews.ts'
import { createHeadCount, deleteHeadCount, readHeadCount } from './money/head-counts.ts'
import { listHeadCounts } from './money/head-counts.queries.ts'
import { toDecision } from './publication/decision-schema.ts'
import { listDecisions } from './publication/publications.queries.ts'
import { newPublication } from './publication/publications.routes.ts'
import { getPlaceOf, publishDecision, updatePublisher } from './publication/publications.ts'
import { listServices } from './services/services.queries.ts'
import { newService } from './services/services.routes.ts'
import { registerService } from './services/services.ts'
import { type ActingStanding, getOperatorStanding } from './standing.ts'

/** Decisions told at once. */
const mostDecisions = 500

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
      const personId = parseId(getText(values, 'person'), 'a person')
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
        endRepresentative(tx, standing, parseId(id, 'an office'), findDay(values, 'on') ?? standing.today),
      )
      context.print(`${id} sits until ${ended.endsOn}.`)
      return ended
    },
  },
  {
    name: 'head-count list',
    usage: 'AGREEMENT',
    summary: 'Lists the head-counts of pupils, the newest first.',
    async run(context, [slug]) {
      const headCounts = await inAgreement(context, slug, (tx, { agreement }) => listHeadCounts(tx, agreement.id))
      for (const { id, countedOn, establishments, pupils, source } of headCounts)
        context.print(`${id}  ${countedOn}  ${establishments} establishments, ${pupils} pupils  ${source}`)
      return headCounts
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
      const content = await readTextFile(file)
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
    name: 'head-count delete',
    usage: 'AGREEMENT HEAD-COUNT',
    summary: 'Takes back a head-count that no order, ballot or regularisation rests on.',
    async run(context, [slug, given]) {
      const id = parseId(given, 'a head-count')
      await inAgreement(context, slug, (tx, { agreement, personId }) =>
        deleteHeadCount(tx, { agreementId: agreement.id, id, by: personId }),
      )
      context.print('Deleted.')
      return { id }
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
  {
    name: 'decision list',
    usage: 'AGREEMENT',
    summary: `Lists the decisions and opinions, the newest first, and which are public; ${mostDecisions} at most.`,
    async run(context, [slug]) {
      const decisions = await inAgreement(context, slug, async (tx, { agreement }) => {
        const found = await listDecisions(tx, agreement.id, { bodies: null, limit: mostDecisions })
        return found.map(({ publishedAt, ...row }) => ({
          ...toDecision({ publishedAt, ...row }, agreement.rules),
          publishedAt,
        }))
      })
      for (const { number, decidedOn, body, outcome, publishedAt, title } of decisions)
        context.print(
          `${number}  ${decidedOn}  ${body}  ${outcome}  ${publishedAt ? 'public' : 'not public'}  ${title}`,
        )
      return decisions
    },
  },
  {
    name: 'decision publish',
    usage: 'AGREEMENT NUMBER --matter CODE --matter-name TEXT',
    summary:
      'Makes a decision public, for good, under a code of the nomenclature of acts (8.1), and signs the journal.',
    options: { matter: text, 'matter-name': text },
    async run(context, [slug, number = ''], values) {
      const matter = { matterCode: getText(values, 'matter'), matterName: getText(values, 'matter-name') }
      const input = { number, ...readValues(newPublication, matter) }
      const seq = await inAgreement(context, slug, async (tx, standing, now) => {
        const { id } = await publishDecision(tx, context, standing, input, now)
        return getPlaceOf(tx, standing.agreement.id, id)
      })
      context.print(`${number} is public; the journal tells of it at ${seq}.`)
      return { ...input, seq }
    },
  },
  {
    name: 'review record',
    usage: 'AGREEMENT REVIEW PERIOD-FROM [--done-on DAY] [--note TEXT]',
    summary: 'Records that a review of the agreement was done, today or on the day given; its period by its first day.',
    options: { 'done-on': text, note: text },
    async run(context, [slug, review = '', periodFrom = ''], values) {
      if (!isDay(periodFrom)) throw invalid('The period of a review is told by its first day: 2026-09-01.')
      const note = readValues(z.string().trim().max(1000), values['note'] ?? '')
      const doneOn = await inAgreement(context, slug, async (tx, standing, now) => {
        const day = findDay(values, 'done-on') ?? standing.today
        await recordReview(tx, standing, { review, periodFrom, doneOn: day, note }, now)
        return day
      })
      context.print(`${review} of the period from ${periodFrom} was done on ${doneOn}.`)
      return { review, periodFrom, doneOn }
    },
  },
  {
    name: 'service list',
    usage: 'AGREEMENT',
    summary: 'Lists the digital services registered, and the phase of each.',
    async run(context, [slug]) {
      const services = await inAgreement(context, slug, (tx, { agreement }) => listServices(tx, agreement.id))
      for (const { number, name, owner, phase, beganOn, stopped } of services)
        context.print(`${number}  ${name}  ${owner}  ${stopped ? 'stopped' : phase}, since ${beganOn}`)
      return services
    },
  },
  {
    name: 'service register',
    usage: 'AGREEMENT --name TEXT --purpose TEXT --audience TEXT --owner PARTY --phase KEY [--began-on DAY]',
    summary: 'Registers a digital service, in the phase in which it is today.',
    options: { name: text, purpose: text, audience: text, owner: text, phase: text, 'began-on': text },
    async run(context, [slug], values) {
      const { name, purpose, audience, owner, phase } = values
      const { number } = await inAgreement(context, slug, (tx, standing, now) => {
        const beganOn = findDay(values, 'began-on') ?? standing.today
        return registerService(
          tx,
          standing,
          readValues(newService, { name, purpose, audience, owner, phase, beganOn }),
          now,
        )
      })
      context.print(`Registered as number ${number}.`)
      return { number }
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
