import type { Tx } from '#kernel/postgres'
import type { Body } from '../agreements/agreement-schema.ts'
import type { Standing } from '../standing.ts'
import { listSeatedParties, listVoters } from './presence.ts'
import { listNameableRanks } from './representatives.ts'
import { listNamedRepresentatives, type NamedRepresentative } from './representatives.queries.ts'

/** The seats of one party in a body. */
interface Seats {
  party: string
  name: string
  votes: boolean
  /** Exact number, as a text; null for a party without a vote. */
  voices: string | null
  /** In office today or later. */
  representatives: Pick<NamedRepresentative, 'id' | 'personId' | 'name' | 'rank' | 'startsOn' | 'endsOn'>[]
  /** Whether no holder is in office today. */
  vacant: boolean
  /** Ranks the reader may give. */
  nameable: ('holder' | 'deputy')[]
}

/** The seats of a body, party by party, with those that are vacant. */
export async function listSeats(tx: Tx, standing: Standing, body: Body): Promise<Seats[]> {
  const { agreement, today } = standing
  const { rules } = agreement
  const representatives = await listNamedRepresentatives(tx, agreement.id, { body: body.key, from: today })
  const voters = listVoters(rules, body, today)
  return listSeatedParties(rules, body, today).map((party) => {
    const own = representatives.filter((each) => each.party === party)
    const votes = voters.includes(party)
    return {
      party,
      name: rules.parties.find(({ key }) => key === party)?.name ?? party,
      votes,
      voices: votes ? (body.voices === 'one' ? '1' : (body.voices.of[party] ?? null)) : null,
      representatives: own.map(({ id, personId, name, rank, startsOn, endsOn }) => ({
        id,
        personId,
        name,
        rank,
        startsOn,
        endsOn,
      })),
      vacant: !own.some(({ rank, startsOn }) => rank === 'holder' && startsOn <= today),
      nameable: listNameableRanks(standing, body, party),
    }
  })
}

/**
 * Whether someone leads the meetings of a body: who manages the consortium, and the holders of the party that convenes
 * it or chairs it.
 */
export function leadsBody(standing: Standing, body: Body): boolean {
  return (
    standing.manages ||
    standing.seats.some(
      ({ body: key, party, rank }) =>
        key === body.key && rank === 'holder' && (party === body.convenedBy || party === body.chairedBy),
    )
  )
}
