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
} from '#modules/governance'
import { grantRight } from '#modules/identity'

/** Who sits for the parties of the demonstration's consortium: invented people, one a party. */
const people = [
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
] as const

/** A deputy each for those whose absence would weigh most. */
const deputies = [
  { party: 'region', givenName: 'Yann', familyName: 'Reding' },
  { party: 'alsace', givenName: 'Salomé', familyName: 'Munster' },
] as const

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
}

/**
 * Loads the two shipped agreements, and gives the one of Grand Est people who sit, a head-count and who manages it. The
 * agreement's own words and numbers are placeholders, and say so.
 */
export async function loadConsortium(
  tx: Tx,
  services: Pick<Services, 'now'>,
  tenantId: string,
): Promise<ConsortiumAccounts> {
  const now = services.now()
  const { id: partnerId } = await createPartner(tx, {
    name: 'Groupement numérique (démonstration)',
    partnerKind: 'syndicate',
    code: 'consortium',
  })
  const make = ({ givenName, familyName }: { givenName: string; familyName: string }) =>
    createPerson(tx, { givenName, familyName, affiliation: { organisationId: partnerId, profile: 'localAuthority' } })

  const pilot = (await make({ givenName: 'Claude', familyName: 'Varenne' })).id
  await grantRight(tx, { personId: pilot, right: 'governance.administer', organisationId: null }, now)
  for (const slug of ['hauts-de-france', 'grand-est'] as const) {
    const source = await readShippedAgreement(slug)
    await createAgreementVersion(tx, { source, reason: 'Convention de démonstration', recordedBy: pilot }, now)
  }
  const rights = [{ right: 'governance.administer' as const, organisationId: null }]
  const standing = await getStanding(
    tx,
    { tenantId, personId: pilot, accountId: pilot, sessionId: pilot, rights },
    'grand-est',
    now,
  )
  const { id: agreementId, rules } = standing.agreement

  const seated = new Map<string, string>()
  for (const [rank, list] of [
    ['holder', people],
    ['deputy', deputies],
  ] as const) {
    for (const { party, ...name } of list) {
      const { id: personId } = await make(name)
      if (rank === 'holder') seated.set(party, personId)
      for (const body of rules.bodies) {
        const { parties, deputies: allowed } = body.composition
        const roles = rules.parties.find(({ key }) => key === party)?.roles ?? []
        const sits =
          parties === 'everyParty' || (parties === 'everyMember' ? roles.includes('member') : parties.includes(party))
        if (!sits || (rank === 'deputy' && !allowed)) continue
        const startsOn = rules.validFrom
        await appointRepresentative(
          tx,
          standing,
          { body: body.key, party, personId, rank, startsOn, endsOn: null },
          now,
        )
      }
    }
  }

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
  return { pilot, member: seated.get('region')!, contractor: seated.get('titulaire')! }
}
