import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stageFeed } from '../../../../test/staged-feed.ts'
import { csv } from './csv-feed.ts'
import { type CsvMapping, proposeField, proposeMapping, toHeaderKey } from './csv-mapping.ts'
import { FeedRefusal, type GivenFeed } from './feed.ts'

let parent: string
let folders = 0
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'preau-csv-'))
})
afterAll(() => rm(parent, { recursive: true }))

const uai = '0912345A'

async function write(files: Record<string, string | Buffer>): Promise<string> {
  const folder = join(parent, String(++folders))
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

/** Reads files, their columns as the product proposes unless told. */
async function read(files: Record<string, string | Buffer>, given: GivenFeed = {}, accepted = {}) {
  const folder = await write(files)
  const described: Record<string, CsvMapping> = {}
  for (const [name, content] of Object.entries(files)) {
    const headers = content.toString().split('\n')[0]!.trim().split(';')
    described[name] = proposeMapping(name, headers)
  }
  const description = given.kind ? undefined : { source: 'Essai', files: described }
  const feed = await csv.inspect(folder, { uai, exportedOn: '2026-09-20', description, ...given })
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

const pupils =
  'Identifiant;Nom;Prénom;Né(e) le;Classe\n' + 'E1;DURAND;Zoé;03/02/2014;6A\n' + 'E2;MARTIN;Paul;2014-05-06;6B\n'

describe('headers', () => {
  it.each([
    ['pupil', 'Nom', 'familyName'],
    ['pupil', 'Nom de famille de l’élève', 'familyName'],
    ['pupil', 'NOM D’USAGE', 'usualFamilyName'],
    ['pupil', 'PRENOM ELEVE', 'givenName'],
    ['pupil', 'Date de naissance*', 'bornOn'],
    ['pupil', 'Date of birth', 'bornOn'],
    ['pupil', 'Né(e) le', 'bornOn'],
    ['pupil', 'Adresse e-mail', 'email'],
    ['pupil', 'Division', 'class'],
    ['pupil', 'Code postal', 'postalCode'],
    ['pupil', 'Adresse1', 'street'],
    ['pupil', 'Adresse2', null],
    ['pupil', 'Id responsable', 'guardianId'],
    ['pupil', 'Nom responsable', 'guardian1FamilyName'],
    ['pupil', 'Décision de passage', null],
    ['guardian', 'Nom responsable', 'familyName'],
    ['guardian', 'Prénom enfant', 'childGivenName'],
    ['guardian', 'Classes de l’élève', 'childClass'],
    ['guardian', 'Lien de parenté', 'link'],
    ['staff', 'Professeur principal', 'mainClass'],
    ['staff', 'Matière', 'discipline'],
    ['class', 'Libellé', 'name'],
    ['establishment', 'Code UAI', 'uai'],
  ] as const)('of a file of %s: “%s” is %s', (kind, header, field) => {
    expect(proposeField(kind, header)).toBe(field)
  })

  it('are remembered whatever their order, case and accents', () => {
    expect(toHeaderKey(['Nom', 'Prénom'])).toBe(toHeaderKey(['PRENOM', 'nom']))
    expect(toHeaderKey(['Nom', 'Nom'])).not.toBe(toHeaderKey(['Nom']))
  })
})

describe('rows', () => {
  it('become records under their identifiers, dates in both writings', async () => {
    const { feed, rows } = await read({ 'eleves.csv': pupils })
    expect(feed).toMatchObject({ kind: 'csv', key: `essai ${uai}`, mode: 'full', schoolYear: 2026 })
    expect(feed.kinds).toEqual(['pupil', 'class', 'group'])
    expect(rows.map(({ kind, id, change, line }) => [kind, id, change, line])).toEqual([
      ['establishment', uai, 'added', 2],
      ['pupil', 'E1', 'added', 2],
      ['pupil', 'E2', 'added', 3],
      ['class', `${uai}$6A`, 'added', 0],
      ['class', `${uai}$6B`, 'added', 0],
    ])
    expect(rows[2]?.body).toMatchObject({ familyName: 'MARTIN', bornOn: '2014-05-06', classes: [`${uai}$6B`] })
  })

  it('that cannot be read are set aside, each with its line and reason; the others go on', async () => {
    const { rows } = await read({
      'eleves.csv':
        `${pupils}E3;;Sans nom;01/01/2014;6A\nE4;NOM;Date;31/02/2014;6A\nE 5;NOM;Espace;01/01/2014;6A\n` +
        'E6;TROP;Long;01/01/2014;6A;reste\nE7;COURT\n;;;;\n',
    })
    const aside = rows.filter(({ change }) => change === 'quarantined')
    expect(aside.map(({ line, id, body }) => [line, id, body['code']])).toEqual([
      [4, 'E3', 'attribute_missing'],
      [5, 'E4', 'date_invalid'],
      [6, null, 'identifier_invalid'],
      [7, 'E6', 'row_too_long'],
      [8, 'E7', 'row_too_short'],
    ])
    // The reason holds no value of the row.
    expect(JSON.stringify(aside.map(({ body }) => [body['code'], body['detail']]))).not.toContain('31/02')
    expect(rows.filter(({ kind, change }) => kind === 'pupil' && change === 'added')).toHaveLength(2)
  })

  it('may all end with separators that part nothing; one that has another number of values is told', async () => {
    const header = 'Identifiant;Nom;Prénom;Naissance'
    const rows = ['E1;A;B;01/02/2014', 'E2;C;D;01/02/2014']
    const fates = async (text: string) => (await read({ 'eleves.csv': text })).rows.slice(1).map(({ change }) => change)
    expect(await fates(`${[header, ...rows].map((line) => `${line};;`).join('\n')}\n`)).toEqual(['added', 'added'])
    expect(await fates(`${header}\n${rows.map((line) => `${line};`).join('\n')}\n`)).toEqual(['added', 'added'])
    // A value that holds the separator shifts the others: an empty one at the end makes it no better.
    expect(await fates(`${header};Mél\nE1;A;B;C;01/02/2014;\nE2;C;D;01/02/2014;\n`)).toEqual(['quarantined', 'added'])
  })

  it('without an identifier get one from names, birth date and establishment, the same every time', async () => {
    const nameless = pupils.replaceAll(/^[^;]*;/gm, '')
    const first = await read({ 'eleves.csv': nameless })
    const again = await read({ 'eleves.csv': nameless.replace('DURAND;Zoé', 'Durand;ZOE').replace('6A', '6C') })
    const ids = (rows: typeof first.rows) => rows.filter(({ kind }) => kind === 'pupil').map(({ id }) => id)
    expect(ids(first.rows)).toEqual(ids(again.rows))
    expect(ids(first.rows)[0]).toMatch(/^n-[0-9a-f]{24}$/)
    const elsewhere = await read({ 'eleves.csv': nameless }, { uai: '0912345B' })
    expect(ids(elsewhere.rows)).not.toEqual(ids(first.rows))
  })

  it('leave out what is doubtful, and count it', async () => {
    const { rows, warnings } = await read({
      'eleves.csv': 'Identifiant;Nom;Prénom;Naissance;Mel;INE\nE1;A;B;01/02/2014;nulle part;123\n',
    })
    expect(warnings).toMatchObject({ email_invalid: 1, ine_invalid: 1 })
    expect(rows.find(({ kind }) => kind === 'pupil')?.body).not.toHaveProperty('email')
  })

  it('of several establishments name each', async () => {
    const { rows } = await read(
      {
        'eleves.csv':
          'id;nom;prenom;naissance;uai;ecole\nE1;A;B;01/02/2014;0910001a;Jean Moulin\nE2;C;D;01/02/2014;91;X\n',
      },
      { uai: undefined },
    )
    expect(rows.map(({ kind, id, body }) => [kind, id, body['name'] ?? body['code']])).toEqual([
      ['establishment', '0910001A', 'Jean Moulin'],
      ['pupil', 'E1', undefined],
      ['pupil', 'E2', 'uai_invalid'],
    ])
  })
})

describe('guardians', () => {
  const guardians =
    'Id;Nom;Prénom;Lien;Nom de l’élève;Prénom de l’élève;Classe de l’élève;Nom de l’élève;Prénom de l’élève;Classe de l’élève\n'

  it('are tied to children told by their names', async () => {
    const { rows, warnings } = await read({
      'eleves.csv': pupils,
      'parents.csv': `${guardians}P1;DURAND;Anne;mère;Durand;ZOE;6a;MARTIN;Paul;\nP2;SEUL;Jean;;MARTIN;Paul;6A;;;\n`,
    })
    const links = rows
      .filter(({ kind }) => kind === 'pupil')
      .map(({ body }) => (body['guardians'] as { id: string; link: string; legal: string }[])[0])
    expect(links).toEqual([
      expect.objectContaining({ id: 'P1', link: '10', legal: 'legal' }),
      expect.objectContaining({ id: 'P1' }),
    ])
    expect(warnings).toMatchObject({ child_unknown: 1 })
  })

  it('without identifiers who only share their names are two people, and each has their own child', async () => {
    const header = 'Nom;Prénom;Courriel;Nom de l’élève;Prénom de l’élève\n'
    const { rows } = await read({
      'eleves.csv': pupils,
      'parents.csv':
        `${header}MARTIN;Anne;a@exemple.fr;DURAND;Zoé\nMARTIN;Anne;b@exemple.fr;MARTIN;Paul\n` +
        'MARTIN;Anne;a@exemple.fr;MARTIN;Paul\n',
    })
    const people = rows.filter(({ kind }) => kind === 'guardian')
    expect(people.map(({ change }) => change)).toEqual(['added', 'added', 'ignored'])
    expect(people[2]?.id).toBe(people[0]?.id)
    expect(people[1]?.id).not.toBe(people[0]?.id)
    const zoe = rows.find(({ id }) => id === 'E1')
    expect(zoe?.body['guardians']).toEqual([expect.objectContaining({ id: people[0]?.id })])
  })

  it('under an identifier of someone else get no child', async () => {
    const header = 'Id;Nom;Prénom;Id élève\n'
    const { rows } = await read({ 'eleves.csv': pupils, 'parents.csv': `${header}P1;A;A;E1\nP1;B;B;E2\n` })
    expect(rows.find(({ id }) => id === 'E2')?.body['guardians']).toEqual([])
  })

  it('stay as they were when the files say nothing of them', async () => {
    const link = { pays: true, id: 'P9', link: '10', legal: 'legal', financial: false, contact: true }
    const { rows } = await read({ 'eleves.csv': pupils }, {}, { 'pupil E1': { guardians: [link] } })
    expect(rows.find(({ id }) => id === 'E1')?.body['guardians']).toEqual([link])
    expect(rows.find(({ id }) => id === 'E2')?.body['guardians']).toEqual([])
  })

  it('do not come without their pupils', async () => {
    expect(await refusal({ 'parents.csv': `${guardians}P1;A;B;;C;D;;;;\n` })).toMatchObject({
      code: 'csv_pupils_missing',
    })
  })
})

describe('staff and classes', () => {
  it('get a profile from their function, in words or as a code', async () => {
    const { rows } = await read({
      'personnels.csv':
        'Id;Nom;Prénom;Fonction;Classe;Professeur principal\n' +
        'S1;A;A;Professeur des écoles;6A|6B;6B\nS2;B;B;Principal adjoint;;\nS3;C;C;CPE;;\nS4;D;D;DOC;;\nS5;E;E;Agent;;\n' +
        'S6;F;F;Conseiller principal d’éducation;;\n',
    })
    const staff = rows.filter(({ kind }) => kind === 'staff')
    expect(staff.map(({ body }) => (body['functions'] as { profile: string }[])[0]?.profile)).toEqual([
      'teacher',
      'head',
      'schoolLife',
      'documentation',
      'staff',
      'schoolLife',
    ])
    expect(staff[0]?.body['teachings']).toEqual([
      { kind: 'class', ref: `${uai}$6A`, subjects: [], main: false },
      { kind: 'class', ref: `${uai}$6B`, subjects: [], main: true },
    ])
  })

  it('classes are declared once, bad rows told', async () => {
    const { rows } = await read({ 'classes.csv': 'Code;Libellé\n6A;Sixième A\n6A;Encore\n;\n;;trop\n' })
    expect(
      rows.map(({ kind, id, change, line, body }) => [kind, id, change, line, body['name'] ?? body['code']]),
    ).toEqual([
      ['class', null, 'quarantined', 3, 'identifier_twice'],
      ['class', null, 'quarantined', 5, 'row_too_long'],
      ['establishment', uai, 'added', 2, uai],
      ['class', `${uai}$6A`, 'added', 0, 'Sixième A'],
    ])
  })
})

describe('encodings and separators', () => {
  const table = 'id;nom;prenom;naissance\nE1;LEFÈVRE;Éloïse;01/02/2014\n'
  const latin = (text: string) => Buffer.from(text, 'latin1')
  it.each([
    ['UTF-8', Buffer.from(table)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${table}`)],
    ['ISO-8859-15', latin(table)],
    ['CRLF', latin(table.replaceAll('\n', '\r\n'))],
    ['CR', latin(table.replaceAll('\n', '\r'))],
  ])('%s is read', async (_, content) => {
    const { rows } = await read({ 'eleves.csv': content }, { description: undefined, findMapping: remember })
    expect(rows[1]?.body).toMatchObject({ familyName: 'LEFÈVRE', givenName: 'Éloïse' })
  })

  it.each([',', '\t', '|'])('columns parted by %j are read', async (separator) => {
    const content = table.replaceAll(';', separator)
    const { rows } = await read({ 'eleves.csv': content }, { description: undefined, findMapping: remember })
    expect(rows[1]?.body).toMatchObject({ familyName: 'LEFÈVRE', bornOn: '2014-02-01' })
  })

  it('the quote and the euro of Windows are letters, not noise', async () => {
    const content = Buffer.concat([
      latin('id;nom;prenom;naissance\nE1;D'),
      Buffer.from([0x92]),
      latin('ŒUVRE;A;01/02/2014\n'),
    ])
    const { rows } = await read({ 'eleves.csv': content }, { description: undefined, findMapping: remember })
    expect(rows[1]?.body['familyName']).toMatch(/^D’/)
  })

  const remember = async () => ({
    source: 'Essai',
    mapping: {
      kind: 'pupil' as const,
      columns: {
        id: 'id' as const,
        nom: 'familyName' as const,
        prenom: 'givenName' as const,
        naissance: 'bornOn' as const,
      },
    },
  })
})

describe('files refused as a whole', () => {
  const header = 'id;nom;prenom;naissance\n'
  it.each([
    ['an empty file', '', 'csv_empty', null],
    ['blank lines', '\n\n', 'csv_header', 1],
    ['a quote never closed', `${header}E1;"A;B;01/01/2014\nE2;C;D;01/01/2014\n`, 'csv_truncated', 2],
    ['a quote in the middle', `${header}E1;A"B;C;01/01/2014\n`, 'csv_ill_formed', 2],
    ['a row without end', `${header}E1;"${'x'.repeat(1_200_000)}`, 'record_too_long', 2],
    ['zero bytes', Buffer.from(`${header}E1;A\0;B;01/01/2014\n`), 'csv_no_text', 2],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004……'), 'csv_no_text', null],
    ['UTF-16', Buffer.from(`\uFEFF${header}`, 'utf16le'), 'encoding_unsupported', 1],
    [
      'two encodings',
      Buffer.concat([Buffer.from(`${header}E1;É;A;01/01/2014\n`), Buffer.from('E2;É;B;01/01/2014\n', 'latin1')]),
      'csv_encodings_mixed',
      3,
    ],
    ['a byte of no encoding', Buffer.from([...Buffer.from(header), 0x81, 0x0a]), 'encoding_wrong', 2],
    ['a character cut', Buffer.from([...Buffer.from(`${header}E1;É;A`), 0xc3]), 'csv_truncated', 2],
  ])('%s', async (_, content, code, line) => {
    expect(await refusal({ 'eleves.csv': content })).toMatchObject({ code, line, file: 'eleves.csv' })
  })

  it('columns that nobody has described, an establishment that nobody names', async () => {
    expect(await refusal({ 'eleves.csv': pupils }, { description: undefined })).toMatchObject({
      code: 'csv_mapping_needed',
      file: 'eleves.csv',
    })
    expect(await refusal({ 'eleves.csv': pupils }, { uai: undefined })).toMatchObject({ code: 'csv_uai_needed' })
    const { feed } = await read({ [`eleves_${uai}.csv`]: pupils }, { uai: undefined })
    expect(feed.key).toBe(`essai ${uai}`)
  })
})

describe('ONDE', () => {
  const files = {
    'CSVExtraction-eleves.csv': Buffer.from(
      '"Nom Elève";"Nom d\'usage Elève";"Prénom Elève";"Date naissance";"Sexe";"Adresse1";"Cp1";"Commune1";" Cycle";"Niveau";"Classe"\r\n' +
        '"BERNARD";;"Lou";"2019-03-04";"F";"1 rue A";"14000";"CAEN";"CYCLE II";"CP";"CP-CE1"\r\n' +
        '"PETIT";"GRAND";"Léo";"2018-03-04";"M";;;;"CYCLE II";"CE1";"CP-CE1"\r\n',
      'latin1',
    ),
    'CSVExtraction-responsables.csv': Buffer.from(
      "Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;Courriel;Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants;Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants\n" +
        'Mme;;BERNARD;Ève;eve@exemple.fr;;BERNARD;Lou;CP-CE1;GRAND;PETIT;Léo;CP-CE1\n',
      'latin1',
    ),
    'CSVExtraction-enseignants.csv':
      'Civilité;Nom usage;Nom;Prénom;Courriel;Directeur;Classe\nMME;;MOREL;Iris;;oui;CP-CE1\n',
  }

  it('is known by its files and needs nothing but the school', async () => {
    const { feed, rows, warnings } = await read(files, { kind: 'onde' })
    expect(feed).toMatchObject({ kind: 'onde', key: uai, sourceName: `ONDE, ${uai}` })
    expect(rows.find(({ kind }) => kind === 'establishment')?.body).toEqual({
      name: uai,
      uai,
      level: 'primary',
      mentioned: true,
    })
    const [lou, leo] = rows.filter(({ kind }) => kind === 'pupil').map(({ body }) => body)
    expect(leo).toMatchObject({ familyName: 'GRAND', birthFamilyName: 'PETIT', enrolments: [{ level: 'CE1' }] })
    for (const body of [lou, leo]) expect(body?.['guardians']).toHaveLength(1)
    const [teacher] = rows.filter(({ kind }) => kind === 'staff').map(({ body }) => body)
    expect(teacher?.['functions']).toMatchObject([{ profile: 'teacher' }, { profile: 'head' }])
    expect(warnings).toEqual({})
  })

  it('asks for the school when nothing tells it', async () => {
    expect(await refusal(files, { kind: 'onde', uai: undefined })).toMatchObject({ code: 'csv_uai_needed' })
  })
})

describe('Supann', () => {
  const header =
    'eduPersonPrincipalName;eduPersonPrimaryAffiliation;eduPersonAffiliation;supannEmpId;supannEtuId;supannCodeINE;sn;givenName;mail;supannEtablissement;supannEntiteAffectation;supannEtuInscription\n'
  const rows =
    'lea@univ.fr;student;student|member;;21900001;123456789AB;LEROY;Léa;lea@univ.fr;{UAI}0751717J;;[etab={UAI}0751717J][anneeinsc=2026][cursusann={SUPANN}L1][etape={UAI:0751717J}HIST1]|[etab={UAI}0751717J][anneeinsc=2024][etape={UAI:0751717J}OLD]\n' +
    'max@univ.fr;;faculty|employee|member;E12;;;NOIR;Max;max@univ.fr;{UAI}0751717J;UFR08|LAB2;\n' +
    'old@univ.fr;alum;alum;;21000001;;VIEUX;Ali;;{UAI}0751717J;;\n' +
    'bad@univ.fr;student;student;;2 3;;SANS;Id;;;;\n'

  it('makes pupils of higher education of students, staff of others, and tells who is left out', async () => {
    const { feed, rows: read_ } = await read({ 'annuaire.csv': header + rows }, { kind: 'supann', uai: undefined })
    expect(feed).toMatchObject({ kind: 'supann', key: '0751717J' })
    expect(read_.map(({ kind, id, change, line }) => [kind, id, change, line])).toEqual([
      ['establishment', '0751717J', 'added', 1],
      ['pupil', '21900001', 'added', 2],
      ['staff', 'E12', 'added', 3],
      ['staff', '21000001', 'ignored', 4],
      ['pupil', null, 'quarantined', 5],
      ['class', '0751717J$HIST1', 'added', 0],
    ])
    expect(read_[0]?.body).toMatchObject({ level: 'higher' })
    expect(read_[1]?.body).toMatchObject({ enrolments: [{ level: 'L1' }], classes: ['0751717J$HIST1'] })
    expect(read_[2]?.body['functions']).toEqual([
      { establishment: '0751717J', code: '-', label: 'UFR08, LAB2', profile: 'teacher' },
    ])
  })
})
