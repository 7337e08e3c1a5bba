import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findAgreementInForce } from '../agreements/agreements.queries.ts'
import { type Period, schoolYearOf } from '../agreements/calendar.ts'
import { readCalendar } from '../agreements/compliance.ts'
import { listFollowUps } from '../bodies/follow-up.queries.ts'
import { listSeatedParties } from '../bodies/presence.ts'
import { balanceExercise } from '../money/statements.ts'
import { exerciseOf, getTerms } from '../money/exercises.ts'
import { type Standing, takesPart } from '../standing.ts'
import { countDecisions, listHeldMeetings, listReviewedChanges } from './yearly-review.queries.ts'

/**
 * What a school year was, for the yearly review: meetings and who came, what the agreement asked for, decisions and what
 * became of them, changes and their results, the balance. Of the rules that held at its end, or hold today while it lasts.
 * @param on a day of the year; today when undefined.
 * @throws Problem 403 `not_allowed` for the contractor; 422 `no_agreement_then` for a year before the agreement.
 */
export async function readYearlyReview(tx: Tx, standing: Standing, on: string | undefined) {
  if (!takesPart(standing)) {
    throw new Problem(403, 'not_allowed', 'The review is for the members and the authorities.')
  }
  const { agreement, today } = standing
  const schoolYear = schoolYearOf(agreement.rules, on ?? today)
  const until = schoolYear.until < today ? schoolYear.until : today
  const then = await findAgreementInForce(tx, agreement.slug, until)
  if (!then) throw new Problem(422, 'no_agreement_then', `No version of the agreement held on ${until}.`)
  const entries = await readCalendar(tx, agreement, schoolYear, today)
  const count = (state: string) => entries.filter((entry) => entry.state === state).length
  const held = await listHeldMeetings(tx, agreement.id, schoolYear)
  const decisions = await countDecisions(tx, agreement.id, schoolYear)
  const sum = (rows: typeof decisions, key: 'count' | 'published') =>
    rows.reduce((so, each) => so + Number(each[key]), 0)
  const followUps = await listFollowUps(tx, agreement.id, {
    decidedBefore: new Date(`${schoolYear.until}T23:59:59Z`),
    openSince: new Date(`${schoolYear.from}T00:00:00Z`),
  })
  const changes = await listReviewedChanges(tx, agreement.id, schoolYear)
  return {
    today,
    schoolYear,
    version: then.version,
    asked: {
      done: count('done'),
      planned: count('planned'),
      due: count('due') + count('upcoming'),
      late: count('late'),
      missing: count('missing'),
    },
    bodies: then.rules.bodies.map((body) => ({
      key: body.key,
      shortName: body.shortName,
      name: body.name,
      article: body.article,
      askedMeetings: entries
        .filter((entry) => entry.kind === 'frequency' && entry.body === body.key && entry.strict)
        .reduce((so, { count: asked }) => so + (asked?.asked ?? 0), 0),
      meetings: held
        .filter((meeting) => meeting.body === body.key)
        .map(({ id, title, day, parties }) => {
          const seated = listSeatedParties(then.rules, body, day)
          return { id, title, day, came: seated.filter((party) => parties.includes(party)).length, of: seated.length }
        }),
    })),
    decisions: {
      adopted: sum(
        decisions.filter(({ kind, outcome }) => kind !== 'opinion' && outcome === 'adopted'),
        'count',
      ),
      notAdopted: sum(
        decisions.filter(({ kind, outcome }) => kind !== 'opinion' && outcome !== 'adopted'),
        'count',
      ),
      opinions: sum(
        decisions.filter(({ kind }) => kind === 'opinion'),
        'count',
      ),
      published: sum(decisions, 'published'),
    },
    followUps,
    changes: changes.map(({ reductionCents, met, ...change }) => ({
      ...change,
      met,
      reductionCents: reductionCents === null ? null : String(reductionCents),
    })),
    money: await readMoney(tx, agreement.id, schoolYear, until),
    reviews: entries.filter(({ kind }) => kind === 'review'),
  }
}

/** The sums of the exercise that ends in the school year, or runs in it. */
async function readMoney(tx: Tx, agreementId: string, { from }: Period, until: string) {
  const terms = await getTerms(tx, agreementId, until)
  const exercise = exerciseOf(terms.rules, from)
  const { bankCents, advanceCents, members } = await balanceExercise(tx, terms, exercise.startsOn, null)
  const total = (pick: (member: (typeof members)[number]) => bigint | null) =>
    String(members.reduce((so, member) => so + (pick(member) ?? 0n), 0n))
  return {
    ...exercise,
    committedCents: total(({ committedCents }) => committedCents),
    costCents: total(({ costCents }) => costCents),
    regularisationCents: total(({ regularisationCents }) => regularisationCents),
    openCents: total(({ openCents }) => openCents),
    bankCents: String(bankCents),
    advanceCents: String(advanceCents),
  }
}
