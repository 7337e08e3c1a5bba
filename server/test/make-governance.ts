import { randomUUIDv7 } from 'node:crypto'
import {
  createAgreementVersion,
  readShippedAgreement,
  type ShippedAgreement,
} from '../src/modules/governance/agreements/agreement-versions.ts'
import { tables } from '../src/modules/governance/tables.ts'
import type { TestApp } from './app.ts'
import { makePerson } from './make.ts'

/** Someone who may act in a consortium; the headers make a request theirs. */
export interface Seat {
  personId: string
  representativeId: string
  headers: { cookie: string }
}

/** A consortium under one of the shipped agreements. */
export interface Consortium {
  slug: string
  agreementId: string
  versionId: string
  manager: { personId: string; headers: { cookie: string } }
  headCountId: string
  /** Seats a new person in a body, for a party, from the first day of the agreement. */
  seatOf(party: string, body: string, rank?: 'holder' | 'deputy'): Promise<Seat>
}

/**
 * Loads a shipped agreement, with someone who manages it and a head-count: one establishment for each member.
 * @param options.agreement which; that of the Grand Est where it is not said
 * @param options.pupils of each member, 1,000 where it is not said
 */
export async function makeConsortium(
  server: TestApp,
  options: { agreement?: ShippedAgreement; pupils?: Record<string, number>; countedOn?: string } = {},
): Promise<Consortium> {
  const source = await readShippedAgreement(options.agreement ?? 'grand-est')
  const now = server.services.now()
  const made = await server.inTenant(async (tx) => {
    const manager = await makePerson(tx)
    const version = await createAgreementVersion(tx, { source, reason: 'Essai', recordedBy: manager }, now)
    const { agreementId, rules } = version
    const headCountId = randomUUIDv7()
    await tables(tx)
      .insertInto('governance.head_count')
      .values({
        id: headCountId,
        agreement_id: agreementId,
        counted_on: options.countedOn ?? rules.validFrom,
        source: 'Constat de rentrée (essai)',
        recorded_at: now,
        recorded_by: manager,
      })
      .execute()
    const members = rules.parties.filter(({ roles }) => roles.includes('member'))
    const lines = members.map(({ key, name }, index) => ({
      head_count_id: headCountId,
      party: key,
      uai: `0990${String(index + 1).padStart(3, '0')}A`,
      name: `Établissement de ${name}`,
      pupils: options.pupils?.[key] ?? 1000,
    }))
    await tables(tx).insertInto('governance.head_count_line').values(lines).execute()
    return { ...version, manager, headCountId }
  })
  const { agreementId, versionId, rules, headCountId } = made
  const managing = await server.signIn(made.manager, [{ right: 'governance.administer' }])
  return {
    slug: rules.agreement,
    agreementId,
    versionId,
    headCountId,
    manager: { personId: made.manager, headers: managing },
    async seatOf(party, body, rank = 'holder') {
      const seat = await server.inTenant(async (tx) => {
        const personId = await makePerson(tx)
        const representativeId = randomUUIDv7()
        await tables(tx)
          .insertInto('governance.representative')
          .values({
            id: representativeId,
            agreement_id: agreementId,
            body,
            party,
            person_id: personId,
            rank,
            starts_on: rules.validFrom,
            recorded_at: now,
          })
          .execute()
        return { personId, representativeId }
      })
      return { ...seat, headers: await server.signIn(seat.personId) }
    },
  }
}
