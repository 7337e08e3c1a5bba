import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findToday } from '#modules/identity'
import type { Agreement, Body } from '../agreements/agreement-schema.ts'
import { listPartiesOn } from '../agreements/parties.ts'
import { tables } from '../tables.ts'

/** Whether a voting party takes part in an agenda item at a moment. */
export interface Presence {
  party: string
  /** Recused: it takes no part in this item, whoever sits for it. */
  status: 'present' | 'represented' | 'absent' | 'recused'
  /** Who sits for the party now, holders first, in the order they came; empty unless it is present (or recused). */
  sitting: { representativeId: string; personId: string; rank: 'holder' | 'deputy' }[]
  /** The party, itself present, that acts for it; null unless it is represented. */
  representedBy: string | null
}

/**
 * Who takes part at a moment, of each party that votes in the body, in the order of the agreement. A proxy counts only
 * while the party that holds it is present, takes part in the item, and the one that gave it is away.
 * @param agendaItemId null: of the meeting, whatever the item; nobody is then recused.
 * @throws Problem 404 `meeting_not_found`.
 */
export async function listPresence(
  tx: Tx,
  rules: Agreement,
  meetingId: string,
  agendaItemId: string | null,
  at: Date,
): Promise<Presence[]> {
  const meeting = await tables(tx)
    .selectFrom('governance.meeting')
    .select('body')
    .where('id', '=', meetingId)
    .executeTakeFirst()
  const body = rules.bodies.find(({ key }) => key === meeting?.body)
  if (!body) throw new Problem(404, 'meeting_not_found', 'There is no such meeting.')
  const present = await tables(tx)
    .selectFrom('governance.attendance')
    .innerJoin('governance.representative', 'governance.representative.id', 'representative_id')
    .select(['governance.attendance.party', 'representative_id as representativeId', 'person_id as personId', 'rank'])
    .where('meeting_id', '=', meetingId)
    .where('struck_at', 'is', null)
    .where('arrived_at', '<=', at)
    .where((where) => where.or([where('left_at', 'is', null), where('left_at', '>', at)]))
    .orderBy('rank', 'desc')
    .orderBy('arrived_at')
    .orderBy('governance.attendance.id')
    .execute()
  const proxies = await tables(tx)
    .selectFrom('governance.proxy')
    .select(['from_party', 'to_party'])
    .where('meeting_id', '=', meetingId)
    .where('starts_at', '<=', at)
    .where((where) => where.or([where('ends_at', 'is', null), where('ends_at', '>', at)]))
    .execute()
  const recusals = agendaItemId === null ? [] : await listRecusedParties(tx, agendaItemId)

  const sittingFor = (party: string) =>
    present
      .filter((each) => each.party === party)
      .map(({ representativeId, personId, rank }) => ({ representativeId, personId, rank }))
  return listVoters(rules, body, await findToday(tx, at)).map((party) => {
    const sitting = sittingFor(party)
    if (recusals.includes(party)) return { party, status: 'recused', sitting, representedBy: null }
    if (sitting.length > 0) return { party, status: 'present', sitting, representedBy: null }
    const holder = proxies.find(({ from_party: from }) => from === party)?.to_party
    const acts = holder !== undefined && sittingFor(holder).length > 0 && !recusals.includes(holder)
    return acts
      ? { party, status: 'represented', sitting, representedBy: holder }
      : { party, status: 'absent', sitting, representedBy: null }
  })
}

async function listRecusedParties(tx: Tx, agendaItemId: string): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('governance.recusal')
    .select('party')
    .where('agenda_item_id', '=', agendaItemId)
    .execute()
  return rows.map(({ party }) => party)
}

/** Keys of the parties that vote in a body on a day, in the order of the agreement. */
export function listVoters(rules: Agreement, body: Body, day: Day): string[] {
  const { voters } = body
  if (voters === 'none') return []
  return listPartiesOn(rules, day)
    .filter(({ key, roles }) => (voters === 'everyMember' ? roles.includes('member') : voters.includes(key)))
    .map(({ key }) => key)
}

/** Keys of the parties that sit in a body on a day, voting or not, in the order of the agreement. */
export function listSeatedParties(rules: Agreement, body: Body, day: Day): string[] {
  const { parties } = body.composition
  return listPartiesOn(rules, day)
    .filter(({ key, roles }) => {
      if (parties === 'everyParty') return true
      return parties === 'everyMember' ? roles.includes('member') : parties.includes(key)
    })
    .map(({ key }) => key)
}
