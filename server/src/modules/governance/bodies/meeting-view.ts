import { z } from 'zod'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listPersonSummaries } from '#modules/directory'
import type { Body } from '../agreements/agreement-schema.ts'
import type { Standing } from '../standing.ts'
import { tables } from '../tables.ts'
import { listBallots } from '../votes/ballots.queries.ts'
import { findAgendaTerm, isAgendaOpen } from './agenda.ts'
import { itemKinds, listAgenda } from './agenda.queries.ts'
import { listAttendance, listProxies, listRecusals } from './attendance.queries.ts'
import { listInvitations } from './invitations.queries.ts'
import { meetingLineSchema, toMeetingLine } from './meeting-schemas.ts'
import { getReadableMeeting, listConveningChecks } from './meetings.ts'
import { findSecondConvening, type Meeting } from './meetings.queries.ts'
import { readQuorum } from './minutes-life.ts'
import { findApproval } from './minutes.queries.ts'
import { listPapers } from './papers.queries.ts'
import { listPresence, listSeatedParties, listVoters } from './presence.ts'
import { listNamedRepresentatives } from './representatives.queries.ts'

const told = z.object({ fr: z.string(), en: z.string() })
const name = z.object({ givenName: z.string(), familyName: z.string() }).nullable().describe('null once erased')
const instant = z.iso.datetime()
const rank = z.enum(['holder', 'deputy'])

const checkSchema = z.object({
  kind: z.enum(['notice', 'urgentNotice', 'preparation', 'secondConvening']),
  article: z.string(),
  interpretation: z.string().nullable(),
  met: z.boolean(),
  blocking: z.boolean().describe('not met, it forbids the convening'),
  body: z.string().nullable(),
  days: z.int(),
  limit: z.iso.date(),
  doneOn: z.iso.date().nullable(),
})

export const meetingSchema = meetingLineSchema.extend({
  day: z.iso.date(),
  bodyName: z.string(),
  shortName: z.string(),
  bodyKind: z.enum(['deciding', 'advisory', 'crisis']),
  leads: z.boolean().describe('whether the reader prepares, opens and closes it, and keeps its register'),
  convenedAt: instant.nullable(),
  openedAt: instant.nullable(),
  closedAt: instant.nullable(),
  cancelReason: z.string().nullable(),
  sequence: z.int().describe('how often those invited heard of a change'),
  secondOf: z.uuid().nullable().describe('the meeting without quorum of which this is the second convening'),
  secondId: z.uuid().nullable(),
  secondConvening: z.boolean().describe('whether the agreement knows one for this body'),
  chairId: z.uuid().nullable(),
  chair: name,
  secretary: z.object({ personId: z.uuid(), name }).nullable(),
  checks: z.array(checkSchema).describe('what the agreement asks: if it were convened today, or as it was convened'),
  agendaOpen: z.boolean(),
  agendaTerm: z.iso.date().nullable().describe('last day on which the agenda may be completed; null: until it opens'),
  agenda: z.array(
    z.object({
      id: z.uuid(),
      position: z.int(),
      title: z.string(),
      text: z.string(),
      kind: z.enum(itemKinds),
      ballotRule: z.object({ key: z.string(), name: z.string(), article: z.string() }).nullable(),
      subjectKind: z.string().nullable(),
      subjectId: z.uuid().nullable(),
      gist: z.string(),
      papers: z.array(
        z.object({
          id: z.uuid(),
          name: z.string(),
          mediaType: z.string(),
          size: z.int(),
          sha256: z.string(),
          addedAt: instant,
        }),
      ),
      recused: z.array(z.string()).describe('parties'),
      voting: z.enum(['none', 'open', 'closed']),
      decision: z
        .object({ id: z.uuid(), number: z.string(), outcome: z.enum(['adopted', 'rejected', 'none']) })
        .nullable(),
      approved: z.boolean().describe('of minutes: whether this item approved them'),
    }),
  ),
  invitations: z.array(
    z.object({
      representativeId: z.uuid(),
      personId: z.uuid(),
      party: z.string(),
      rank,
      role: z.enum(['chair', 'required', 'informed']),
      answer: z.enum(['awaited', 'accepted', 'declined', 'delegated']),
      delegatedTo: z.uuid().nullable(),
      name,
    }),
  ),
  ownInvitation: z.uuid().nullable().describe('representative that the reader is invited as'),
  parties: z.array(
    z.object({
      party: z.string(),
      name: z.string(),
      votes: z.boolean(),
      status: z.enum(['present', 'represented', 'absent', 'recused']).nullable().describe('null: it has no vote'),
      representedBy: z.string().nullable(),
    }),
  ),
  representatives: z
    .array(z.object({ id: z.uuid(), personId: z.uuid(), party: z.string(), rank, name }))
    .describe('in office on its day'),
  attendance: z.array(
    z.object({
      id: z.uuid(),
      party: z.string(),
      representativeId: z.uuid(),
      personId: z.uuid(),
      rank,
      arrivedAt: instant,
      leftAt: instant.nullable(),
      name,
    }),
  ),
  proxies: z.array(
    z.object({ fromParty: z.string(), toParty: z.string(), startsAt: instant, endsAt: instant.nullable() }),
  ),
  proxiesAllowed: z.boolean(),
  deputiesAllowed: z.boolean(),
  quorum: z
    .object({
      reached: z.boolean(),
      steps: z.array(
        z.object({
          key: z.string(),
          text: told,
          article: z.string().nullable(),
          interpretation: told.nullable(),
          holds: z.boolean().nullable(),
        }),
      ),
    })
    .nullable()
    .describe('now, while the meeting is open; null otherwise, or while no pupils were counted'),
  minutes: z.enum(['none', 'written', 'approved']),
})

/** A meeting as its page shows it. @throws Problem 404 `meeting_not_found`. */
export async function describeMeeting(
  tx: Tx,
  standing: Standing,
  id: string,
  now: Date,
): Promise<z.input<typeof meetingSchema>> {
  const { agreement, today, personId } = standing
  const { meeting, body, leads } = await getReadableMeeting(tx, standing, id)
  const representatives = await listNamedRepresentatives(tx, agreement.id, { body: body.key, onDay: meeting.day })
  const invitations = await listInvitations(tx, id)
  const attendance = await listAttendance(tx, id)
  const nameOf = await readNames(tx, [
    ...attendance.map((each) => each.personId),
    ...(meeting.secretaryId === null ? [] : [meeting.secretaryId]),
  ])
  const chair = representatives.find((each) => each.id === meeting.chairId)
  return {
    ...toMeetingLine(meeting),
    day: meeting.day,
    bodyName: body.name,
    shortName: body.shortName,
    bodyKind: body.kind,
    leads,
    convenedAt: meeting.convenedAt?.toISOString() ?? null,
    openedAt: meeting.openedAt?.toISOString() ?? null,
    closedAt: meeting.closedAt?.toISOString() ?? null,
    cancelReason: meeting.cancelReason,
    sequence: meeting.sequence,
    secondOf: meeting.secondOf,
    secondId: (await findSecondConvening(tx, id)) ?? null,
    secondConvening: (body.quorum?.secondConvening ?? null) !== null,
    chairId: meeting.chairId,
    chair: chair?.name ?? null,
    secretary:
      meeting.secretaryId === null ? null : { personId: meeting.secretaryId, name: nameOf(meeting.secretaryId) },
    checks: await listConveningChecks(tx, standing, body, meeting),
    agendaOpen: leads && isAgendaOpen(body, meeting, today),
    agendaTerm: findAgendaTerm(body, meeting),
    agenda: await describeAgenda(tx, standing, meeting),
    invitations,
    ownInvitation: invitations.find((each) => each.personId === personId)?.representativeId ?? null,
    parties: await describeParties(tx, standing, meeting, body, now),
    representatives,
    attendance: attendance.map((each) => ({
      ...each,
      arrivedAt: each.arrivedAt.toISOString(),
      leftAt: each.leftAt?.toISOString() ?? null,
      name: nameOf(each.personId),
    })),
    proxies: (await listProxies(tx, id)).map((each) => ({
      ...each,
      startsAt: each.startsAt.toISOString(),
      endsAt: each.endsAt?.toISOString() ?? null,
    })),
    proxiesAllowed: body.composition.proxies !== null,
    deputiesAllowed: body.composition.deputies,
    quorum: meeting.state === 'open' ? await findQuorum(tx, standing, meeting, body, now) : null,
    minutes: meeting.state !== 'closed' ? 'none' : (await findApproval(tx, id)) ? 'approved' : 'written',
  }
}

async function describeAgenda(tx: Tx, standing: Standing, meeting: Meeting) {
  const agenda = await listAgenda(tx, meeting.id)
  const papers = await listPapers(
    tx,
    agenda.map((item) => item.id),
  )
  const recusals = await listRecusals(tx, meeting.id)
  const ballots = await listBallots(tx, meeting.id)
  const decisions = await tables(tx)
    .selectFrom('governance.decision')
    .select(['id', 'agenda_item_id', 'number', 'outcome'])
    .where('meeting_id', '=', meeting.id)
    .execute()
  const described = []
  for (const item of agenda) {
    const rule = standing.agreement.rules.ballots.find(({ key }) => key === item.ballotRule)
    const voting = ballots.filter(({ agendaItemId }) => agendaItemId === item.id)
    const open = voting.some(({ closedAt }) => closedAt === null)
    const decision = decisions.find((each) => each.agenda_item_id === item.id)
    const approval =
      item.kind === 'minutes' && item.subjectId !== null ? await findApproval(tx, item.subjectId) : undefined
    described.push({
      ...item,
      ballotRule: rule ?? null,
      papers: papers
        .filter(({ agendaItemId }) => agendaItemId === item.id)
        .map((paper) => ({ ...paper, addedAt: paper.addedAt.toISOString() })),
      recused: recusals.filter(({ agendaItemId }) => agendaItemId === item.id).map(({ party }) => party),
      voting: voting.length === 0 ? ('none' as const) : open ? ('open' as const) : ('closed' as const),
      decision: decision ? { id: decision.id, number: decision.number, outcome: decision.outcome } : null,
      approved: approval?.agendaItemId === item.id,
    })
  }
  return described
}

async function describeParties(tx: Tx, standing: Standing, meeting: Meeting, body: Body, now: Date) {
  const { rules } = standing.agreement
  const presence = meeting.state === 'open' ? await listPresence(tx, rules, meeting.id, null, now) : []
  const voters = listVoters(rules, body, meeting.day)
  return listSeatedParties(rules, body, meeting.day).map((party) => {
    const own = presence.find((each) => each.party === party)
    return {
      party,
      name: rules.parties.find(({ key }) => key === party)?.name ?? party,
      votes: voters.includes(party),
      status: own?.status ?? null,
      representedBy: own?.representedBy ?? null,
    }
  })
}

/** The quorum as it stands; null while no pupils were counted, which the votes refuse by themselves. */
async function findQuorum(tx: Tx, standing: Standing, meeting: Meeting, body: Body, now: Date) {
  try {
    return await readQuorum(tx, standing, meeting, body, null, now)
  } catch (error) {
    if (error instanceof Problem && error.code === 'head_count_missing') return null
    throw error
  }
}

async function readNames(tx: Tx, ids: string[]) {
  const people = new Map((await listPersonSummaries(tx, ids)).map((person) => [person.id, person]))
  return (id: string) => people.get(id) ?? null
}
