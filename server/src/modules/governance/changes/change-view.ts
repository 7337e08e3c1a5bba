import type { Tx } from '#kernel/postgres'
import { findToday } from '#modules/identity'
import { listItemsAbout } from '../bodies/agenda.queries.ts'
import type { Standing } from '../standing.ts'
import { planPath } from './change-path.ts'
import { type ChangeStep, changeStepNames, changeSteps, isStepOpen, mayTake, type StepTaker } from './change-steps.ts'
import {
  type Change,
  findAcceptance,
  getChange,
  listChanges,
  listMeetingTimes,
  listOpinions,
  listSheets,
  listSteps,
} from './changes.queries.ts'
import { findBallotRule, findSharingKey, listAdvisers, qualifyChange } from './qualification.ts'

/** The steps that can be taken now: by the reader, and by somebody. */
function listNext(standing: Standing, change: Change): { step: ChangeStep; by: StepTaker[]; yours: boolean }[] {
  // Where opinions have no term, silence is never noted.
  const silence = standing.agreement.rules.changes?.opinionWithinDays !== null
  return changeStepNames
    .filter((step) => isStepOpen(step, change, standing) && (silence || step !== 'noteSilence'))
    .map((step) => ({ step, by: [...changeSteps[step].by], yours: mayTake(step, change, standing) }))
}

function describeHead(standing: Standing, change: Change) {
  const { id, number, title, need, requestedBy, requestedAt, state, structuring } = change
  const next = standing.agreement.rules.changes ? listNext(standing, change) : []
  return { id, number, title, need, requestedBy, requestedAt: requestedAt.toISOString(), state, structuring, next }
}

/** The changes of an agreement, the newest first, each with what can be done next. */
export async function describeChanges(tx: Tx, standing: Standing) {
  const changes = await listChanges(tx, standing.agreement.id)
  return changes.map((change) => describeHead(standing, change))
}

/** A change whole: what it is, its steps, its sheet, its opinions, its way to the vote, and what can be done next. */
export async function describeChange(tx: Tx, standing: Standing, id: string) {
  const { agreement, today } = standing
  const { rules } = agreement
  const change = await getChange(tx, agreement.id, id)
  const sheets = await listSheets(tx, id)
  const [last] = sheets
  const opinions = await listOpinions(tx, id)
  // A draft is nobody's business but of who prepares it.
  const isSeen = ({ state }: { state: string }) => standing.manages || state !== 'draft'
  const items = (await listItemsAbout(tx, { kind: 'change', id })).filter(isSeen)
  const acceptance = await findAcceptance(tx, id)
  const times = await listMeetingTimes(tx, agreement.id)
  const meetings = await Promise.all(
    times.map(async ({ id: meeting, body, state, startsAt }) => ({
      id: meeting,
      body,
      day: await findToday(tx, startsAt),
      held: state === 'closed',
    })),
  )
  const course = {
    state: change.state,
    structuring: change.structuring,
    requestedOn: await findToday(tx, change.requestedAt),
    submittedOn: last?.submittedAt ? await findToday(tx, last.submittedAt) : null,
  }
  const ballot = findBallotRule(rules, change.structuring ?? true)
  const sharing =
    change.structuring === null ? undefined : findSharingKey(rules, { ...change, structuring: change.structuring })
  return {
    ...describeHead(standing, change),
    qualification: describeQualification(standing, change),
    sheets: sheets.map(({ content, recordedAt, submittedAt, number }) => ({
      number,
      content,
      recordedAt: recordedAt.toISOString(),
      submittedAt: submittedAt?.toISOString() ?? null,
    })),
    advisers: listAdvisers(rules),
    opinions: opinions.map(({ party, opinion, text, sheet, at }) => ({
      party,
      opinion,
      text,
      sheet,
      at: at.toISOString(),
    })),
    steps: (await listSteps(tx, id)).map((step) => ({ ...step, at: step.at.toISOString() })),
    path: planPath(rules, course, meetings, today),
    ballot: ballot ? { key: ballot.key, name: ballot.name, body: ballot.body, article: ballot.article } : null,
    sharing: sharing ? { key: sharing.key, name: sharing.name, among: sharing.among, article: sharing.article } : null,
    meetings: times
      .filter((meeting) => meeting.body === ballot?.body && meeting.state !== 'closed' && isSeen(meeting))
      .map(({ id: meeting, title, startsAt }) => ({ id: meeting, title, startsAt: startsAt.toISOString() })),
    inFavour: change.inFavour,
    committedAt: change.committedAt?.toISOString() ?? null,
    orderId: change.orderId,
    agenda: items.map((item) => ({ ...item, startsAt: item.startsAt.toISOString() })),
    acceptance: acceptance
      ? { ...acceptance, reductionCents: String(acceptance.reductionCents), at: acceptance.at.toISOString() }
      : null,
  }
}

function describeQualification(standing: Standing, change: Change) {
  const { paid, wholeEstablishment, technicalFrame, separableTo, structuring } = change
  const { changes } = standing.agreement.rules
  if (paid === null || wholeEstablishment === null || technicalFrame === null || structuring === null) return null
  const answers = { paid, wholeEstablishment, technicalFrame, separableTo }
  const because = changes ? qualifyChange(changes, answers).because : []
  return { ...answers, structuring, because, article: changes?.article ?? '' }
}
