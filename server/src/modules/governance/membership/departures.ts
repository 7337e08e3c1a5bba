import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { rewriteAgreement } from '../agreements/agreement-draft.ts'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { createAgreementVersion } from '../agreements/agreement-versions.ts'
import { readAgreement } from '../agreements/read-agreement.ts'
import { addDays } from '../days.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { recordInJournal } from '../journal/journal.ts'
import { listOwed } from '../money/owed.ts'
import { shareByLargestRemainder } from '../money/sharing.ts'
import { findHeadCount, listMembers, weighParties, type Weighing } from '../money/weights.ts'
import type { Standing } from '../standing.ts'
import { writeFraction } from '../votes/exact.ts'
import { withDeparture } from './amendments.ts'
import { planDeparture } from './membership-calendar.ts'
import { createMembershipAct, getLastVersion, listMembershipActs, moveMembershipAct } from './membership.queries.ts'
import { describePower } from './power.ts'

export interface Departure {
  kind: 'leaving' | 'termination'
  party: string
  notifiedOn: Day
}

/** Sum of which a simulation shows the parts: 100,000 €. */
const exampleCents = 10_000_000n

/**
 * What a departure would bring about: when it takes effect, what is still owed, who then pays which part, and who has
 * what weight in which vote, before and after. It writes nothing.
 * @throws Problem 422 `not_a_member`, `notified_later`.
 */
export async function simulateDeparture(tx: Tx, standing: Standing, departure: Departure) {
  const { agreement, today } = standing
  const { rules } = agreement
  const calendar = checkDeparture(standing, departure)
  const firstDayOut = addDays(calendar.lastDay, 1)
  const after = withDeparture(rules, departure.party, firstDayOut, rules.validFrom)
  const headCount = await findHeadCount(tx, agreement.id, today, null)
  const owed = await listOwed(tx, agreement.id, departure.party, calendar.lastDay)
  return {
    calendar,
    owed: owed.map(({ nature, cents }) => ({ nature, cents: String(cents) })),
    exampleCents: String(exampleCents),
    keys: {
      before: await describeKeys(tx, standing, rules, today, headCount !== undefined),
      after: await describeKeys(tx, standing, after, firstDayOut, headCount !== undefined),
    },
    power: {
      before: describePower(rules, today, headCount?.pupils),
      after: describePower(after, firstDayOut, headCount?.pupils),
    },
    roles: listRoles(rules, departure.party),
  }
}

/** The parts of each sharing key among several members, as if all were in favour. */
async function describeKeys(tx: Tx, standing: Standing, rules: Agreement, day: Day, counted: boolean) {
  const { id: agreementId, versionId } = standing.agreement
  const members = listMembers(rules, day)
  const keys = rules.money.sharing.filter(
    ({ among, by }) => (among === 'everyMember' || among === 'votersInFavour') && (by !== 'pupils' || counted),
  )
  return Promise.all(
    keys.map(async (key) => {
      const weighing = await weighParties(tx, { agreementId, versionId, rules }, key, {
        on: day,
        votersInFavour: members,
      })
      const parts = shareByLargestRemainder(exampleCents, weighing.weights) ?? []
      return {
        key: key.key,
        name: key.name,
        article: key.article,
        interpretation: key.interpretation ?? null,
        unit: weighing.unit === 'thousandthsOfVoice' ? ('voices' as const) : weighing.unit,
        parts: parts.map(({ party, weight, cents }) => ({
          party,
          weight: writeWeight(weight, weighing.unit),
          cents: String(cents),
        })),
      }
    }),
  )
}

const writeWeight = (weight: bigint, unit: Weighing['unit']) =>
  unit === 'thousandthsOfVoice' ? writeFraction(weight, 1_000n) : String(weight)

/** What the agreement entrusts to a party beside its membership, to be handed over. */
function listRoles(rules: Agreement, party: string): { role: string; body: string | null }[] {
  const own = rules.parties.find(({ key }) => key === party)?.roles.filter((role) => role !== 'member') ?? []
  const { changes, money } = rules
  return [
    ...own.map((role) => ({ role, body: null })),
    ...rules.bodies.flatMap(({ key, chairedBy, convenedBy }) => [
      ...(chairedBy === party ? [{ role: 'chair', body: key }] : []),
      ...(convenedBy === party ? [{ role: 'convener', body: key }] : []),
    ]),
    ...(changes?.qualifiedBy === party ? [{ role: 'qualifier', body: null }] : []),
    ...(money.heldBy === party ? [{ role: 'holder', body: null }] : []),
  ]
}

function checkDeparture({ agreement, today }: Standing, { kind, party, notifiedOn }: Departure) {
  const { membership, schoolYear } = agreement.rules
  if (!listMembers(agreement.rules, today).includes(party)) {
    throw new Problem(422, 'not_a_member', `${party} is not a member on ${today}.`, { party })
  }
  if (notifiedOn > today) throw new Problem(422, 'notified_later', 'A notice is recorded once it is given.')
  return planDeparture(membership[kind], schoolYear.beginsOn, notifiedOn)
}

/**
 * Records that a member leaves, or is made to: the agreement is amended, and says from which day it is none any more.
 * @throws Problem 403 `holder_only` unless the reader manages the consortium or, for who leaves by itself, is a holder of
 *   it; 409 `departure_recorded`; 422 `departure_backdated` when it would have been out already; as `simulateDeparture`.
 */
export async function recordDeparture(
  tx: Tx,
  standing: Standing,
  departure: Departure & { reason: string },
  now: Date,
): Promise<{ id: string; effectiveOn: Day; version: number }> {
  const { agreement, personId, today } = standing
  const { kind, party, notifiedOn, reason } = departure
  const own = standing.seats.some((seat) => seat.party === party && seat.rank === 'holder')
  if (!standing.manages && !(kind === 'leaving' && own)) {
    throw new Problem(403, 'holder_only', 'A party says by one of its holders that it leaves.')
  }
  await lockJournal(tx, agreement.id)
  const last = await getLastVersion(tx, agreement.id)
  const rules = readAgreement(last.source)
  const since = rules.parties.find(({ key }) => key === party)?.joinedOn ?? ''
  // Those of an earlier membership are past.
  const known = (await listMembershipActs(tx, agreement.id)).some(
    (act) => act.party === party && act.lastDay !== null && act.lastDay >= since,
  )
  if (known) throw new Problem(409, 'departure_recorded', 'The departure of this member is recorded.')
  const calendar = checkDeparture(standing, departure)
  // What it took part in until today stays: nobody is made to have left before.
  if (calendar.lastDay < today) {
    const detail = `By this notice it would be no member since ${calendar.lastDay}, which is past.`
    throw new Problem(422, 'departure_backdated', detail, { lastDay: calendar.lastDay })
  }
  const validFrom = today > last.validFrom ? today : last.validFrom
  // From the last version: one that begins later than today is amended too.
  const amended = withDeparture(rules, party, addDays(calendar.lastDay, 1), validFrom)
  const version = await createAgreementVersion(
    tx,
    {
      source: rewriteAgreement(last.source, amended),
      reason: reason === '' ? `${party}: ${kind}` : reason,
      recordedBy: personId,
      slug: agreement.slug,
      basedOn: last.number,
    },
    now,
  )
  const { noticeEndsOn, lastDay, effectiveOn, article } = calendar
  const id = await createMembershipAct(
    tx,
    agreement.id,
    {
      kind,
      party,
      name: null,
      partyKind: null,
      reason,
      state: 'recorded',
      notifiedOn,
      noticeEndsOn,
      lastDay,
      article,
      versionId: version.versionId,
    },
    personId,
    now,
  )
  await moveMembershipAct(
    tx,
    id,
    { name: kind, state: 'recorded', agreementVersionId: agreement.versionId, personId, note: reason },
    now,
  )
  const content = {
    act: kind,
    party,
    notifiedOn,
    noticeEndsOn,
    lastDay,
    effectiveOn,
    article,
    version: version.version,
  }
  await recordAudit(tx, {
    action: 'governance.departure_recorded',
    actorPersonId: personId,
    subjectKind: 'membership',
    subjectId: id,
    detail: content,
  })
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'membership', subjectId: id, content }, now)
  return { id, effectiveOn, version: version.version }
}
