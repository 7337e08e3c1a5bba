import { getEstablishmentId } from '#modules/directory'
import { findDay, findText, getText, inTenantOf, invalid, parseId, readValues, text } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import type { Day } from '#kernel/time'
import { findToday } from '../rights/rights.queries.ts'
import { createStay, listStays, type Stay, updateStay } from './temporary-stays.ts'
import { newStaySchema, readEmail } from './temporary-stays.routes.ts'

/** People here for a time, whom no feed holds. */
export const stayCommands: Command[] = [
  {
    name: 'stay list',
    usage: '<UAI>',
    summary: 'Lists the temporary stays of an establishment; those that end first come first.',
    run: (context, [uai]) =>
      inTenantOf(context, async (tx) => {
        const stays = await listStays(tx, await getEstablishmentId(tx, uai), context.now())
        for (const { person, state, ...stay } of stays) {
          const name = person ? `${person.familyName} ${person.givenName}` : stay.personId
          context.print(`${describeStay(stay)}\t${state}\t${name}`)
        }
        return stays
      }),
  },
  {
    name: 'stay add',
    usage:
      '<UAI> --given-name G --family-name F --profile teacher|schoolLife|documentation|staff ' +
      '--reason replacement|trainee|intervention [--from YYYY-MM-DD] --until YYYY-MM-DD [--email E]',
    summary:
      'Makes someone known in an establishment for a time, today on unless --from says otherwise; a code (code issue) opens their account.',
    options: {
      'given-name': text,
      'family-name': text,
      profile: text,
      reason: text,
      from: text,
      until: text,
      email: text,
    },
    run: (context, [uai], values) =>
      inTenantOf(context, async (tx) => {
        const now = context.now()
        const given = readValues(newStaySchema, {
          givenName: getText(values, 'given-name'),
          familyName: getText(values, 'family-name'),
          profile: getText(values, 'profile'),
          reason: getText(values, 'reason'),
          startsOn: findDay(values, 'from') ?? (await findToday(tx, now)),
          endsOn: getDay(values),
          email: readEmail(findText(values, 'email')),
        })
        const establishmentId = await getEstablishmentId(tx, uai)
        const stay = await createStay(tx, { ...given, establishmentId }, null, now)
        context.print(describeStay(stay))
        context.print(
          `The code that opens their account: npm run preau -- identity code issue --person ${stay.personId}`,
        )
        return stay
      }),
  },
  {
    name: 'stay change',
    usage: '<stay id> --until YYYY-MM-DD',
    summary: 'Gives a stay another last day: extends it, opens it again, or ends it at once by a day that is past.',
    options: { until: text },
    run: (context, [id], values) =>
      inTenantOf(context, async (tx) => {
        const change = { id: parseId(id, 'the stay'), endsOn: getDay(values), by: null }
        const stay = await updateStay(tx, change, context.now())
        context.print(describeStay(stay))
        return stay
      }),
  },
]

function getDay(values: Parameters<Command['run']>[2]): Day {
  const day = findDay(values, 'until')
  if (day === undefined) throw invalid('--until is needed: the last day, YYYY-MM-DD.')
  return day
}

const describeStay = ({ id, personId, profile, reason, startsOn, endsOn }: Stay) =>
  [id, personId, profile, reason, startsOn, endsOn].join('\t')
