import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { isDay } from '#kernel/time'
import { changeLeaverPolicy, holdPerson, liftHold, previewLeavers, runLeavers } from './people-lifecycle.ts'
import { listSchoolYears } from '../school-years.ts'
import { decideSuccessions, listSuccessions } from './years-successions.ts'
import { planSwitch, prepareYear, switchDueYears, switchYear } from './years.ts'
import { getEstablishmentId } from '../organisations.ts'

const startYearSchema = z.coerce.number().int().min(2000).max(2100)

/** School years and leavers on the command line. */
export const yearCommands: Command[] = [
  {
    name: 'school-year prepare',
    usage: '<start-year> [--switch-on DAY]',
    summary: 'Prepares a school year beside the current one.',
    options: { 'switch-on': { type: 'string' } },
    async run(context, [given], values) {
      const startYear = readYear(given)
      const switchOn = values['switch-on'] === undefined ? undefined : readDay(values['switch-on'])
      const { id: tenantId } = await context.tenant()
      const year = await inTenant(context.db, tenantId, (tx) =>
        prepareYear(tx, { startYear, switchOn, actorPersonId: null }),
      )
      context.print(`${startYear}-${startYear + 1} is prepared; it begins on ${year.switchOn}.`)
      return year
    },
  },
  {
    name: 'school-year plan',
    usage: '<start-year> <day>',
    summary: 'Chooses the day on which a prepared year becomes current by itself.',
    async run(context, [given, day]) {
      const { id, tenantId } = await findYear(context, readYear(given))
      const switchOn = readDay(day)
      const year = await inTenant(context.db, tenantId, (tx) => planSwitch(tx, { id, switchOn, actorPersonId: null }))
      context.print(`It begins on ${year.switchOn}.`)
      return year
    },
  },
  {
    name: 'school-year switch',
    usage: '[<start-year>] [--establishment UAI]',
    summary: 'Makes a year current now; without a year, those whose day has come, as every night.',
    options: { establishment: { type: 'string' } },
    async run(context, [given], values) {
      if (given === undefined) {
        await switchDueYears(context, (await context.tenant()).id)
        return { switched: null }
      }
      const { id, tenantId } = await findYear(context, readYear(given))
      const uai = values['establishment']
      const switched = await inTenant(context.db, tenantId, async (tx) => {
        const establishmentId = typeof uai === 'string' ? await getEstablishmentId(tx, uai) : undefined
        return switchYear(context, tx, { tenantId, id, establishmentId, actorPersonId: null })
      })
      context.print(`${switched.length} establishment(s) show it now.`)
      return { switched: switched.length }
    },
  },
  {
    name: 'succession list',
    usage: '<UAI> <start-year>',
    summary: 'Lists which class of a year takes up each one of the year before, or one that vanished within its year.',
    async run(context, words) {
      const found = await inSchoolOfYear(context, words, (tx, { establishmentId, startYear }) =>
        listSuccessions(tx, establishmentId, startYear),
      )
      if (found.predecessors.length + found.renamed.length === 0) context.print('No class was there before.')
      const nameOf = (id: string) => found.groups.find((group) => group.id === id)?.name ?? ''
      for (const { id, name, pupils, successors } of found.predecessors) {
        if (successors.length === 0) context.print(`${id}  ${name} (${pupils})  nothing takes it up`)
        for (const { successorId, share, state, sure } of successors) {
          const how = state === 'proposed' && sure ? 'proposed, confirmed at the switch' : state
          context.print(`${id}:${successorId}  ${name} (${pupils}) > ${nameOf(successorId)}  ${share / 100} %  ${how}`)
        }
      }
      for (const { id, name, pupils, successors } of found.renamed) {
        for (const { successorId, name: later, share, state } of successors) {
          context.print(`${id}:${successorId}  ${name} (${pupils}) > ${later}  ${share / 100} %  renamed, ${state}`)
        }
      }
      return found
    },
  },
  {
    name: 'succession settle',
    usage: '<UAI> <start-year> [--confirm FORMER:LATER]… [--refuse FORMER:LATER]…',
    summary: 'Confirms or refuses that a class takes up another one, or is another one renamed; all of them or none.',
    options: { confirm: { type: 'string', multiple: true }, refuse: { type: 'string', multiple: true } },
    async run(context, words, values) {
      const decisions = [
        ...readPairs(values['confirm']).map((pair) => ({ ...pair, state: 'confirmed' as const })),
        ...readPairs(values['refuse']).map((pair) => ({ ...pair, state: 'refused' as const })),
      ]
      if (decisions.length === 0) throw pairNeeded()
      const found = await inSchoolOfYear(context, words, async (tx, asked) => {
        await decideSuccessions(context, tx, { ...asked, decisions, actorPersonId: null })
        return listSuccessions(tx, asked.establishmentId, asked.startYear)
      })
      context.print(`${decisions.length} settled.`)
      return found
    },
  },
  {
    name: 'leavers run',
    usage: '[--dry-run] [--insist]',
    summary: 'Archives and deletes whoever left long enough ago; --insist however many they are.',
    options: { 'dry-run': { type: 'boolean' }, insist: { type: 'boolean' } },
    async run(context, _, values) {
      const { id: tenantId } = await context.tenant()
      if (values['dry-run'] === true) {
        const counts = await inTenant(context.db, tenantId, (tx) => previewLeavers(tx, context.now()))
        context.print(`To archive: ${counts.archived}. To delete: ${counts.deleted}. Held: ${counts.held}.`)
        return { state: 'dryRun', counts }
      }
      const asked = { tenantId, actorPersonId: null, insist: values['insist'] === true }
      const run = await runLeavers(context, asked, context.signal)
      const { archived, deleted, held } = run.counts
      context.print(`Archived: ${archived}. Deleted: ${deleted}. Held: ${held}.`)
      if (run.state === 'stopped') {
        context.print('Nothing was deleted: they are more than a tenth of all people. Look, then run it with --insist.')
      }
      return run
    },
  },
  {
    name: 'leavers policy',
    usage: '--archive-after DAYS --delete-after DAYS',
    summary: 'Chooses how many days after leaving people are archived and deleted.',
    options: { 'archive-after': { type: 'string' }, 'delete-after': { type: 'string' } },
    async run(context, _, values) {
      const days = z.coerce.number().int().min(1).max(3650)
      const policy = readValues(z.object({ archiveAfterDays: days, deleteAfterDays: days }), {
        archiveAfterDays: values['archive-after'],
        deleteAfterDays: values['delete-after'],
      })
      const by = { personId: null, now: context.now() }
      return inTenant(context.db, (await context.tenant()).id, (tx) => changeLeaverPolicy(tx, policy, by))
    },
  },
  {
    name: 'leavers hold',
    usage: '<person> <reason> | <person> --lift',
    summary: 'Keeps someone’s data, whatever the policy says, until it is lifted.',
    options: { lift: { type: 'boolean' } },
    async run(context, [personId, reason], values) {
      if (!z.uuid().safeParse(personId).success || personId === undefined)
        throw new Problem(400, 'invalid_request', 'Name the person by their identifier.')
      await inTenant(context.db, (await context.tenant()).id, (tx) => {
        if (values['lift'] === true) return liftHold(tx, { personId, actorPersonId: null })
        if (!reason) throw new Problem(400, 'invalid_request', 'Give the reference of the procedure.')
        return holdPerson(tx, { personId, reason, actorPersonId: null, now: context.now() })
      })
      return { personId, held: values['lift'] !== true }
    },
  },
]

function readYear(given: string | undefined): number {
  const parsed = startYearSchema.safeParse(given)
  if (!parsed.success) throw new Problem(400, 'invalid_request', 'Name the year by the one in which it starts: 2027.')
  return parsed.data
}

function readDay(given: unknown): string {
  if (typeof given !== 'string' || !isDay(given))
    throw new Problem(400, 'invalid_request', 'A day is written 2027-09-01.')
  return given
}

async function findYear(context: CommandContext, startYear: number): Promise<{ id: string; tenantId: string }> {
  const { id: tenantId } = await context.tenant()
  const years = await inTenant(context.db, tenantId, listSchoolYears)
  const year = years.find((each) => each.startYear === startYear)
  if (!year) throw new Problem(404, 'school_year_unknown', `The directory knows no school year ${startYear}.`)
  return { id: year.id, tenantId }
}

/** Works on the classes of an establishment in a year, both as the words name them. */
async function inSchoolOfYear<T>(
  context: CommandContext,
  [uai, given]: (string | undefined)[],
  work: (tx: Tx, asked: { tenantId: string; establishmentId: string; startYear: number }) => Promise<T>,
): Promise<T> {
  if (uai === undefined) throw new Problem(400, 'invalid_request', 'Name the establishment by its UAI.')
  const startYear = readYear(given)
  const { tenantId } = await findYear(context, startYear)
  return inTenant(context.db, tenantId, async (tx) =>
    work(tx, { tenantId, establishmentId: await getEstablishmentId(tx, uai), startYear }),
  )
}

const pairNeeded = () =>
  new Problem(400, 'invalid_request', 'Give pairs FORMER:LATER of classes, as `directory succession list` writes them.')

function readPairs(given: unknown): { predecessorId: string; successorId: string }[] {
  return z
    .array(z.string())
    .parse(given ?? [])
    .map((pair) => {
      const [predecessorId, successorId, ...more] = pair.split(':')
      const read = z
        .object({ predecessorId: z.uuid(), successorId: z.uuid() })
        .safeParse({ predecessorId, successorId })
      if (!read.success || more.length > 0) throw pairNeeded()
      return read.data
    })
}
