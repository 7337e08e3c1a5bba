import type { Tx } from '#kernel/postgres'
import { listAmendmentBallots, listVotableAmendments } from '../agreements/amendments.ts'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { findNextStep } from '../membership/joining-steps.ts'
import { listMembershipActs } from '../membership/membership.queries.ts'
import { listRegularisations } from '../money/proposals.queries.ts'
import { findOpenItemAbout } from './agenda.queries.ts'

/** A matter that awaits a vote, for whoever writes an agenda to choose. */
export interface AwaitingSubject {
  kind: 'amendment' | 'joining' | 'regularisation'
  id: string
  title: string
  /** Key of the rule by which it is decided. */
  ballotRule: string
}

/** The matters that a body may decide on now, and that are on no agenda. */
export async function listAwaitingSubjects(
  tx: Tx,
  agreement: AgreementInForce,
  body: string,
): Promise<AwaitingSubject[]> {
  const { rules } = agreement
  const { approvedBy, steps } = rules.membership.joining
  const approval = rules.ballots.find((rule) => rule.body === approvedBy && rule.subjects.includes('joining'))
  const adoption = listAmendmentBallots(rules).find((rule) => rule.body === body)
  const all: (Omit<AwaitingSubject, 'ballotRule'> & { ballotRule: string | undefined })[] = [
    ...(await listVotableAmendments(tx, agreement)).map(({ id, reason }) => ({
      kind: 'amendment' as const,
      id,
      title: reason,
      ballotRule: adoption?.key,
    })),
    ...(await listMembershipActs(tx, agreement.id))
      .filter(({ kind, state }) => kind === 'joining' && findNextStep(steps, state) === 'approval')
      .map(({ id, name, party }) => ({
        kind: 'joining' as const,
        id,
        title: name ?? party,
        ballotRule: approval?.key,
      })),
    ...(await listRegularisations(tx, agreement.id))
      .filter(({ state }) => state === 'proposed')
      .map(({ id, label }) => ({
        kind: 'regularisation' as const,
        id,
        title: label,
        ballotRule: rules.money.regularisation.votedBy,
      })),
  ]
  const awaiting: AwaitingSubject[] = []
  for (const { ballotRule, ...subject } of all) {
    const rule = rules.ballots.find(({ key }) => key === ballotRule)
    if (rule?.body !== body || (await findOpenItemAbout(tx, subject))) continue
    awaiting.push({ ...subject, ballotRule: rule.key })
  }
  return awaiting
}
