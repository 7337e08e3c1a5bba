import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { createPartner, createPerson } from '#modules/directory'
import {
  appointRepresentative,
  createAgreementVersion,
  createHeadCount,
  getStanding,
  readHeadCount,
  readShippedAgreement,
  type Standing,
} from '#modules/governance'
import { grantRight } from '#modules/identity'
import { beginDigitalService } from './digital-service.ts'

interface Name {
  givenName: string
  familyName: string
}

type Seated = Name & { party: string }

/** Who sits for the parties of the consortium of Grand Est: invented people, one a party. */
const people: readonly Seated[] = [
  { party: 'region', givenName: 'Hélène', familyName: 'Kuntz' },
  { party: 'ardennes', givenName: 'Marc', familyName: 'Deville' },
  { party: 'aube', givenName: 'Sophie', familyName: 'Mailly' },
  { party: 'marne', givenName: 'Karim', familyName: 'Bouzy' },
  { party: 'haute-marne', givenName: 'Odile', familyName: 'Froncles' },
  { party: 'meurthe-et-moselle', givenName: 'Paul', familyName: 'Haroué' },
  { party: 'meuse', givenName: 'Nadia', familyName: 'Clermont' },
  { party: 'moselle', givenName: 'Étienne', familyName: 'Bitche' },
  { party: 'alsace', givenName: 'Caroline', familyName: 'Schaeffer' },
  { party: 'vosges', givenName: 'Louis', familyName: 'Thillot' },
  { party: 'academie-reims', givenName: 'Ingrid', familyName: 'Sermiers' },
  { party: 'academie-nancy-metz', givenName: 'Thomas', familyName: 'Frouard' },
  { party: 'academie-strasbourg', givenName: 'Émilie', familyName: 'Wolfisheim' },
  { party: 'titulaire', givenName: 'Bruno', familyName: 'Lacaze' },
]

/** A deputy each for those whose absence would weigh most. */
const deputies: readonly Seated[] = [
  { party: 'region', givenName: 'Yann', familyName: 'Reding' },
  { party: 'alsace', givenName: 'Salomé', familyName: 'Munster' },
]

/** Who sits for those of the public digital service; its contractor is the same as in Grand Est. */
const servicePeople: readonly Seated[] = [
  { party: 'universite-1', givenName: 'Aurélie', familyName: 'Fontvieille' },
  { party: 'universite-2', givenName: 'Rachid', familyName: 'Montbrison' },
  { party: 'universite-3', givenName: 'Solène', familyName: 'Landivy' },
  { party: 'ministere', givenName: 'Denis', familyName: 'Valserine' },
  { party: 'titulaire', givenName: 'Bruno', familyName: 'Lacaze' },
]

// Invented figures, of the size of such territories; one line stands for all establishments of a member.
const pupils = {
  region: 96_400,
  ardennes: 11_900,
  aube: 14_800,
  marne: 25_600,
  'haute-marne': 7_300,
  'meurthe-et-moselle': 33_900,
  meuse: 7_900,
  moselle: 48_200,
  alsace: 88_700,
  vosges: 16_400,
} as const

/** Whom the sign-in page proposes. */
export interface ConsortiumAccounts {
  pilot: string
  member: string
  contractor: string
  pilotInstitution: string
}

/**
 * Loads the shipped agreements, and gives those of Grand Est and of the public digital service people who sit, and who
 * manages them; that of Grand Est a head-count too, that of the service what it begins with. The agreements' own words and numbers are placeholders, and say so.
 */
export async function loadConsortium(tx: Tx, services: Pick<Services, 'now'>): Promise<ConsortiumAccounts> {
  const now = services.now()
  const { id: partnerId } = await createPartner(tx, {
    name: 'Groupement numérique (démonstration)',
    partnerKind: 'syndicate',
    code: 'consortium',
  })
  const known = new Map<string, string>()
  const find = async ({ givenName, familyName }: Name): Promise<string> => {
    const name = `${givenName} ${familyName}`
    const affiliation = { organisationId: partnerId, profile: 'localAuthority' } as const
    const id = known.get(name) ?? (await createPerson(tx, { givenName, familyName, affiliation })).id
    known.set(name, id)
    return id
  }

  const pilot = await find({ givenName: 'Claude', familyName: 'Varenne' })
  await grantRight(tx, { personId: pilot, right: 'governance.administer', organisationId: null }, now)
  for (const slug of ['hauts-de-france', 'grand-est', 'service-numerique'] as const) {
    const source = await readShippedAgreement(slug)
    await createAgreementVersion(tx, { source, reason: 'Convention de démonstration', recordedBy: pilot }, now)
  }
  const rights = [{ right: 'governance.administer' as const, organisationId: null }]
  const manage = (slug: string) => getStanding(tx, { personId: pilot, rights }, slug, now)

  const standing = await manage('grand-est')
  const seated = await seatPeople(tx, standing, 'holder', people, find, now)
  await seatPeople(tx, standing, 'deputy', deputies, find, now)
  const service = await manage('service-numerique')
  const inService = await seatPeople(tx, service, 'holder', servicePeople, find, now)
  await beginDigitalService(tx, service, now)

  const { id: agreementId, rules } = standing.agreement

  const lines = Object.entries(pupils).map(
    ([party, count], at) => `${String(9_990_001 + at)}A;Établissements (${party}, chiffres inventés);${party};${count}`,
  )
  await createHeadCount(
    tx,
    {
      agreementId,
      countedOn: rules.validFrom,
      source: 'Effectifs inventés pour la démonstration',
      lines: readHeadCount(rules, ['UAI;nom;collectivité;effectif', ...lines].join('\n')),
      by: pilot,
    },
    now,
  )
  return {
    pilot,
    member: seated.get('region')!,
    contractor: seated.get('titulaire')!,
    pilotInstitution: inService.get('universite-2')!,
  }
}

/** Seats each in every body where its party sits. @returns the person of each party. */
async function seatPeople(
  tx: Tx,
  standing: Standing,
  rank: 'holder' | 'deputy',
  list: readonly Seated[],
  find: (name: Name) => Promise<string>,
  now: Date,
): Promise<Map<string, string>> {
  const { rules } = standing.agreement
  const seated = new Map<string, string>()
  for (const { party, ...name } of list) {
    const personId = await find(name)
    seated.set(party, personId)
    const roles = rules.parties.find(({ key }) => key === party)?.roles ?? []
    for (const body of rules.bodies) {
      const { parties, deputies: allowed } = body.composition
      const sits =
        parties === 'everyParty' || (parties === 'everyMember' ? roles.includes('member') : parties.includes(party))
      if (!sits || (rank === 'deputy' && !allowed)) continue
      const seat = { body: body.key, party, personId, rank, startsOn: rules.validFrom, endsOn: null }
      await appointRepresentative(tx, standing, seat, now)
    }
  }
  return seated
}
