import type { Tx } from '#kernel/postgres'
import type { Party } from '../agreements/agreement-schema.ts'
import { hasLeft } from '../agreements/parties.ts'
import { listMeetingTimes } from '../changes/changes.queries.ts'
import { addDays } from '../days.ts'
import { listMembers } from '../money/weights.ts'
import type { Standing } from '../standing.ts'
import { listWeightedBodies } from './amendments.ts'
import { findNextStep } from './joining-steps.ts'
import { listDeliberations, listMembershipActs, listMembershipSteps } from './membership.queries.ts'

/** The members of a consortium, who asks to join it, who leaves it, and by which rules. */
export async function describeMembership(tx: Tx, standing: Standing) {
  const { agreement, today, seats } = standing
  const { rules } = agreement
  const { joining, leaving, termination } = rules.membership
  const acts = await listMembershipActs(tx, agreement.id)
  const ids = acts.map(({ id }) => id)
  const steps = await listMembershipSteps(tx, ids)
  const deliberations = await listDeliberations(tx, ids)
  const members = listMembers(rules, today)
  return {
    members: rules.parties.filter(({ key }) => members.includes(key)).map(describeMember),
    former: rules.parties
      .filter((party) => party.roles.includes('member') && hasLeft(party, today))
      .map((party) => ({ ...describeMember(party), kind: party.kind })),
    weightedBodies: listWeightedBodies(rules),
    joining: {
      article: joining.article,
      interpretation: joining.interpretation ?? null,
      approvedBy: joining.approvedBy,
      steps: joining.steps,
      meetings: (await listMeetingTimes(tx, agreement.id))
        .filter(({ body, state }) => body === joining.approvedBy && state !== 'closed')
        .filter(({ state }) => standing.manages || state !== 'draft')
        .map(({ id, title, startsAt }) => ({ id, title, startsAt: startsAt.toISOString() })),
    },
    leaving: describeNotice(leaving),
    termination: describeNotice(termination),
    leavesFor: [...new Set(seats.filter(({ rank }) => rank === 'holder').map(({ party }) => party))].filter((party) =>
      members.includes(party),
    ),
    acts: acts.map((act) => ({
      id: act.id,
      kind: act.kind,
      party: act.party,
      name: act.name ?? rules.parties.find(({ key }) => key === act.party)?.name ?? act.party,
      reason: act.reason,
      state: act.state,
      next: act.kind === 'joining' ? (findNextStep(joining.steps, act.state) ?? null) : null,
      notifiedOn: act.notifiedOn,
      noticeEndsOn: act.noticeEndsOn,
      lastDay: act.lastDay,
      joinsOn: findComing(rules.parties, act, today),
      article: act.article,
      decisionId: act.decisionId,
      steps: steps
        .filter(({ actId }) => actId === act.id)
        .map(({ step, note, at }) => ({ step, note, at: at.toISOString() })),
      deliberations: deliberations
        .filter(({ actId }) => actId === act.id)
        .map(({ party, adopted, on, reference }) => ({ party, adopted, on, reference })),
    })),
  }
}

/** The first day of a member whose amendment is signed, while that day is to come. */
function findComing(
  parties: readonly Party[],
  act: { kind: string; state: string; party: string },
  today: string,
): string | null {
  if (act.kind !== 'joining' || act.state !== 'amendmentSigned') return null
  const joinedOn = parties.find(({ key }) => key === act.party)?.joinedOn
  return joinedOn !== undefined && joinedOn > today ? joinedOn : null
}

function describeMember({ key, name, joinedOn, leavesOn, earlier = [] }: Party) {
  return {
    party: key,
    name,
    ...describePeriod({ joinedOn, leavesOn }),
    earlier: earlier.map(describePeriod),
  }
}

const describePeriod = ({ joinedOn, leavesOn }: Pick<Party, 'joinedOn' | 'leavesOn'>) => ({
  joinedOn: joinedOn ?? null,
  lastDay: leavesOn === undefined ? null : addDays(leavesOn, -1),
})

function describeNotice(rule: Standing['agreement']['rules']['membership']['leaving' | 'termination']) {
  const { article, noticeMonths, interpretation } = rule
  return { article, noticeMonths, interpretation: interpretation ?? null }
}
