import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stageFeed } from '../../../../test/staged-feed.ts'
import { FeedRefusal, type GivenFeed } from './feed.ts'
import { inspectFeed } from './formats.ts'

let parent: string
let folders = 0
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'preau-siecle-'))
})
afterAll(() => rm(parent, { recursive: true }))

const uai = '0912345A'

async function read(files: Record<string, string | Buffer>, given: GivenFeed = {}, accepted = {}) {
  const folder = join(parent, String(++folders))
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const feed = await inspectFeed(folder, given)
  return { feed, ...(await stageFeed(feed, accepted)) }
}

async function refusal(files: Record<string, string | Buffer>, given: GivenFeed = {}) {
  try {
    await read(files, given)
  } catch (error) {
    if (error instanceof FeedRefusal) return error.refusal
    throw error
  }
  throw new Error('It was read.')
}

const parameters = (year = 2026, school = uai) =>
  `<PARAMETRES><UAJ>${school}</UAJ><ANNEE_SCOLAIRE>${year}</ANNEE_SCOLAIRE><DATE_EXPORT>20/09/2026</DATE_EXPORT></PARAMETRES>\n`
const document = (root: string, content: string, head = parameters()) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} VERSION="3.0">\n${head}<DONNEES>\n${content}</DONNEES>\n</${root}>\n`

const pupil = (id: string, more = '') =>
  `<ELEVE ELEVE_ID="${id}"><ID_NATIONAL>12345678${id}A</ID_NATIONAL><NOM_DE_FAMILLE>NÉ</NOM_DE_FAMILLE><NOM_USAGE>DIT</NOM_USAGE>` +
  `<PRENOM>Lou</PRENOM><DATE_NAISS>03/02/2014</DATE_NAISS><CODE_REGIME>2</CODE_REGIME><CODE_MEF>10010012110</CODE_MEF>${more}</ELEVE>\n`
const structures =
  '<STRUCTURES><STRUCTURES_ELEVE ELEVE_ID="101"><STRUCTURE><CODE_STRUCTURE>6A </CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE>' +
  '<STRUCTURE><CODE_STRUCTURE>6GR1</CODE_STRUCTURE><TYPE_STRUCTURE>G</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE></STRUCTURES>\n'
const pupils = document('BEE_ELEVES', `<ELEVES>\n${pupil('101')}${pupil('102')}</ELEVES>\n${structures}`)
const person = (id: string) =>
  `<PERSONNE PERSONNE_ID="${id}"><NOM>ONYME</NOM><PRENOM>Anne</PRENOM><LC_CIVILITE>Mme</LC_CIVILITE><ADRESSE_ID>A1</ADRESSE_ID></PERSONNE>\n`
const guardians = document(
  'BEE_RESPONSABLES',
  `<PERSONNES>\n${person('501')}${person('502')}</PERSONNES>\n<RESPONSABLES>\n` +
    '<RESPONSABLE_ELEVE><ELEVE_ID>101</ELEVE_ID><PERSONNE_ID>501</PERSONNE_ID><RESP_LEGAL>2</RESP_LEGAL><CODE_PARENTE>2</CODE_PARENTE><PERS_CONTACT>1</PERS_CONTACT></RESPONSABLE_ELEVE>\n' +
    '<RESPONSABLE_ELEVE><ELEVE_ID>102</ELEVE_ID><PERSONNE_ID>501</PERSONNE_ID><NIVEAU_RESPONSABILITE>2</NIVEAU_RESPONSABILITE><CODE_PARENTE>41</CODE_PARENTE><PAIE_FRAIS_SCOLAIRES>true</PAIE_FRAIS_SCOLAIRES></RESPONSABLE_ELEVE>\n' +
    '<RESPONSABLE_ELEVE><ELEVE_ID>102</ELEVE_ID><PERSONNE_ID>502</PERSONNE_ID><RESP_LEGAL>0</RESP_LEGAL><CODE_PARENTE>ZZ</CODE_PARENTE></RESPONSABLE_ELEVE>\n' +
    '</RESPONSABLES>\n<ADRESSES><ADRESSE ADRESSE_ID="A1"><LIGNE1_ADRESSE>1 rue A</LIGNE1_ADRESSE><LIGNE3_ADRESSE>Bât. B</LIGNE3_ADRESSE><CODE_POSTAL>91000</CODE_POSTAL><LIBELLE_POSTAL>ÉVRY</LIBELLE_POSTAL></ADRESSE></ADRESSES>\n',
)
const files = { 'ElevesSansAdresses.xml': pupils, 'ResponsablesAvecAdresses.xml': guardians }

describe('SIECLE', () => {
  it('reads pupils, classes and guardians of both generations, whatever the order of its sections', async () => {
    const { feed, rows, warnings } = await read(files)
    expect(feed).toMatchObject({ kind: 'siecle', key: uai, schoolYear: 2026, exportedOn: '2026-09-20', mode: 'full' })
    expect(rows.map(({ kind, id, change }) => `${kind} ${id} ${change}`)).toEqual([
      `establishment ${uai} added`,
      'pupil 101 added',
      'pupil 102 added',
      'guardian 501 added',
      'guardian 502 added',
      `class ${uai}$6A added`,
      `group ${uai}$6GR1 added`,
    ])
    const [first, second] = rows.filter(({ kind }) => kind === 'pupil').map(({ body }) => body)
    expect(first).toMatchObject({
      familyName: 'DIT',
      birthFamilyName: 'NÉ',
      bornOn: '2014-02-03',
      classes: [`${uai}$6A`],
      groups: [`${uai}$6GR1`],
      guardians: [{ id: '501', link: '2', legal: 'legal', contact: true, pays: false }],
    })
    expect(second?.['guardians']).toMatchObject([
      { id: '501', legal: 'inCharge', pays: true },
      { id: '502', legal: 'none' },
    ])
    expect(rows.find(({ id }) => id === '501')?.body).toMatchObject({ street: '1 rue A\nBât. B', town: 'ÉVRY' })
    expect(warnings).toEqual({ link_code_unknown: 1, class_undeclared: 1 })
  })

  it('names classes, subjects, regimes and the school from the other files', async () => {
    const { feed, rows, warnings } = await read({
      ...files,
      'Structures.xml': document(
        'BEE_STRUCTURES',
        '<DIVISIONS><DIVISION CODE_STRUCTURE="6A"><LIBELLE_LONG>Sixième A</LIBELLE_LONG></DIVISION><DIVISION><LIBELLE_LONG>Sans code</LIBELLE_LONG></DIVISION></DIVISIONS><GROUPES><GROUPE CODE_STRUCTURE="6GR1"><LIBELLE_LONG>Latin</LIBELLE_LONG></GROUPE></GROUPES>',
      ),
      'Nomenclature.xml': document(
        'BEE_NOMENCLATURES',
        '<MATIERES><MATIERE CODE_MATIERE="030201"><LIBELLE_EDITION>Anglais  </LIBELLE_EDITION></MATIERE><MATIERE CODE_MATIERE="X"/></MATIERES><MEFS><MEF CODE_MEF="10010012110"><LIBELLE_LONG>6EME</LIBELLE_LONG><CODE_MEFSTAT>21110010012</CODE_MEFSTAT><MEF_RATTACHEMENT>10010012110</MEF_RATTACHEMENT></MEF></MEFS><REGIMES><REGIME CODE_REGIME="2"><LIBELLE_LONG>DEMI-PENSION</LIBELLE_LONG></REGIME></REGIMES>',
      ),
      'Communs.xml': document('BEE_COMMUN', '<UAJ><DENOM_PRINC>COLLEGE JEAN MOULIN</DENOM_PRINC></UAJ>'),
      'Geographique.xml': document('BEE_GEOGRAPHIQUE', ''),
    })
    expect(feed.kinds).toEqual(['establishment', 'pupil', 'class', 'group', 'guardian', 'subject', 'mef'])
    const find = (id: string) => rows.find((row) => row.id === id)?.body
    expect(find(uai)).toMatchObject({ name: 'COLLEGE JEAN MOULIN', mentioned: true })
    expect(find(`${uai}$6A`)).toMatchObject({ name: 'Sixième A' })
    expect(find(`${uai}$6GR1`)).toMatchObject({ name: 'Latin' })
    expect(find('030201')).toEqual({ name: 'Anglais' })
    expect(find('10010012110')).toEqual({
      name: '6EME',
      attachedTo: '10010012110',
      statisticalCode: '21110010012',
    })
    expect(find('101')).toMatchObject({ enrolments: [{ regime: 'DEMI-PENSION' }] })
    const aside = rows.filter(({ change }) => change === 'quarantined')
    expect(aside.map(({ kind, body }) => `${kind} ${String(body['code'])}`)).toEqual([
      'class attribute_missing',
      'subject attribute_missing',
    ])
    expect(warnings['class_undeclared']).toBeUndefined()
  })

  it('accounts for every pupil: set aside with line and reason, or left out once gone', async () => {
    const { rows } = await read({
      'ElevesSansAdresses.xml': document(
        'BEE_ELEVES',
        `<ELEVES>\n${pupil('101')}${pupil('102', '<DATE_SORTIE>01/09/2026</DATE_SORTIE>')}` +
          pupil('103').replace('03/02/2014', '30/02/2014') +
          pupil('104').replace('<PRENOM>Lou</PRENOM>', '<PRENOM/>') +
          pupil('1 5') +
          `${pupil('106', '<DATE_SORTIE>01/07/2027</DATE_SORTIE>')}</ELEVES>`,
      ),
    })
    const told = rows.filter(({ kind }) => kind === 'pupil')
    expect(
      told.map(({ id, change, line, body }) => [id, change, line, change === 'added' ? '' : body['code']]),
    ).toEqual([
      ['101', 'added', 6, ''],
      ['102', 'ignored', 7, 'pupil_left'],
      ['103', 'quarantined', 8, 'date_invalid'],
      ['104', 'quarantined', 9, 'attribute_missing'],
      [null, 'quarantined', 10, 'identifier_invalid'],
      ['106', 'added', 11, ''],
    ])
  })

  it('leaves guardians as they were when it brings none', async () => {
    const before = [{ contact: false, id: '501', legal: 'legal', link: '10', pays: false, financial: true }]
    const { feed, rows } = await read({ 'ElevesSansAdresses.xml': pupils }, {}, { 'pupil 101': { guardians: before } })
    expect(feed.kinds).not.toContain('guardian')
    expect(rows.find(({ id }) => id === '101')?.body['guardians']).toEqual(before)
    expect(JSON.stringify(rows.find(({ id }) => id === '101')?.body['guardians'])).toMatch(/^.{"id"/)
  })

  it.each([
    ['guardians alone', { 'ResponsablesAvecAdresses.xml': guardians }, 'type_missing'],
    ['pupils twice', { 'ElevesSansAdresses.xml': pupils, 'ElevesAvecAdresses.xml': pupils }, 'file_twice'],
    ['another content', { 'ElevesSansAdresses.xml': guardians }, 'root_unexpected'],
    [
      'two schools',
      { ...files, 'Nomenclature.xml': document('BEE_NOMENCLATURES', '', parameters(2026, '0912345B')) },
      'establishments_mixed',
    ],
    ['two years', { ...files, 'Nomenclature.xml': document('BEE_NOMENCLATURES', '', parameters(2025)) }, 'dates_mixed'],
    ['no school', { 'ElevesSansAdresses.xml': pupils.replace(/<UAJ>.*<\/UAJ>/, '') }, 'uai_unknown'],
    ['a school that is none', { 'ElevesSansAdresses.xml': pupils.replace(uai, 'ICI') }, 'uai_unknown'],
    ['a file cut', { 'ElevesSansAdresses.xml': pupils.slice(0, -60) }, 'truncated'],
    ['tags crossed', { 'ElevesSansAdresses.xml': pupils.replace('</PRENOM>', '</NOM>') }, 'ill_formed'],
    ['an entity', { 'ElevesSansAdresses.xml': pupils.replace('Lou', '&bombe;') }, 'entity_unknown'],
    [
      'a bomb',
      {
        'ElevesSansAdresses.xml': pupils.replace('<BEE_ELEVES', '<!DOCTYPE BEE_ELEVES [<!ENTITY a "aa">]><BEE_ELEVES'),
      },
      'doctype_refused',
    ],
    ['an endless value', { 'ElevesSansAdresses.xml': pupils.replace('Lou', 'u'.repeat(80_000)) }, 'value_too_long'],
    [
      'an endless comment',
      { 'ElevesSansAdresses.xml': pupils.replace('<ELEVES>', `<!--${'-a'.repeat(700_000)}-->`) },
      'record_too_long',
    ],
    ['endless depth', { 'ElevesSansAdresses.xml': pupils.replace('<ELEVES>', '<X>'.repeat(100)) }, 'ill_formed'],
    ['bytes of another encoding', { 'ElevesSansAdresses.xml': Buffer.from(pupils, 'latin1') }, 'encoding_wrong'],
  ])('refuses %s, and says where', async (_, given, code) => {
    const told = await refusal(given)
    expect(told.code).toBe(code)
    if (!['type_missing', 'uai_unknown'].includes(code)) expect(told.file).toMatch(/xml$/)
  })

  it('reads ISO-8859-1 and ISO-8859-15 as they say', async () => {
    for (const [encoding, name] of [
      ['ISO-8859-1', 'N¼'],
      ['ISO-8859-15', 'NŒ'],
    ] as const) {
      const text = pupils.replace('UTF-8', encoding).replaceAll('NÉ', 'N¼')
      const { rows } = await read({ 'ElevesSansAdresses.xml': Buffer.from(text, 'latin1') })
      expect(rows.find(({ id }) => id === '101')?.body['birthFamilyName']).toBe(name)
    }
  })
})

const staff =
  `<?xml version="1.0" encoding="ISO-8859-15"?>\n<STS_EDT>\n<PARAMETRES><UAJ CODE="${uai}"><ACADEMIE><CODE>24</CODE></ACADEMIE><SIGLE>CLG</SIGLE><DENOM_PRINC>JEAN MOULIN</DENOM_PRINC><COMMUNE>EVRY</COMMUNE></UAJ>` +
  '<ANNEE_SCOLAIRE ANNEE="2026"><DATE_DEBUT>2026-09-01</DATE_DEBUT></ANNEE_SCOLAIRE></PARAMETRES>\n' +
  '<NOMENCLATURES><MATIERES><MATIERE CODE="030201"><LIBELLE_LONG>ANGLAIS</LIBELLE_LONG></MATIERE></MATIERES></NOMENCLATURES>\n<DONNEES><INDIVIDUS>\n' +
  '<INDIVIDU ID="11" TYPE="epp"><CIVILITE>2</CIVILITE><NOM_USAGE>DIT</NOM_USAGE><NOM_PATRONYMIQUE>NE</NOM_PATRONYMIQUE><PRENOM>Eve</PRENOM><DATE_NAISSANCE>1980-01-02</DATE_NAISSANCE><FONCTION>ENS</FONCTION><PROFS_PRINC><PROF_PRINC><CODE_STRUCTURE>6A</CODE_STRUCTURE></PROF_PRINC></PROFS_PRINC></INDIVIDU>\n' +
  '<INDIVIDU ID="11" TYPE="local"><NOM_USAGE>AUTRE</NOM_USAGE><PRENOM>Max</PRENOM><FONCTION>DIR</FONCTION></INDIVIDU>\n' +
  '<INDIVIDU ID="12"><NOM_USAGE>SANS</NOM_USAGE></INDIVIDU>\n</INDIVIDUS>\n' +
  '<STRUCTURE><DIVISIONS><DIVISION CODE="6A"><LIBELLE_LONG>Sixieme A</LIBELLE_LONG><SERVICES><SERVICE CODE_MATIERE="030201"><ENSEIGNANTS><ENSEIGNANT ID="11" TYPE="epp"/></ENSEIGNANTS></SERVICE></SERVICES></DIVISION><DIVISION/></DIVISIONS>' +
  '<GROUPES><GROUPE CODE="6GR1"><SERVICES><SERVICE CODE_MATIERE="030201"><ENSEIGNANTS><ENSEIGNANT ID="11" TYPE="local"/></ENSEIGNANTS></SERVICE></SERVICES></GROUPE></GROUPES></STRUCTURE></DONNEES>\n</STS_EDT>\n'
const name = `sts_emp_${uai}_2026.xml`

describe('STS', () => {
  it('reads the school, its classes, its staff and what they teach', async () => {
    const { feed, rows } = await read({ [name]: staff }, { today: '2026-09-20' })
    expect(feed).toMatchObject({ kind: 'sts', key: uai, academyCode: '24', exportedOn: '2026-09-20', schoolYear: 2026 })
    expect(rows.map(({ kind, id, change }) => `${kind} ${id} ${change}`)).toEqual([
      'class null quarantined',
      `establishment ${uai} added`,
      'subject 030201 added',
      'staff 11 added',
      'staff local-11 added',
      'staff 12 quarantined',
      `class ${uai}$6A added`,
      `group ${uai}$6GR1 added`,
    ])
    const find = (id: string) => rows.find((row) => row.id === id)?.body
    expect(find(uai)).toMatchObject({ name: 'JEAN MOULIN', level: 'lowerSecondary', town: 'EVRY' })
    expect(find('11')).toMatchObject({
      title: 'Mme',
      birthFamilyName: 'NE',
      functions: [{ code: 'ENS', profile: 'teacher' }],
      teachings: [{ kind: 'class', ref: `${uai}$6A`, subjects: ['030201'], main: true }],
    })
    expect(find('local-11')).toMatchObject({ functions: [{ profile: 'head' }], teachings: [{ ref: `${uai}$6GR1` }] })
  })

  it.each([
    [
      'the file that goes back to STS',
      { [`emp_sts_${uai}_2026.xml`]: staff.replaceAll('STS_EDT', 'EDT_STS') },
      'sts_return_file',
    ],
    ['two files', { [name]: staff, [`sts_emp_${uai}_2025.xml`]: staff }, 'file_twice'],
    ['no school', { [name]: staff.replace(uai, '') }, 'uai_unknown'],
    ['a day that nobody says', { [name]: staff }, 'date_unknown'],
    ['no year', { [name]: staff.replace('ANNEE="2026"', '') }, 'date_invalid'],
    [
      'a DOCTYPE',
      { [name]: staff.replace('<STS_EDT>', '<!DOCTYPE STS_EDT SYSTEM "http://x/y.dtd"><STS_EDT>') },
      'doctype_refused',
    ],
    ['files of two formats', { [name]: staff, 'ElevesSansAdresses.xml': pupils }, 'file_name_unexpected'],
  ])('refuses %s', async (_, given, code) => {
    expect(await refusal(given)).toMatchObject({ code })
  })
})
