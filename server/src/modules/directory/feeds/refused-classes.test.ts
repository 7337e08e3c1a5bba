import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SmallOneRoster, writeSmallOneRoster } from '../../../../test/small-oneroster.ts'
import { stageFeed } from '../../../../test/staged-feed.ts'
import type { RecordKind } from '../tables.ts'
import type { GivenFeed } from './feed.ts'
import { inspectFeed } from './formats.ts'
import { toStagedRow } from './records.ts'
import { type RefusedRecord, rereadRefused } from './refused-records.ts'

let parent: string
let folders = 0
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'preau-refused-classes-'))
})
afterAll(() => rm(parent, { recursive: true }))

const newFolder = () => join(parent, String(++folders))

async function write(files: Record<string, string>): Promise<string> {
  const folder = newFolder()
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

const uai = '0912345A'
const siecle = (root: string, content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} VERSION="3.0"><PARAMETRES><UAJ>${uai}</UAJ>` +
  `<ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><DATE_EXPORT>20/09/2026</DATE_EXPORT></PARAMETRES><DONNEES>${content}</DONNEES></${root}>`
const words = (label: string) => `<LIBELLE_LONG>${label}</LIBELLE_LONG>`
const oneRoster = (title: string): SmallOneRoster => ({
  academicSessions: [],
  users: [],
  roles: [],
  enrollments: [],
  orgs: [{ sourcedId: 's1', name: 'Collège', type: 'school' }],
  courses: [{ sourcedId: 'maths', title }],
  classes: [
    { sourcedId: '6a', title, classType: 'homeroom', schoolSourcedId: 's1', courseSourcedId: 'maths' },
    { sourcedId: '6gr1', title, classType: 'scheduled', schoolSourcedId: 's1', courseSourcedId: 'maths' },
  ],
})

/** Longer than any format takes. */
const unreadable = 'Z'.repeat(2_500)
const readable = 'Sixième A'

it.each<[string, string[], (label: string) => Promise<string>, GivenFeed]>([
  [
    'SIECLE',
    ['class', 'group', 'subject', 'mef'],
    (label) =>
      write({
        'ElevesSansAdresses.xml': siecle('BEE_ELEVES', ''),
        'Structures.xml': siecle(
          'BEE_STRUCTURES',
          `<DIVISIONS><DIVISION CODE_STRUCTURE="6A">${words(label)}</DIVISION></DIVISIONS>` +
            `<GROUPES><GROUPE CODE_STRUCTURE="6GR1">${words(label)}</GROUPE></GROUPES>`,
        ),
        'Nomenclature.xml': siecle(
          'BEE_NOMENCLATURES',
          `<MATIERES><MATIERE CODE_MATIERE="030201">${words(label)}</MATIERE></MATIERES>` +
            `<MEFS><MEF CODE_MEF="10010012110">${words(label)}</MEF></MEFS>`,
        ),
      }),
    {},
  ],
  [
    'STS',
    ['class', 'group', 'subject', 'mef'],
    (label) =>
      write({
        [`sts_emp_${uai}_2026.xml`]:
          `<?xml version="1.0" encoding="UTF-8"?>\n<STS_EDT><PARAMETRES><UAJ CODE="${uai}"/><ANNEE_SCOLAIRE ANNEE="2026"/></PARAMETRES>` +
          `<NOMENCLATURES><MATIERES><MATIERE CODE="030201">${words(label)}</MATIERE></MATIERES>` +
          `<MEFS><MEF CODE="10010012110">${words(label)}</MEF></MEFS></NOMENCLATURES><DONNEES><STRUCTURE>` +
          `<DIVISIONS><DIVISION CODE="6A">${words(label)}</DIVISION></DIVISIONS>` +
          `<GROUPES><GROUPE CODE="6GR1">${words(label)}</GROUPE></GROUPES></STRUCTURE></DONNEES></STS_EDT>`,
      }),
    { exportedOn: '2026-09-20' },
  ],
  ['OneRoster', ['subject', 'class', 'class'], (label) => writeSmallOneRoster(newFolder(), oneRoster(label)), {}],
  [
    'CSV',
    ['class'],
    (label) => write({ 'divisions.csv': `Code;Libellé;Cantine\n6A;${label};oui\n` }),
    {
      uai,
      exportedOn: '2026-09-20',
      description: { source: 'Essai', files: { '*': { kind: 'class', columns: { Code: 'code', Libellé: 'name' } } } },
    },
  ],
])(
  'classes, subjects and MEFs that %s had set aside are read again from what was kept',
  async (_, kinds, make, given) => {
    const right = await stageFeed(await inspectFeed(await make(readable), given))
    const feed = await inspectFeed(await make(unreadable), given)
    const wrong = await stageFeed(feed)
    const refused = wrong.rows.filter(({ change }) => change === 'quarantined')
    expect(refused.map(({ kind }) => kind)).toEqual(kinds)
    const establishments = new Set(right.rows.flatMap(({ kind, id }) => (kind === 'establishment' && id ? [id] : [])))
    const context = { ...feed, establishments, accepted: undefined }
    for (const { kind, id, body } of refused) {
      const kept = body['refused'] as RefusedRecord
      const again = (of: RefusedRecord, known = establishments) => {
        const [only, ...others] = rereadRefused(kind as RecordKind, id, of, { ...context, establishments: known })
        expect(others).toEqual([])
        return only!
      }
      // As unreadable as before, it is kept as it was.
      expect(again(kept).outcome).toMatchObject({ fate: 'quarantined', code: body['code'], refused: kept })
      expect(JSON.stringify(kept)).not.toContain('oui')

      const mended = JSON.parse(JSON.stringify(kept).replaceAll(unreadable, readable)) as RefusedRecord
      const { kind: found, outcome } = again(mended)
      if (outcome.fate !== 'accepted') throw new Error(`${kind} is ${outcome.fate}`)
      const [, staged, , , establishment, , , , text] = toStagedRow(found, outcome, 0, 0).split('\t')
      const asRead = right.rows.find((row) => row.kind === found && row.id === staged)
      expect({ establishment, body: JSON.parse(text!) as object }).toEqual({
        establishment: asRead?.establishment ?? '\\N',
        body: asRead?.body,
      })
      // A class needs its establishment.
      if (found !== 'class' && found !== 'group') continue
      expect(again(mended, new Set()).outcome).toMatchObject({
        fate: 'quarantined',
        code: 'establishment_unknown',
        refused: mended,
      })
    }
  },
)

it('a row that takes a class away still does', async () => {
  const columns = { Code: 'code', Libellé: 'name', Supprimé: 'deleted' } as const
  const given = {
    uai,
    mode: 'delta' as const,
    exportedOn: '2026-09-20',
    description: { source: 'Essai', files: { '*': { kind: 'class' as const, columns } } },
  }
  const folder = await write({ 'divisions.csv': `Code;Libellé;Supprimé\n6A;${unreadable};oui\n` })
  const feed = await inspectFeed(folder, given)
  const { rows } = await stageFeed(feed)
  const [row] = rows.filter(({ change }) => change === 'quarantined')
  const mended = JSON.parse(JSON.stringify(row?.body['refused']).replaceAll(unreadable, readable)) as RefusedRecord
  const context = { ...feed, establishments: new Set([uai]), accepted: undefined }
  expect(rereadRefused('class', null, mended, context)).toEqual([
    { kind: 'class', outcome: { fate: 'removed', externalId: `${uai}$6A` } },
  ])
})
