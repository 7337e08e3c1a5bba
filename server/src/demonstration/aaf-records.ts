import { firstLanguage, type Mef, type Subject } from './curriculum.ts'
import { relationCodes, type Address, type Family, type Guardian } from './families.ts'
import type { Establishment, Pupil, SchoolClass, Sector } from './sector.ts'
import type { StaffMember } from './staff.ts'
import type { Academy } from './territory.ts'
import { makeUai } from './uai.ts'

// Attribute names and value shapes follow the mappings working importers have for annexe 4bis of the SDET. A record is
// one concatenation: at a million people, anything more structured would cost more than the disk.

export type LinkCodes = keyof typeof relationCodes

export function attr(name: string, value: string): string {
  return value === ''
    ? `<attr name="${name}"><value/></attr>\n`
    : `<attr name="${name}"><value>${value}</value></attr>\n`
}

export function attrs(name: string, values: readonly string[]): string {
  return attr(name, values.join('</value><value>'))
}

export function record(category: string, type: string, id: string, body: string): string {
  return (
    '<addRequest>\n<operationalAttributes><attr name="' +
    category +
    '"><value>' +
    type +
    '</value></attr></operationalAttributes>\n<identifier><id>' +
    id +
    '</id></identifier>\n<attributes>\n' +
    body +
    '</attributes>\n</addRequest>\n\n'
  )
}

export function renderSubject({ code, label }: Subject): string {
  return record(
    'categorieMatiere',
    'MatEducNat',
    code,
    attr('ENTMatJointure', code) + attr('ENTLibelleMatiere', label) + attr('ENTMatiereRattach', code),
  )
}

export function renderMef({ code, label, statistical, level, track }: Mef): string {
  return record(
    'categorieMef',
    'MefEducNat',
    code,
    attr('ENTMefJointure', code) +
      attr('ENTLibelleMef', label) +
      attr('ENTMEFRattach', code) +
      attr('ENTMEFSTAT11', statistical) +
      attr('ENTNivFormation', level) +
      attr('ENTFiliere', track),
  )
}

const structureTypes = {
  CLG: ['CLG', 'COLLEGE'],
  LYC: ['LYC', 'LYCEE D ENSEIGNEMENT GENERAL ET TECHNOLOGIQUE'],
  LP: ['LP', 'LYCEE PROFESSIONNEL'],
  // In the feed of primary schools only.
  EM: ['', ''],
  EE: ['', ''],
} as const

export function renderEstablishment(establishment: Establishment, { academy, location }: Sector): string {
  const { jointure, uai, kind, name, commune, contract } = establishment
  const [typeCode, typeLabel] = structureTypes[kind]
  const halves = establishment.classes.flatMap((schoolClass) => schoolClass.halves)
  const groups = [...halves, ...establishment.groups.filter((group) => group.hours > 0)]
  return record(
    'categorieStructure',
    'EtabEducNat',
    jointure,
    attr('ENTStructureJointure', jointure) +
      attr('ENTStructureUAI', uai) +
      attr('ENTEtablissementUAI', uai) +
      attr('ENTStructureSIREN', establishment.siren) +
      attr('ENTStructureNomCourant', `${typeCode}$${name}$${commune.upper}`) +
      attr('ENTStructureTypeStruct', typeLabel) +
      attr('ENTStructureCodeTypeStruct', typeCode) +
      attr('ENTEtablissementMinistereTutelle', 'MINISTERE DE L&apos;EDUCATION NATIONALE') +
      attr('ENTEtablissementCodeMinistereTutelle', '06') +
      attr('ENTEtablissementContrat', contract) +
      attr('postOfficeBox', kind === 'CLG' ? '' : 'BP 90027') +
      attr('street', establishment.street) +
      attr('postalCode', commune.postalCode) +
      attr('l', commune.upper) +
      attr('telephoneNumber', establishment.phone) +
      attr('facsimileTelephoneNumber', '') +
      attr('ENTEtablissementStructRattachFctl', '') +
      attr('ENTEtablissementBassin', location.basin) +
      attr('ENTServAcAcademie', academy.upper) +
      attr('ENTServAcCodeAcademie', academy.code) +
      attrs(
        'ENTStructureClasses',
        establishment.classes.map(({ code, label, stage }) => `${code}$${label}$${stage.mef.code}`),
      ) +
      attrs(
        'ENTStructureGroupes',
        groups.map(({ code, label, classes }) => `${code}$${label}$${classes.map((of) => of.code).join('$')}`),
      ) +
      attr('ENTStructureMailSI', `ce.${uai.toLowerCase()}@ac-${academy.name.toLowerCase()}.example.org`),
  )
}

/** The replacement zones of an academy: structures without pupils, to which some teachers are attached. */
export function renderZones(academy: Academy): string[] {
  return academy.departments.map(({ code, upper }, position) => {
    const jointure = String(1901 + position)
    const uai = makeUai(code, 9951)
    return record(
      'categorieStructure',
      'EtabEducNat',
      jointure,
      attr('ENTStructureJointure', jointure) +
        attr('ENTStructureUAI', uai) +
        attr('ENTEtablissementUAI', uai) +
        attr('ENTStructureSIREN', '') +
        attr('ENTStructureNomCourant', `Z.REMP-${upper}-${academy.upper}`) +
        attr('ENTStructureTypeStruct', 'SANS OBJET') +
        attr('ENTStructureCodeTypeStruct', '') +
        attr('ENTEtablissementMinistereTutelle', '') +
        attr('ENTEtablissementCodeMinistereTutelle', '') +
        attr('ENTEtablissementContrat', 'PU') +
        attr('postOfficeBox', '') +
        attr('street', '') +
        attr('postalCode', '') +
        attr('l', '') +
        attr('telephoneNumber', '') +
        attr('facsimileTelephoneNumber', '') +
        attr('ENTEtablissementStructRattachFctl', '') +
        attr('ENTEtablissementBassin', '') +
        attr('ENTServAcAcademie', academy.upper) +
        attr('ENTServAcCodeAcademie', academy.code) +
        attr('ENTStructureClasses', '') +
        attr('ENTStructureGroupes', '') +
        attr('ENTStructureMailSI', ''),
    )
  })
}

export const titles = { F: 'Mme', M: 'M.' } as const

export function renderAddressOf(address: Address | undefined): string {
  if (!address) {
    return (
      attr('ENTPersonAdresse', '') +
      attr('ENTPersonCodePostal', '') +
      attr('ENTPersonVille', '') +
      attr('ENTPersonPays', '')
    )
  }
  return (
    attr('ENTPersonAdresse', address.lines) +
    attr('ENTPersonCodePostal', address.commune.postalCode) +
    attr('ENTPersonVille', address.commune.upper) +
    attr('ENTPersonPays', 'FRANCE')
  )
}

/** Feeds repeat the address of a child only when its guardians do not all live there. */
function ownAddress({ address, links }: Family): Address | undefined {
  const apart = links.some(({ guardian }) => guardian.address && guardian.address !== address)
  return apart || links.length === 0 ? address : undefined
}

/** Renders pupils; what only depends on the class or on a choice of groups is rendered once. */
export class PupilRenderer {
  private readonly codes: Readonly<Record<string, string>>
  private readonly byClass = new Map<SchoolClass, string>()
  private readonly byChoice = new Map<string, string>()

  constructor(linkCodes: LinkCodes) {
    this.codes = relationCodes[linkCodes]
  }

  render(pupil: Pupil): string {
    const { id, family, class: schoolClass } = pupil
    const jointure = schoolClass.establishment.jointure
    let names = pupil.givenName.proper
    for (const other of pupil.otherNames) names += '</value><value>' + other.proper
    let links = ''
    for (const { guardian, relation, legalStatus, pays, contact } of family.links) {
      const paid = pays ? '1' : '0'
      links += `${links && '</value><value>'}${guardian.id}$${this.codes[relation]}$${paid}$${legalStatus}$${contact ? '1' : '0'}$${paid}`
    }
    let groups = pupil.half ? `${jointure}$${pupil.half.code}` : ''
    for (const { code } of pupil.groups) groups += `${groups && '</value><value>'}${jointure}$${code}`
    return record(
      'categoriePersonne',
      'Eleve',
      id,
      attr('ENTPersonJointure', id) +
        attr('ENTEleveINE', pupil.ine) +
        attr('ENTPersonDateNaissance', pupil.birth) +
        attr('ENTPersonNomPatro', pupil.familyName.upper) +
        attr('sn', pupil.familyName.upper) +
        attr('givenName', pupil.givenName.proper) +
        attr('ENTPersonAutresPrenoms', names) +
        attr('personalTitle', titles[pupil.sex]) +
        attr('ENTElevePersRelEleve', links) +
        attr('ENTEleveBoursier', pupil.scholarship ? 'O' : 'N') +
        attr('ENTEleveRegime', pupil.regime) +
        attr('ENTEleveTransport', pupil.transport ? 'O' : 'N') +
        attr('ENTEleveStatutEleve', pupil.apprentice ? 'APPRENTI' : 'SCOLAIRE') +
        this.classAttributes(schoolClass) +
        this.choiceAttributes(pupil) +
        attr('ENTEleveGroupes', groups) +
        attr('ENTEleveStructRattachId', id) +
        attr('ENTEleveStructureRattachIdMEN', '') +
        renderAddressOf(ownAddress(family)) +
        attr('mail', pupil.mail) +
        attr('homePhone', pupil.phone) +
        attr('ENTEleveAdresseRel', family.links[0]?.guardian.id ?? '') +
        attr('ENTEleveDateEntreeClasses', `${jointure}$${pupil.classEntry}$${schoolClass.code}`) +
        attr('ENTEleveDateSortieClasses', '') +
        attr('ENTEleveDateEntreeStructRattach', pupil.schoolEntry) +
        attr('ENTEleveDateSortieStructRattach', ''),
    )
  }

  private classAttributes(schoolClass: SchoolClass): string {
    let text = this.byClass.get(schoolClass)
    if (text === undefined) {
      const { code, stage, establishment } = schoolClass
      const { jointure } = establishment
      text =
        attr('ENTEleveMEF', stage.mef.code) +
        attr('ENTEleveLibelleMEF', stage.mef.label) +
        attr('ENTEleveNivFormation', stage.mef.level) +
        attr('ENTEleveFiliere', stage.mef.track) +
        attr('ENTPersonStructRattach', jointure) +
        attr('ENTEleveClasses', `${jointure}$${code}`)
      this.byClass.set(schoolClass, text)
    }
    return text
  }

  private choiceAttributes(pupil: Pupil): string {
    let key = pupil.class.stage.key
    for (const { subject } of pupil.groups) key += `$${subject.code}`
    let text = this.byChoice.get(key)
    if (text === undefined) {
      // The common core is left out, as most establishments do: languages, options and specialities are listed.
      const chosen = [firstLanguage, ...pupil.groups.map(({ subject }) => subject)]
      text =
        attrs(
          'ENTEleveCodeEnseignements',
          chosen.map(({ code }) => code),
        ) +
        attrs(
          'ENTEleveEnseignements',
          chosen.map(({ label }) => label),
        )
      this.byChoice.set(key, text)
    }
    return text
  }
}

export function renderGuardian(guardian: Guardian): string {
  const { id, familyName, givenName } = guardian
  let children = ''
  for (const child of guardian.children) children += `${children && '</value><value>'}${child.id}`
  return record(
    'categoriePersonne',
    'PersRelEleve',
    id,
    attr('ENTPersonJointure', id) +
      attr('ENTPersonDateNaissance', guardian.birth) +
      attr('ENTPersonNomPatro', (guardian.birthName ?? familyName).upper) +
      attr('sn', familyName.upper) +
      attr('givenName', givenName.proper) +
      attr('ENTPersonAutresPrenoms', givenName.proper) +
      attr('personalTitle', titles[guardian.sex]) +
      attr('homePhone', guardian.homePhone) +
      attr('telephoneNumber', guardian.workPhone) +
      renderAddressOf(guardian.address) +
      attr('ENTPersonAdresseDiffusion', guardian.spreadsAddress) +
      attr('mobile', guardian.mobile) +
      attr('mail', guardian.mail) +
      attr('ENTPersonMobileSMS', guardian.acceptsSms) +
      attr('ENTAuxPersRelEleveEleve', children),
  )
}

export function renderStaffMember(member: StaffMember): string {
  const { id, discipline, services } = member
  const classes = new Set<string>()
  const classSubjects = new Set<string>()
  const groups = new Set<string>()
  const groupSubjects = new Set<string>()
  const mefs = new Set<string>()
  const taught = new Set<string>()
  for (const { establishment, subject, schoolClass, group } of services) {
    const { jointure } = establishment
    taught.add(`${jointure}$${subject.label}`)
    if (schoolClass) {
      classes.add(`${jointure}$${schoolClass.code}`)
      classSubjects.add(`${jointure}$${schoolClass.code}$${subject.code}`)
      mefs.add(`${jointure}$${schoolClass.stage.mef.code}$${schoolClass.stage.mef.label}`)
    }
    if (group) {
      groups.add(`${jointure}$${group.code}`)
      groupSubjects.add(`${jointure}$${group.code}$${subject.code}`)
      for (const { stage } of group.classes) mefs.add(`${jointure}$${stage.mef.code}$${stage.mef.label}`)
    }
  }
  return record(
    'categoriePersonne',
    'PersEducNat',
    id,
    attr('ENTPersonJointure', id) +
      attr('ENTPersonDateNaissance', member.birth) +
      attr('ENTPersonNomPatro', (member.birthName ?? member.familyName).plain) +
      attr('sn', member.familyName.plain) +
      attr('givenName', member.givenName.proper) +
      attr('ENTPersonAutresPrenoms', member.givenName.proper) +
      attr('personalTitle', titles[member.sex]) +
      attr('mail', member.mail) +
      attr('ENTPersonStructRattach', member.attachedTo) +
      attr('ENTAuxEnsCategoDiscipline', discipline ? `${discipline.category}$${discipline.label}` : '') +
      attr('ENTAuxEnsDisciplinesPoste', discipline ? `${discipline.label}$${discipline.category}` : '') +
      attrs('ENTAuxEnsMEF', [...mefs]) +
      attrs('ENTAuxEnsMatiereEnseignEtab', [...taught]) +
      attrs('ENTAuxEnsClasses', [...classes]) +
      attrs('ENTAuxEnsGroupes', [...groups]) +
      attrs('ENTAuxEnsClassesMatieres', [...classSubjects]) +
      attrs('ENTAuxEnsGroupesMatieres', [...groupSubjects]) +
      attrs(
        'ENTAuxEnsClassesPrincipal',
        member.mainClasses.map(({ establishment, code }) => `${establishment.jointure}$${code}`),
      ) +
      attr('ENTEnsFonctionDir', '') +
      attrs(
        'ENTPersonFonctions',
        member.functions.map(({ establishment, job }) => `${establishment.jointure}$${job.join('$')}`),
      ) +
      attr('PersEducNatPresenceDevantEleves', member.facesPupils ? 'O' : 'N') +
      attr('ENTPersonCategorieEnseignant', member.facesPupils ? 'O' : 'N') +
      attr('ENTPersonSTSId', member.facesPupils ? id : ''),
  )
}
