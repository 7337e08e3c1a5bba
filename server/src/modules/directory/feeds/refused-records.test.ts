import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  makeStaffMember,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import { stageFeed } from '../../../../test/staged-feed.ts'
import { proposeMapping } from './csv-mapping.ts'
import type { GivenFeed } from './feed.ts'
import { inspectFeed } from './formats.ts'
import { toStagedRow } from './records.ts'
import { type RefusedRecord, rereadRefused } from './refused-records.ts'

let parent: string
let folders = 0
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'preau-refused-'))
})
afterAll(() => rm(parent, { recursive: true }))

async function write(files: Record<string, string>): Promise<string> {
  const folder = join(parent, String(++folders))
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

/** What a record becomes, without the identifier that is new each time. */
const bodyOf = (row: string) => {
  const [kind, id, change, , establishment, , , , body, ...keys] = row.trimEnd().split('\t')
  return { kind, id, change, establishment, body, keys }
}

/** Takes every establishment for unknown, then reads again what was set aside for it, now that they are there. */
async function retry(folder: string, given: GivenFeed) {
  const feed = await inspectFeed(folder, given)
  const [right, wrong] = [await stageFeed(feed), await stageFeed(feed, {}, { missing: true })]
  const establishments = new Set(right.rows.flatMap(({ kind, id }) => (kind === 'establishment' && id ? [id] : [])))
  const context = { ...feed, establishments, accepted: undefined }
  const refused = wrong.rows.filter(({ change }) => change === 'quarantined')
  const again = refused.flatMap(({ kind, id, body }) =>
    rereadRefused(kind as 'pupil', id, body['refused'] as RefusedRecord, context).map((each) =>
      bodyOf(toStagedRow(each.kind, each.outcome, 0, 0)),
    ),
  )
  const asRead = right.rows.filter(({ kind, id }) => again.some((each) => each.kind === kind && each.id === id))
  return {
    refused,
    again: again.map(({ kind, id, body }) => ({ kind, id, body: JSON.parse(body!) as object })),
    asRead,
  }
}

const uai = '0912345A'
const siecle = (root: string, content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} VERSION="3.0"><PARAMETRES><UAJ>${uai}</UAJ>` +
  `<ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><DATE_EXPORT>20/09/2026</DATE_EXPORT></PARAMETRES><DONNEES>${content}</DONNEES></${root}>`

it.each<[string, number, () => Promise<string>, GivenFeed]>([
  [
    'AAF',
    2,
    () =>
      writeSmallFeed(join(parent, String(++folders)), {
        establishments: [makeEstablishment('52', { ENTStructureClasses: '6A$Sixième A' })],
        pupils: [makePupil('101', '52', { ENTEleveClasses: '52$6A', ENTEleveINE: '1234567890A' })],
        guardians: [makeGuardian('201')],
        staff: [makeStaffMember('301', { ENTPersonFonctions: '52$ENS$-$L0202$ANGLAIS' })],
      }),
    {},
  ],
  [
    'CSV',
    3,
    () =>
      write({
        'eleves.csv':
          'Identifiant;Nom;Prénom;Né le;Classe;Cantine\nE1;DURAND;Zoé;03/02/2014;6A;oui\n;MARTIN;Paul;06/05/2014;6B;\n',
        'parents.csv': 'Nom;Prénom;Nom enfant;Prénom enfant;E-mail\nDURAND;Anne;DURAND;Zoé;anne@exemple.fr\n',
        'personnels.csv': 'Nom;Prénom;Fonction;Classe\nNOËL;Élie;Professeur;6A|6B\n',
      }),
    {
      uai,
      exportedOn: '2026-09-20',
      description: {
        source: 'Essai',
        files: {
          'eleves.csv': {
            kind: 'pupil',
            columns: { Identifiant: 'id', Nom: 'familyName', Prénom: 'givenName', 'Né le': 'bornOn', Classe: 'class' },
          },
          'parents.csv': {
            kind: 'guardian',
            columns: {
              Nom: 'familyName',
              Prénom: 'givenName',
              'Nom enfant': 'childFamilyName',
              'Prénom enfant': 'childGivenName',
              'E-mail': 'email',
            },
          },
          'personnels.csv': {
            kind: 'staff',
            columns: { Nom: 'familyName', Prénom: 'givenName', Fonction: 'function', Classe: 'class' },
            profile: 'teacher',
          },
        },
      },
    },
  ],
  [
    'CSV with guardians in rows of pupils',
    1,
    () =>
      write({
        'eleves.csv':
          'Identifiant;Nom;Prénom;Né le;Responsable 1 nom;Responsable 1 prénom\nE1;DURAND;Zoé;03/02/2014;DURAND;Anne\n',
      }),
    {
      uai,
      exportedOn: '2026-09-20',
      description: {
        source: 'Essai',
        files: {
          '*': proposeMapping('eleves.csv', [
            'Identifiant',
            'Nom',
            'Prénom',
            'Né le',
            'Responsable 1 nom',
            'Responsable 1 prénom',
          ]),
        },
      },
    },
  ],
  [
    'SIECLE',
    1,
    () =>
      write({
        'ElevesAvecAdresses.xml': siecle(
          'BEE_ELEVES',
          '<ELEVES><ELEVE ELEVE_ID="101"><NOM_DE_FAMILLE>NÉ</NOM_DE_FAMILLE><PRENOM>Lou</PRENOM><ADRESSE_ID>A1</ADRESSE_ID>' +
            '<DATE_NAISS>03/02/2014</DATE_NAISS><CODE_MEF>10010012110</CODE_MEF></ELEVE></ELEVES>' +
            '<ADRESSES><ADRESSE ADRESSE_ID="A1"><LIGNE1_ADRESSE>1 rue A</LIGNE1_ADRESSE></ADRESSE></ADRESSES>' +
            '<STRUCTURES><STRUCTURES_ELEVE ELEVE_ID="101"><STRUCTURE><CODE_STRUCTURE>6A</CODE_STRUCTURE>' +
            '<TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE></STRUCTURES>',
        ),
        'ResponsablesAvecAdresses.xml': siecle(
          'BEE_RESPONSABLES',
          '<PERSONNES><PERSONNE PERSONNE_ID="501"><NOM>ONYME</NOM><PRENOM>Anne</PRENOM></PERSONNE></PERSONNES>' +
            '<RESPONSABLES><RESPONSABLE_ELEVE><ELEVE_ID>101</ELEVE_ID><PERSONNE_ID>501</PERSONNE_ID>' +
            '<RESP_LEGAL>1</RESP_LEGAL><CODE_PARENTE>10</CODE_PARENTE></RESPONSABLE_ELEVE></RESPONSABLES>',
        ),
      }),
    {},
  ],
  [
    'STS',
    1,
    () =>
      write({
        [`sts_emp_${uai}_2026.xml`]:
          `<?xml version="1.0" encoding="UTF-8"?>\n<STS_EDT><PARAMETRES><UAJ CODE="${uai}"/><ANNEE_SCOLAIRE ANNEE="2026"/>` +
          '</PARAMETRES><DONNEES><INDIVIDUS><INDIVIDU ID="7" TYPE="epp"><NOM_USAGE>NOËL</NOM_USAGE><PRENOM>Élie</PRENOM>' +
          '<FONCTION>ENS</FONCTION></INDIVIDU></INDIVIDUS><STRUCTURE><DIVISIONS><DIVISION CODE="6A"><SERVICES>' +
          '<SERVICE CODE_MATIERE="030201"><ENSEIGNANTS><ENSEIGNANT ID="7" TYPE="epp"/></ENSEIGNANTS></SERVICE></SERVICES></DIVISION>' +
          '</DIVISIONS></STRUCTURE></DONNEES></STS_EDT>',
      }),
    { exportedOn: '2026-09-20' },
  ],
  [
    'Supann',
    1,
    () =>
      write({
        'supann.csv':
          'uid;sn;givenName;eduPersonPrimaryAffiliation;supannEtuId;supannEtuInscription\n' +
          `l1;LEROY;Ève;student;22001;[etab={UAI}${uai}][anneeinsc=2026][etape={UAI:${uai}}HIST1]\n`,
      }),
    { uai, exportedOn: '2026-09-20' },
  ],
])('what %s had set aside is read again as if it had been right at once', async (_, count, folder, given) => {
  const { refused, again, asRead } = await retry(await folder(), given)
  expect(refused).toHaveLength(count)
  expect(again.map(({ kind, id, body }) => ({ kind, id, body }))).toEqual(
    asRead.map(({ kind, id, body }) => ({ kind, id, body })),
  )
  expect(again.filter(({ kind }) => refused.some((each) => each.kind === kind))).toHaveLength(count)
  // Columns that nobody reads are not kept.
  expect(JSON.stringify(refused)).not.toContain('oui')
})
