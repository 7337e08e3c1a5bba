import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { DecisionMade } from '../bodies/decisions.ts'
import { rewriteAgreement } from '../agreements/agreement-draft.ts'
import type { Party } from '../agreements/agreement-schema.ts'
import { createAgreementVersion } from '../agreements/agreement-versions.ts'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { hasLeft } from '../agreements/parties.ts'
import { readAgreement } from '../agreements/read-agreement.ts'
import { addAgendaItem } from '../bodies/agenda.ts'
import { getMeeting } from '../bodies/meetings.queries.ts'
import { endOffices } from '../bodies/representatives.queries.ts'
import { addDays } from '../days.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { type JournalContent, recordInJournal } from '../journal/journal.ts'
import { listMembers } from '../money/weights.ts'
import { requireManager, type Standing } from '../standing.ts'
import { listWeightedBodies, withMember } from './amendments.ts'
import { findNextStep, type JoiningStep } from './joining-steps.ts'
import {
  createDeliberation,
  createMembershipAct,
  getLastVersion,
  listDeliberations,
  listMembershipActs,
  lockMembershipAct,
  type MembershipAct,
  moveMembershipAct,
} from './membership.queries.ts'

/**
 * Records that somebody asks to join; who left may ask again, under the key it had.
 * @throws Problem 403 `not_allowed`; 409 `party_known` when it is a party already, or asks already; 422 `notified_later`.
 */
export async function requestJoining(
  tx: Tx,
  standing: Standing,
  input: { party: string; name: string; kind: Party['kind']; requestedOn: Day; reason: string },
  now: Date,
): Promise<{ id: string }> {
  requireManager(standing)
  const { agreement, today, personId } = standing
  const { joining } = agreement.rules.membership
  if (input.requestedOn > today) throw new Problem(422, 'notified_later', 'A request is recorded once it is made.')
  await lockJournal(tx, agreement.id)
  const asks = (await listMembershipActs(tx, agreement.id)).some(
    ({ kind, party, state }) =>
      kind === 'joining' && party === input.party && state !== 'refused' && state !== 'amendmentSigned',
  )
  const known = [agreement.rules, readAgreement((await getLastVersion(tx, agreement.id)).source)]
    .flatMap(({ parties }) => parties)
    .filter(({ key }) => key === input.party)
  if (asks || known.some((party) => !hasLeft(party, today))) throw partyKnown()
  const id = await createMembershipAct(
    tx,
    agreement.id,
    {
      kind: 'joining',
      party: input.party,
      name: input.name,
      partyKind: input.kind,
      reason: input.reason,
      state: 'request',
      notifiedOn: input.requestedOn,
      noticeEndsOn: null,
      lastDay: null,
      article: joining.article,
      versionId: null,
    },
    personId,
    now,
  )
  await moveAct(
    tx,
    agreement,
    { id, party: input.party },
    { step: 'request', state: 'request', personId, note: '' },
    now,
  )
  return { id }
}

/** Says that a request was examined, and what was found. @throws Problem as `beginJoiningStep`. */
export async function examineJoining(
  tx: Tx,
  standing: Standing,
  id: string,
  note: string,
  now: Date,
): Promise<{ state: MembershipAct['state'] }> {
  requireManager(standing)
  const act = await beginJoiningStep(tx, standing, id, 'examination')
  const { agreement, personId } = standing
  return moveAct(tx, agreement, act, { step: 'examination', state: 'examination', personId, note }, now)
}

/**
 * Puts a request on the agenda of a meeting of the body that approves it.
 * @throws Problem as `beginJoiningStep` and `addAgendaItem`; 404 `meeting_not_found`; 422 `meeting_of_other_body`.
 */
export async function scheduleJoining(
  tx: Tx,
  standing: Standing,
  id: string,
  meetingId: string,
  now: Date,
): Promise<{ agendaItemId: string }> {
  requireManager(standing)
  const { rules, id: agreementId } = standing.agreement
  const { approvedBy, article } = rules.membership.joining
  const meeting = await getMeeting(tx, agreementId, meetingId, 'update')
  const act = await beginJoiningStep(tx, standing, id, 'approval')
  const rule = rules.ballots.find(({ body, subjects }) => body === approvedBy && subjects.includes('joining'))
  if (!rule || meeting.body !== approvedBy) {
    const detail = `By article ${article}, this is approved by: ${approvedBy}.`
    throw new Problem(422, 'meeting_of_other_body', detail, { article })
  }
  const agendaItemId = await addAgendaItem(
    tx,
    standing,
    meetingId,
    {
      title: act.name ?? act.party,
      text: act.reason,
      kind: 'decision',
      ballotRule: rule.key,
      subjectKind: 'joining',
      subjectId: id,
    },
    now,
  )
  return { agendaItemId }
}

/** What a vote does to a request to join: approved or refused. One that awaits no approval is left as it is. */
export async function onDecision(tx: Tx, decision: Omit<DecisionMade, 'votes'>, now: Date): Promise<void> {
  const { agreement, outcome, decisionId } = decision
  const act = await lockMembershipAct(tx, agreement.id, decision.subjectId)
  const next = findNextStep(agreement.rules.membership.joining.steps, act.state)
  if (act.kind !== 'joining' || next !== 'approval' || outcome === 'none') return
  const state = outcome === 'adopted' ? 'approval' : 'refused'
  await moveAct(tx, agreement, act, { step: 'approval', state, personId: null, note: '', decisionId }, now)
}

/**
 * Records what the deliberative body of a member decided; one refusal ends the request, the last agreement completes it.
 * @throws Problem as `beginJoiningStep`; 403 `party_not_yours`, `holder_only`; 422 `not_a_member`, `notified_later`; 409
 *   `deliberation_recorded`.
 */
export async function recordDeliberation(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { party: string; adopted: boolean; on: Day; reference: string },
  now: Date,
): Promise<{ state: MembershipAct['state'] }> {
  const { agreement, personId, today, manages, seats } = standing
  const { party, adopted, on, reference } = input
  if (!manages && !seats.some((seat) => seat.party === party)) {
    throw new Problem(403, 'party_not_yours', 'A deliberation is recorded for a party one sits for.')
  }
  if (!manages && !seats.some((seat) => seat.party === party && seat.rank === 'holder')) {
    throw new Problem(403, 'holder_only', 'A deliberation is recorded by a holder of the party.')
  }
  const act = await beginJoiningStep(tx, standing, id, 'deliberationOfEveryMember')
  const members = listMembers(agreement.rules, today)
  if (!members.includes(party)) throw new Problem(422, 'not_a_member', `${party} is not a member.`, { party })
  if (on > today) throw new Problem(422, 'notified_later', 'A deliberation is recorded once it is made.')
  const known = await listDeliberations(tx, [id])
  if (known.some((each) => each.party === party)) {
    throw new Problem(409, 'deliberation_recorded', 'The deliberation of this member is recorded.')
  }
  await createDeliberation(tx, { actId: id, party, adopted, on, reference, personId }, now)
  const all = new Set([...known.map((each) => each.party), party])
  const complete = members.every((member) => all.has(member))
  const state = !adopted ? 'refused' : complete ? 'deliberationOfEveryMember' : act.state
  const figures = { of: party, adopted, on }
  return moveAct(
    tx,
    agreement,
    act,
    { step: 'deliberationOfEveryMember', state, personId, note: reference, figures },
    now,
  )
}

/**
 * Signs the amendment: a new version of the agreement, with the member and the voices it is given.
 * @throws Problem as `beginJoiningStep` and `createAgreementVersion`; 422 `voices_missing` with the bodies;
 *   `joins_before_amendment`; 409 `party_known` when it was made a party meanwhile.
 */
export async function signAmendment(
  tx: Tx,
  standing: Standing,
  id: string,
  input: { joinedOn: Day; voices: Record<string, string> },
  now: Date,
): Promise<{ state: MembershipAct['state']; version: number }> {
  requireManager(standing)
  const { agreement, personId, today } = standing
  const act = await beginJoiningStep(tx, standing, id, 'amendmentSigned')
  const last = await getLastVersion(tx, agreement.id)
  const rules = readAgreement(last.source)
  const voices = new Map(Object.entries(input.voices))
  const bodies = listWeightedBodies(rules).filter((body) => !voices.has(body))
  if (bodies.length > 0) {
    throw new Problem(422, 'voices_missing', `Say how many voices it has in: ${bodies.join(', ')}.`, { bodies })
  }
  if (input.joinedOn < today) throw new Problem(422, 'joins_before_amendment', 'A member joins from today on.')
  const former = rules.parties.find(({ key }) => key === act.party)
  if (former && !hasLeft(former, input.joinedOn)) throw partyKnown()
  const validFrom = today > last.validFrom ? today : last.validFrom
  const member = {
    key: act.party,
    name: act.name ?? act.party,
    kind: act.partyKind ?? 'department',
    joinedOn: input.joinedOn,
    voices,
  }
  const version = await createAgreementVersion(
    tx,
    {
      source: rewriteAgreement(last.source, withMember(rules, member, validFrom)),
      reason: act.reason === '' ? `${act.name}` : act.reason,
      recordedBy: personId,
      slug: agreement.slug,
      basedOn: last.number,
      ...(act.decisionId !== null && { decisionId: act.decisionId }),
    },
    now,
  )
  // Who sat for it in its earlier membership does not sit again without being named.
  if (former) await endOffices(tx, agreement.id, act.party, addDays(input.joinedOn, -1))
  const figures = { version: version.version, joinedOn: input.joinedOn }
  const moved = await moveAct(
    tx,
    agreement,
    act,
    { step: 'amendmentSigned', state: 'amendmentSigned', personId, note: '', versionId: version.versionId, figures },
    now,
  )
  return { ...moved, version: version.version }
}

const partyKnown = () =>
  new Problem(409, 'party_known', 'This key is that of a party, or of somebody who asks to join.')

/**
 * Takes a request for its next step.
 * @throws Problem 404 `membership_act_not_found`; 409 `joining_out_of_turn`, with the step that comes next.
 */
async function beginJoiningStep(tx: Tx, standing: Standing, id: string, step: JoiningStep): Promise<MembershipAct> {
  const { id: agreementId, rules } = standing.agreement
  await lockJournal(tx, agreementId)
  const act = await lockMembershipAct(tx, agreementId, id)
  const next = act.kind === 'joining' ? findNextStep(rules.membership.joining.steps, act.state) : undefined
  if (next !== step) {
    const detail = next ? `The next step is: ${next}.` : `Nothing follows: ${act.state}.`
    throw new Problem(409, 'joining_out_of_turn', detail, { step, next: next ?? null })
  }
  return act
}

async function moveAct(
  tx: Tx,
  agreement: AgreementInForce,
  act: { id: string; party: string },
  step: {
    step: JoiningStep
    state: MembershipAct['state']
    personId: string | null
    note: string
    decisionId?: string
    versionId?: string
    figures?: JournalContent
  },
  now: Date,
): Promise<{ state: MembershipAct['state'] }> {
  await moveMembershipAct(tx, act.id, { ...step, name: step.step, agreementVersionId: agreement.versionId }, now)
  const content = { act: 'joining', step: step.step, state: step.state, party: act.party, ...step.figures }
  await recordAudit(tx, {
    action: 'governance.joining_step_taken',
    actorPersonId: step.personId,
    subjectKind: 'membership',
    subjectId: act.id,
    detail: content,
  })
  await recordInJournal(tx, { agreementId: agreement.id, kind: 'membership', subjectId: act.id, content }, now)
  return { state: step.state }
}
