import type { Standing } from '../standing.ts'
import { listAdvisers } from './qualification.ts'

export const changeStates = [
  'requested',
  'qualified',
  'submitted',
  'advised',
  'scheduled',
  'adopted',
  'rejected',
  'ordered',
  'delivered',
  'accepted',
  'reduced',
  'rolledBack',
  'withdrawn',
] as const
export type ChangeState = (typeof changeStates)[number]

/** Who may take a step: the pilot's manager, who writes the sheet, an adviser, who asked, the party that alone pays. */
export type StepTaker = 'manager' | 'contractor' | 'adviser' | 'requester' | 'payer'

/**
 * The course of a change: from which states a step is taken, by whom, and to which states it may lead. A vote is no
 * step: it comes from the meeting.
 */
export const changeSteps = {
  qualify: { from: ['requested', 'qualified'], by: ['manager'], to: ['qualified'] },
  writeSheet: { from: ['qualified'], by: ['contractor'], to: ['qualified'] },
  submitSheet: { from: ['qualified'], by: ['contractor'], to: ['submitted', 'advised'] },
  reviseSheet: { from: ['submitted', 'advised'], by: ['contractor'], to: ['qualified'] },
  giveOpinion: { from: ['submitted'], by: ['adviser'], to: ['submitted', 'advised'] },
  noteSilence: { from: ['submitted'], by: ['manager'], to: ['submitted', 'advised'] },
  commit: { from: ['qualified', 'submitted', 'advised', 'scheduled', 'adopted'], by: ['payer'], to: [] },
  schedule: { from: ['advised', 'scheduled'], by: ['manager'], to: ['scheduled'] },
  decide: { from: ['advised'], by: ['manager'], to: ['adopted', 'rejected'] },
  order: { from: ['adopted'], by: ['manager'], to: ['ordered'] },
  deliver: { from: ['ordered'], by: ['contractor'], to: ['delivered'] },
  accept: { from: ['delivered'], by: ['manager'], to: ['accepted', 'reduced'] },
  rollBack: { from: ['reduced'], by: ['contractor', 'manager'], to: ['rolledBack'] },
  withdraw: {
    from: ['requested', 'qualified', 'submitted', 'advised'],
    by: ['requester', 'manager'],
    to: ['withdrawn'],
  },
} as const satisfies Record<
  string,
  { from: readonly ChangeState[]; by: readonly StepTaker[]; to: readonly ChangeState[] }
>
export type ChangeStep = keyof typeof changeSteps
export const changeStepNames = Object.keys(changeSteps) as ChangeStep[]

interface Course {
  state: ChangeState
  requestedBy: string
  requesterId: string
  separableTo: string | null
  committedAt: Date | null
  structuring: boolean | null
}

/** Whether a change is where a step can be taken. */
export function isStepOpen(step: ChangeStep, change: Course, standing: Standing): boolean {
  const from: readonly ChangeState[] = changeSteps[step].from
  if (!from.includes(change.state)) return false
  const { changes } = standing.agreement.rules
  const pilotDecides = change.structuring === false && changes?.otherBallot === null
  if (step === 'decide') return pilotDecides
  if (step === 'schedule') return !pilotDecides
  if (step === 'commit') return change.separableTo !== null && change.committedAt === null
  if (step === 'rollBack') return changes?.missed.rollBackAtNoCost === true
  return true
}

/** Whether the reader is one of those who may take a step. */
export function mayTake(step: ChangeStep, change: Course, standing: Standing): boolean {
  const takers: readonly StepTaker[] = changeSteps[step].by
  return takers.some((taker) => isTaker(taker, change, standing))
}

function isTaker(taker: StepTaker, change: Course, standing: Standing): boolean {
  const { rules } = standing.agreement
  const sits = (key: string) => standing.seats.some(({ party }) => party === key)
  if (taker === 'manager') return standing.manages
  if (taker === 'contractor') return rules.changes !== null && sits(rules.changes.sheetBy)
  if (taker === 'adviser') return listAdvisers(rules).some(sits)
  if (taker === 'requester') {
    return change.requesterId === standing.personId || sits(change.requestedBy)
  }
  // Only a holder commits a party.
  return standing.seats.some(({ party, rank }) => party === change.separableTo && rank === 'holder')
}
