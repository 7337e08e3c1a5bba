import type { Day } from '#kernel/time'
import type { Agreement, BallotRule } from '../agreements/agreement-schema.ts'
import { addDays } from '../days.ts'
import type { ChangeState } from './change-steps.ts'
import { findBallotRule, listAdvisers } from './qualification.ts'

/** One stage on the way of a change to its vote, and when it can be at the earliest. */
export interface PathStage {
  kind: 'qualification' | 'sheet' | 'opinion' | 'preparation' | 'vote' | 'assembly'
  /** Body that meets; null for what is done without a meeting. */
  body: string | null
  earliest: Day
  /** Last day for it, where the agreement sets one; null otherwise. */
  latest: Day | null
  /** The meeting planned for it, or held already; null when none is. */
  meetingId: string | null
  done: boolean
  article: string
  interpretation: string | null
}

export interface PlannedMeeting {
  id: string
  body: string
  day: Day
  held: boolean
}

/** States before which a stage is still to come. */
const pending: Record<'qualification' | 'sheet' | 'opinion', readonly ChangeState[]> = {
  qualification: ['requested'],
  sheet: ['requested', 'qualified'],
  opinion: ['requested', 'qualified', 'submitted'],
}

/**
 * The whole way of a change to its vote, then to the assembly that hears of it and may regularise who paid, with the
 * earliest date of each stage: what needs no meeting can be done today; a meeting needs its notice, and those that prepare
 * it as many weeks before it as the agreement says.
 * @param change.structuring null while it is not qualified: the way is then that of a structuring one.
 * @param meetings of the agreement, not cancelled, held since the request or still to come, by day.
 */
export function planPath(
  rules: Agreement,
  change: { state: ChangeState; structuring: boolean | null; requestedOn: Day; submittedOn: Day | null },
  meetings: readonly PlannedMeeting[],
  today: Day,
): PathStage[] {
  const { changes } = rules
  if (!changes) return []
  const cited = { article: changes.article, interpretation: changes.interpretation ?? null }
  const stages: PathStage[] = [
    { kind: 'qualification', ...alone(cited, today, !pending.qualification.includes(change.state)) },
    { kind: 'sheet', ...alone(cited, today, !pending.sheet.includes(change.state)) },
  ]
  if (listAdvisers(rules).length > 0) {
    const from = change.submittedOn ?? today
    const latest = changes.opinionWithinDays === null ? null : addDays(from, changes.opinionWithinDays)
    stages.push({ kind: 'opinion', ...alone(cited, today, !pending.opinion.includes(change.state)), latest })
  }
  const when = { requestedOn: change.requestedOn, meetings, today }
  const ballot = findBallotRule(rules, change.structuring ?? true)
  const voted = ballot ? planMeeting(rules, 'vote', ballot, { ...when, notBefore: today }) : []
  const notBefore = voted.at(-1)?.earliest ?? today
  const assembly = rules.ballots.find(({ key }) => key === rules.money.regularisation.votedBy)
  const followed =
    assembly && assembly.body !== ballot?.body ? planMeeting(rules, 'assembly', assembly, { ...when, notBefore }) : []
  return [...stages, ...voted, ...followed]
}

function alone(cited: { article: string; interpretation: string | null }, today: Day, done: boolean) {
  return { body: null, earliest: today, latest: null, meetingId: null, done, ...cited }
}

interface Meeting {
  body: string
  article: string
  interpretation?: string | undefined
  requires?: BallotRule['requires']
}

/** The stages that lead to a meeting of a body, itself the last. */
function planMeeting(
  rules: Agreement,
  kind: 'vote' | 'assembly' | 'preparation',
  meeting: Meeting,
  when: { requestedOn: Day; notBefore: Day; meetings: readonly PlannedMeeting[]; today: Day },
  within: readonly string[] = [],
): PathStage[] {
  const body = rules.bodies.find(({ key }) => key === meeting.body)
  if (!body || within.includes(body.key)) return []
  const asked = (meeting.requires ?? []).flatMap((each) => (each.kind === 'meeting' ? [each] : []))
  const before = [...asked, ...body.preparedBy]
    .toSorted((one, other) => other.weeks - one.weeks)
    .filter((one, index, all) => all.findIndex((other) => other.body === one.body) === index)
    .map((each) => ({
      weeks: each.weeks,
      stages: planMeeting(rules, 'preparation', each, { ...when, notBefore: when.today }, [...within, body.key]),
    }))
  const prepared = before
    .flatMap(({ stages, weeks }) => stages.slice(-1).map(({ earliest }) => addDays(earliest, 7 * weeks)))
    .reduce(later, when.notBefore)
  const own = when.meetings.filter((each) => each.body === body.key)
  const held = kind === 'preparation' ? own.find((each) => each.held && each.day >= when.requestedOn) : undefined
  const planned = own.find((each) => !each.held && each.day >= prepared)
  const last: PathStage = {
    kind,
    body: body.key,
    earliest: held?.day ?? planned?.day ?? later(prepared, addDays(when.today, body.notice?.days ?? 0)),
    latest: null,
    meetingId: (held ?? planned)?.id ?? null,
    done: held !== undefined,
    article: meeting.article,
    interpretation: meeting.interpretation ?? null,
  }
  return [...before.flatMap(({ stages }) => stages), last]
}

const later = (one: Day, other: Day) => (one > other ? one : other)
