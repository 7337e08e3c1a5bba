import { attr, attrs, type LinkCodes, record, renderAddressOf, titles } from './aaf-records.ts'
import { type Guardian, relationCodes } from './families.ts'
import type { Entry } from './feed.ts'
import type { Establishment, Pupil, SchoolClass, Sector } from './sector.ts'
import type { StaffMember } from './staff.ts'

// Attribute names and value shapes of the primary schools' feed follow the mappings working importers have for it.

/** The records of a sector of primary schools. */
export function listPrimaryRecords(sector: Sector, linkCodes: LinkCodes): Entry[] {
  const entries: Entry[] = []
  for (const establishment of sector.establishments) {
    entries.push(['EtabEducNat', establishment.jointure, () => renderSchool(establishment, sector)])
    for (const { pupils } of establishment.classes) {
      for (const pupil of pupils) entries.push(['Eleve', pupil.id, () => renderPupil(pupil, linkCodes)])
    }
  }
  // Only holders of parental authority are in this feed, each once though the service has many children.
  const guardians = new Set(
    sector.families.flatMap(({ children, links }) =>
      children.length === 0 ? [] : links.filter(({ legalStatus }) => legalStatus === 1).map(({ guardian }) => guardian),
    ),
  )
  for (const guardian of guardians) entries.push(['PersRelEleve', guardian.id, () => renderGuardian(guardian)])
  for (const member of sector.staff) entries.push(['PersEducNat', member.id, () => renderTeacher(member)])
  return entries
}

const kinds: Record<string, readonly [short: string, label: string]> = {
  EM: ['E.M.PU', 'ECOLE MATERNELLE'],
  EE: ['E.E.PU', 'ECOLE ELEMENTAIRE'],
}

function renderSchool(establishment: Establishment, { academy }: Sector): string {
  const { jointure, uai, kind, name, commune } = establishment
  const [short, label] = kinds[kind] ?? ['', '']
  return record(
    'categorieStructure',
    'EtabEducNat',
    jointure,
    attr('ENTStructureJointure', jointure) +
      attr('ENTStructureUAI', uai) +
      attr('ENTStructureSIREN', establishment.siren) +
      attr('ENTStructureNomCourant', `${short}$${name}$${commune.upper}`) +
      attr('ENTStructureTypeStruct', label) +
      attr('ENTEcoleMinistereTutelle', 'MINISTERE DE L&apos;EDUCATION NATIONALE') +
      attr('ENTEcoleCodeMinistereTutelle', '06') +
      attr('ENTStructureBoitePostale', '') +
      attr('ENTStructureAdresse', establishment.street) +
      attr('ENTStructureCodePostal', commune.postalCode) +
      attr('ENTStructureVille', commune.upper) +
      attr('ENTStructureTelephone', establishment.phone) +
      attr('ENTStructureFax', '') +
      attr('ENTStructureEmail', `ce.${uai.toLowerCase()}@ac-${academy.name.toLowerCase()}.example.org`) +
      attr('ENTEcoleSecteur', 'PU') +
      attr('ENTEcoleCommune', commune.upper),
  )
}

/** `jointure$…$…$identifier$name`: the middle parts, whose meaning is not published, are the year and the cycle. */
const classOf = ({ establishment, code, label, stage }: SchoolClass) =>
  `${establishment.jointure}$${stage.key}$${stage.mef.track}$${code}$${label}`

function renderPupil(pupil: Pupil, linkCodes: LinkCodes): string {
  const { id, family, class: schoolClass } = pupil
  const { stage, establishment } = schoolClass
  return record(
    'categoriePersonne',
    'Eleve',
    id,
    attr('ENTPersonJointure', id) +
      attr('ENTEleveINE', pupil.ine) +
      attr('ENTPersonDateNaissance', pupil.birth) +
      attr('ENTPersonNomPatro', pupil.familyName.upper) +
      attr('ENTPersonNom', pupil.familyName.upper) +
      attr('ENTPersonPrenom', pupil.givenName.proper) +
      attrs(
        'ENTPersonAutresPrenoms',
        [pupil.givenName, ...pupil.otherNames].map(({ proper }) => proper),
      ) +
      attr('ENTPersonCivilite', titles[pupil.sex]) +
      attrs(
        'ENTEleveAutoriteParentale',
        family.links
          .filter(({ legalStatus }) => legalStatus === 1)
          .map(({ guardian, relation }) => `${guardian.id}$${relationCodes[linkCodes][relation]}`),
      ) +
      attr('ENTPersonStructRattach', establishment.jointure) +
      attr('ENTPersonClasses', classOf(schoolClass)) +
      attr('ENTPersonGroupes', '') +
      attr('ENTEleveNiveau', stage.mef.level) +
      attr('ENTEleveCycle', stage.mef.track) +
      attr('ENTEleveRestaurantScolaire', pupil.regime.startsWith('DEMI') ? 'O' : 'N') +
      attr('ENTEleveTransport', pupil.transport ? 'O' : 'N') +
      renderAddressOf(family.address) +
      attr('ENTPersonMail', ''),
  )
}

function renderGuardian(guardian: Guardian): string {
  const { id, familyName, givenName, children } = guardian
  return record(
    'categoriePersonne',
    'PersRelEleve',
    id,
    attr('ENTPersonJointure', id) +
      attr('ENTPersonDateNaissance', guardian.birth) +
      attr('ENTPersonNomPatro', (guardian.birthName ?? familyName).upper) +
      attr('ENTPersonNom', familyName.upper) +
      attr('ENTPersonPrenom', givenName.proper) +
      attr('ENTPersonAutresPrenoms', givenName.proper) +
      attr('ENTPersonCivilite', titles[guardian.sex]) +
      attr('ENTPersonTelPerso', guardian.homePhone) +
      attr('ENTPersRelEleveTelPro', guardian.workPhone) +
      attr('ENTPersRelEleveTelMobile', guardian.mobile) +
      attr('ENTPersonMail', guardian.mail) +
      renderAddressOf(guardian.address) +
      attrs(
        'ENTPersRelEleveEleve',
        children.map((child) => child.id),
      ),
  )
}

function renderTeacher(member: StaffMember): string {
  const { id, familyName, givenName, services, functions } = member
  return record(
    'categoriePersonne',
    'PersEducNat',
    id,
    attr('ENTPersonJointure', id) +
      attr('ENTPersonDateNaissance', member.birth) +
      attr('ENTPersonNomPatro', (member.birthName ?? familyName).plain) +
      attr('ENTPersonNom', familyName.plain) +
      attr('ENTPersonPrenom', givenName.proper) +
      attr('ENTPersonAutresPrenoms', givenName.proper) +
      attr('ENTPersonCivilite', titles[member.sex]) +
      attr('ENTPersonMail', member.mail) +
      attr('ENTPersonStructRattach', member.attachedTo) +
      attrs(
        'ENTPersonClasses',
        services.flatMap(({ schoolClass }) => (schoolClass ? [classOf(schoolClass)] : [])),
      ) +
      attrs(
        'ENTPersonFonctions',
        functions.map(({ establishment, job }) => `${establishment.jointure}$${job.join('$')}`),
      ) +
      attr('ENTEnsSpecialites', '') +
      attr('ENTPersonCategorieEnseignant', member.facesPupils ? 'O' : 'N'),
  )
}
