import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { relationCodes } from './families.ts'
import { buildPrimarySector } from './primary.ts'
import { buildSector, type Establishment, type Pupil, type Sector } from './sector.ts'
import type { StaffMember } from './staff.ts'
import { academies, type AcademyKey } from './territory.ts'

/** What the applications of one school give. */
type SchoolExport = {
  readonly format: 'siecle' | 'sts' | 'onde'
  readonly uai: string
  readonly folder: string
  readonly pupils: number
  readonly guardians: number
  readonly staff: number
  readonly classes: number
}

type SchoolExportOptions = {
  /** Pupils of the sector of collèges and lycées, and of that of primary schools. Default 700. */
  pupils?: number
  /** Default 1. */
  seed?: number
  academy?: AcademyKey
  /** Of the export, `YYYY-MM-DD`; the school year follows from it. Default 2026-09-14. */
  date?: string
}

/**
 * Writes the exports of each school of a sector, one folder each: SIECLE and STS of collèges and lycées, ONDE of primary
 * schools. They are the people of the academy's feed, under the identifiers of these applications.
 */
export async function writeSchoolExports(
  directory: string,
  { pupils = 700, seed = 1, academy = 'amiens', date = '2026-09-14' }: SchoolExportOptions = {},
): Promise<SchoolExport[]> {
  const schoolYear = Number(date.slice(0, 4)) - (date.slice(5, 7) < '09' ? 1 : 0)
  const options = { seed, academy: academies[academy], index: 0, pupils, schoolYear, withPersonas: false }
  const exports: SchoolExport[] = []
  const secondary = buildSector(options)
  for (const school of secondary.establishments) {
    exports.push(await writeSiecle(directory, secondary, school, date), await writeSts(directory, secondary, school))
  }
  const primary = buildPrimarySector(options)
  for (const school of primary.establishments) exports.push(await writeOnde(directory, primary, school))
  return exports
}

const xml = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** Elements with their values; empty ones are written too, as these applications do. */
function elements(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')
}

const pupilsOf = (school: Establishment) => school.classes.flatMap((schoolClass) => schoolClass.pupils)
const groupsOf = (pupil: Pupil) => [...(pupil.half ? [pupil.half] : []), ...pupil.groups]

async function writeSiecle(
  directory: string,
  sector: Sector,
  school: Establishment,
  date: string,
): Promise<SchoolExport> {
  const { uai } = school
  const folder = join(directory, `siecle-${uai}`)
  await mkdir(folder, { recursive: true })
  const written = date.split('-').reverse().join('/')
  const head = `<PARAMETRES>${elements({ UAJ: uai, ANNEE_SCOLAIRE: String(sector.schoolYear), DATE_EXPORT: written })}</PARAMETRES>\n`
  const pupils = pupilsOf(school)
  const links = pupils.flatMap((pupil) => pupil.family.links.map((link) => ({ pupil, ...link })))
  const guardians = [...new Set(links.map(({ guardian }) => guardian))]
  const write = (name: string, root: string, content: string) =>
    writeFile(join(folder, name), `${xml}<${root} VERSION="3.0">\n${head}<DONNEES>\n${content}</DONNEES>\n</${root}>\n`)

  const records = pupils.map(
    (pupil) =>
      `<ELEVE ELEVE_ID="${pupil.id}" ELENOET="${pupil.id}">${elements({
        ID_NATIONAL: pupil.ine,
        NOM_DE_FAMILLE: pupil.familyName.upper,
        NOM_USAGE: '',
        PRENOM: pupil.givenName.proper,
        PRENOM2: pupil.otherNames[0]?.proper ?? '',
        DATE_NAISS: pupil.birth,
        DATE_ENTREE: pupil.schoolEntry,
        DATE_SORTIE: '',
        CODE_SEXE: pupil.sex === 'M' ? '1' : '2',
        CODE_STATUT: pupil.apprentice ? 'AP' : 'ST',
        CODE_MEF: pupil.class.stage.mef.code,
        MEL: pupil.mail,
        TEL_PORTABLE: pupil.phone,
      })}</ELEVE>\n`,
  )
  const structures = pupils.map((pupil) => {
    const held = [
      { CODE_STRUCTURE: pupil.class.code, TYPE_STRUCTURE: 'D' },
      ...groupsOf(pupil).map(({ code }) => ({ CODE_STRUCTURE: code, TYPE_STRUCTURE: 'G' })),
    ]
    return `<STRUCTURES_ELEVE ELEVE_ID="${pupil.id}">${held.map((each) => `<STRUCTURE>${elements(each)}</STRUCTURE>`).join('')}</STRUCTURES_ELEVE>\n`
  })
  await write(
    'ElevesSansAdresses.xml',
    'BEE_ELEVES',
    `<ELEVES>\n${records.join('')}</ELEVES>\n<STRUCTURES>\n${structures.join('')}</STRUCTURES>\n`,
  )

  const people = guardians.map(
    (guardian) =>
      `<PERSONNE PERSONNE_ID="${guardian.id}">${elements({
        NOM_DE_FAMILLE: (guardian.birthName ?? guardian.familyName).upper,
        NOM_USAGE: guardian.familyName.upper,
        PRENOM: guardian.givenName.proper,
        LC_CIVILITE: guardian.sex === 'M' ? 'M.' : 'MME',
        TEL_PERSONNEL: guardian.homePhone,
        TEL_PORTABLE: guardian.mobile,
        TEL_PROFESSIONNEL: guardian.workPhone,
        MEL: guardian.mail,
        ADRESSE_ID: guardian.address ? guardian.id : '',
      })}</PERSONNE>\n`,
  )
  const responsible = links.map(
    ({ pupil, guardian, relation, legalStatus, pays, contact }) =>
      `<RESPONSABLE_ELEVE>${elements({
        ELEVE_ID: pupil.id,
        PERSONNE_ID: guardian.id,
        NIVEAU_RESPONSABILITE: String(legalStatus),
        CODE_PARENTE: relationCodes.current[relation],
        PAIE_FRAIS_SCOLAIRES: String(pays),
        PERS_CONTACT: contact ? '1' : '0',
      })}</RESPONSABLE_ELEVE>\n`,
  )
  const addresses = guardians.flatMap(({ id, address }) => {
    if (!address) return []
    const [first = '', second = ''] = address.lines.split('$')
    return `<ADRESSE ADRESSE_ID="${id}">${elements({
      LIGNE1_ADRESSE: first,
      LIGNE2_ADRESSE: second,
      CODE_POSTAL: address.commune.postalCode,
      LIBELLE_POSTAL: address.commune.upper,
    })}</ADRESSE>\n`
  })
  await write(
    'ResponsablesAvecAdresses.xml',
    'BEE_RESPONSABLES',
    `<PERSONNES>\n${people.join('')}</PERSONNES>\n<RESPONSABLES>\n${responsible.join('')}</RESPONSABLES>\n<ADRESSES>\n${addresses.join('')}</ADRESSES>\n`,
  )
  const divisions = school.classes.map(
    ({ code, label }) => `<DIVISION CODE_STRUCTURE="${code}">${elements({ LIBELLE_LONG: label })}</DIVISION>\n`,
  )
  await write('Structures.xml', 'BEE_STRUCTURES', `<DIVISIONS>\n${divisions.join('')}</DIVISIONS>\n`)
  return {
    format: 'siecle',
    uai,
    folder,
    pupils: pupils.length,
    guardians: guardians.length,
    staff: 0,
    classes: school.classes.length,
  }
}

async function writeSts(directory: string, sector: Sector, school: Establishment): Promise<SchoolExport> {
  const { uai, classes, groups } = school
  const folder = join(directory, `sts-${uai}`)
  await mkdir(folder, { recursive: true })
  const staff = sector.staff.filter(({ functions }) => functions.some(({ establishment }) => establishment === school))
  const halves = classes.flatMap((schoolClass) => schoolClass.halves)
  const services = (teaches: (member: StaffMember, subject: string) => boolean, subjects: Set<string>) =>
    [...subjects]
      .map(
        (subject) =>
          `<SERVICE CODE_MATIERE="${subject}"><ENSEIGNANTS>${staff
            .filter((member) => teaches(member, subject))
            .map(({ id }) => `<ENSEIGNANT ID="${id}" TYPE="epp"/>`)
            .join('')}</ENSEIGNANTS></SERVICE>`,
      )
      .join('')
  const taught = staff.flatMap((member) => member.services).filter(({ establishment }) => establishment === school)
  const structure = (element: string, of: { code: string; label: string }, key: 'schoolClass' | 'group') => {
    const here = new Set(taught.filter((service) => service[key] === of).map(({ subject }) => subject.code))
    const teaches = (member: StaffMember, code: string) =>
      member.services.some((service) => service[key] === of && service.subject.code === code)
    return `<${element} CODE="${of.code}"><LIBELLE_LONG>${of.label}</LIBELLE_LONG><SERVICES>${services(teaches, here)}</SERVICES></${element}>\n`
  }
  const people = staff.map((member) => {
    const job = member.functions.find(({ establishment }) => establishment === school)?.job
    const main = member.mainClasses.filter(({ establishment }) => establishment === school)
    return `<INDIVIDU ID="${member.id}" TYPE="epp">${elements({
      CIVILITE: member.sex === 'M' ? '1' : '2',
      NOM_USAGE: member.familyName.plain,
      NOM_PATRONYMIQUE: (member.birthName ?? member.familyName).plain,
      PRENOM: member.givenName.proper,
      DATE_NAISSANCE: member.birth.split('/').reverse().join('-'),
      FONCTION: job?.[0] ?? '-',
      PROFS_PRINC: main.map(({ code }) => `<PROF_PRINC>${elements({ CODE_STRUCTURE: code })}</PROF_PRINC>`).join(''),
      DISCIPLINES: member.discipline
        ? `<DISCIPLINE CODE="${member.discipline.code}">${elements({ LIBELLE_LONG: member.discipline.label })}</DISCIPLINE>`
        : '',
    })}</INDIVIDU>\n`
  })
  const subjects = new Map(taught.map(({ subject }) => [subject.code, subject.label]))
  const place = elements({
    SIGLE: school.kind,
    DENOM_PRINC: school.name,
    ADRESSE: school.street,
    COMMUNE: school.commune.upper,
    CODE_POSTAL: school.commune.postalCode,
  })
  const name = `sts_emp_${uai}_${sector.schoolYear}.xml`
  await writeFile(
    join(folder, name),
    `${xml}<STS_EDT>\n<PARAMETRES><UAJ CODE="${uai}"><ACADEMIE><CODE>${sector.academy.code}</CODE></ACADEMIE>${place}</UAJ>` +
      `<ANNEE_SCOLAIRE ANNEE="${sector.schoolYear}"></ANNEE_SCOLAIRE></PARAMETRES>\n<NOMENCLATURES><MATIERES>\n` +
      [...subjects]
        .map(([code, label]) => `<MATIERE CODE="${code}"><LIBELLE_LONG>${label}</LIBELLE_LONG></MATIERE>\n`)
        .join('') +
      `</MATIERES></NOMENCLATURES>\n<DONNEES><INDIVIDUS>\n${people.join('')}</INDIVIDUS>\n<STRUCTURE><DIVISIONS>\n` +
      classes.map((schoolClass) => structure('DIVISION', schoolClass, 'schoolClass')).join('') +
      `</DIVISIONS><GROUPES>\n${[...halves, ...groups].map((group) => structure('GROUPE', group, 'group')).join('')}</GROUPES></STRUCTURE></DONNEES>\n</STS_EDT>\n`,
  )
  return { format: 'sts', uai, folder, pupils: 0, guardians: 0, staff: staff.length, classes: classes.length }
}

const characters: Record<string, string> = { '&amp;': '&', '&apos;': "'" }

/** A row of a CSV file: no value of the territory holds a separator nor a quote once its entities are characters. */
const row = (values: string[]) =>
  `${values.map((value) => value.replace(/&\w+;/g, (name) => characters[name] ?? name)).join(';')}\r\n`
const columns = (text: string) => text.split(';')

async function writeOnde(directory: string, sector: Sector, school: Establishment): Promise<SchoolExport> {
  const { uai } = school
  const folder = join(directory, `onde-${uai}`)
  await mkdir(folder, { recursive: true })
  const pupils = pupilsOf(school)
  const guardians = [...new Set(pupils.flatMap(({ family }) => family.links.map(({ guardian }) => guardian)))]
  const staff = sector.staff.filter(({ functions }) => functions.some(({ establishment }) => establishment === school))
  const write = (type: string, rows: string[][]) =>
    writeFile(join(folder, `CSVExtraction-${type}.csv`), Buffer.from(rows.map(row).join(''), 'utf8'))
  await write('eleves', [
    columns("Nom Elève;Nom d'usage Elève;Prénom Elève;Date naissance;Sexe;Adresse1;Cp1;Commune1;Cycle;Niveau;Classe"),
    ...pupils.map(({ familyName, givenName, birth, sex, class: of }) => [
      familyName.upper,
      '',
      givenName.proper,
      birth.split('/').reverse().join('-'),
      sex,
      '',
      '',
      '',
      '',
      of.stage.title,
      of.label,
    ]),
  ])
  const most = Math.max(1, ...guardians.map((guardian) => childrenIn(school, guardian.children).length))
  const child = "Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants"
  await write('responsables', [
    [
      ...columns(
        'Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;Adresse responsable;CP responsable;Commune responsable;Courriel;Téléphone portable',
      ),
      ...Array.from({ length: most }, () => columns(child)).flat(),
    ],
    ...guardians.map((guardian) => {
      const children = childrenIn(school, guardian.children)
      const told = children.flatMap((each) => ['', each.familyName.upper, each.givenName.proper, each.class.label])
      return [
        guardian.sex === 'M' ? 'M.' : 'MME',
        guardian.familyName.upper,
        (guardian.birthName ?? guardian.familyName).upper,
        guardian.givenName.proper,
        guardian.address?.lines.replaceAll('$', ' ') ?? '',
        guardian.address?.commune.postalCode ?? '',
        guardian.address?.commune.upper ?? '',
        guardian.mail,
        guardian.mobile,
        ...told,
        ...Array.from({ length: (most - children.length) * 4 }, () => ''),
      ]
    }),
  ])
  await write('enseignants', [
    columns('Civilité;Nom usage;Nom;Prénom;Courriel;Directeur;Classe'),
    ...staff.map((member) => {
      const taught = member.services.flatMap(({ schoolClass }) =>
        schoolClass?.establishment === school ? schoolClass : [],
      )
      const head = member.functions.some(({ job }) => job[0] === 'DIR')
      const labels = [...new Set([...taught, ...member.mainClasses])].map(({ label }) => label)
      return [
        member.sex === 'M' ? 'M.' : 'MME',
        '',
        member.familyName.upper,
        member.givenName.proper,
        member.mail,
        head ? 'oui' : 'non',
        labels.join('|'),
      ]
    }),
  ])
  return {
    format: 'onde',
    uai,
    folder,
    pupils: pupils.length,
    guardians: guardians.length,
    staff: staff.length,
    classes: school.classes.length,
  }
}

const childrenIn = (school: Establishment, children: readonly Pupil[]) =>
  children.filter((pupil) => pupil.class.establishment === school)
