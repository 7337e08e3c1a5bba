import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stageFeed } from '../../../../test/staged-feed.ts'
import { csv } from './csv-feed.ts'
import { proposeMapping } from './csv-mapping.ts'
import type { PupilBody } from './records.ts'

let parent: string
let folders = 0
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'preau-row-guardians-'))
})
afterAll(() => rm(parent, { recursive: true }))

const headers =
  'Identifiant;Nom;Prénom;Né le;Classe;Responsable 1 nom;Responsable 1 prénom;Responsable 1 e-mail;Responsable 1 téléphone;' +
  'Responsable 1 lien;Nom responsable légal 2;Prénom responsable légal 2;Tél. portable responsable légal 2'

async function read(rows: string[], accepted = {}) {
  const folder = join(parent, String(++folders))
  await mkdir(folder)
  await writeFile(join(folder, 'eleves.csv'), `${headers}\n${rows.join('\n')}\n`)
  const description = { source: 'Essai', files: { '*': proposeMapping('eleves.csv', headers.split(';')) } }
  const feed = await csv.inspect(folder, { uai: '0912345A', exportedOn: '2026-09-20', description })
  expect(feed.kinds).toContain('guardian')
  const staged = await stageFeed(feed, accepted)
  const ofKind = (kind: string) => staged.rows.filter((row) => row.kind === kind)
  const guardians = ofKind('guardian')
  const added = guardians.filter(({ change }) => change === 'added')
  const name = (id: string) => (added.find((row) => row.id === id)?.body['givenName'] as string | undefined) ?? id
  const families = ofKind('pupil').map(({ id, body }) => {
    return `${id}: ${guardiansOf(body)
      .map((link) => `${name(link.id)} ${link.link}`)
      .sort()
      .join(', ')}`
  })
  return { ...staged, guardians, added, families, accepted: toAccepted(staged.rows) }
}

const guardiansOf = (body: Record<string, unknown>) => body['guardians'] as PupilBody['guardians']

const toAccepted = (rows: { kind: string; id: string | null; change: string; body: Record<string, unknown> }[]) =>
  Object.fromEntries(
    rows.filter(({ change }) => change === 'added').map(({ kind, id, body }) => [`${kind} ${id}`, body]),
  )

it.each([
  ['Responsable 1 nom', 'guardian1FamilyName'],
  ['Nom du responsable légal 2', 'guardian2FamilyName'],
  ['Prénom resp. 3', 'guardian3GivenName'],
  ['Parent1 Email', 'guardian1Email'],
  ['Resp4 tél. travail', 'guardian4WorkPhone'],
  ['Téléphone portable du père', 'guardian1Mobile'],
  ['Courriel de la mère', 'guardian2Email'],
  ['Lien de parenté responsable 2', 'guardian2Link'],
  ['RL2 code postal', 'guardian2PostalCode'],
  ['Guardian 2 first name', 'guardian2GivenName'],
  ['Responsable 2 couleur', null],
])('in a file of pupils “%s” is proposed as %s', (header, field) => {
  const { columns } = proposeMapping('eleves.csv', ['Nom', 'Prénom', header])
  expect(columns[header] ?? null).toBe(field)
})

it('references by identifier stay references, unless the row says who they are', () => {
  expect(proposeMapping('eleves.csv', ['Nom', 'Id responsable']).columns['Id responsable']).toBe('guardianId')
  const named = proposeMapping('eleves.csv', ['Nom', 'Id responsable', 'Nom responsable'])
  expect(named.columns).toMatchObject({ 'Id responsable': 'guardian1Id', 'Nom responsable': 'guardian1FamilyName' })
})

const row = (id: string, one: string, two = ';;') => `${id};NOM;Prénom ${id};03/02/2014;6A;${one};${two}`

it('guardians of a row are people, tied to its pupil', async () => {
  const { families, added, guardians } = await read([
    row('E1', 'DURAND;Anne;anne@exemple.fr;01 02 03 04 05;mère', 'DURAND;Paul;0600000001'),
    row('E2', ';;;;'),
    // Who it is, nobody can tell; the pupil comes all the same.
    row('E3', 'SANS;;sans@exemple.fr;;'),
  ])
  expect(families).toEqual(['E1: Anne 10, Paul -', 'E2: ', 'E3: '])
  expect(added.map(({ body }) => [body['familyName'], body['email'], body['phone'], body['mobile']])).toEqual([
    ['DURAND', 'anne@exemple.fr', '01 02 03 04 05', undefined],
    ['DURAND', undefined, undefined, '0600000001'],
  ])
  expect(guardians.filter(({ change }) => change === 'quarantined')).toMatchObject([
    { id: null, line: 4, body: { code: 'attribute_missing' } },
  ])
})

it('of the same name, those whom the same e-mail or telephone reaches are one; others are not', async () => {
  const { added, families, rows } = await read([
    row('E1', 'MARTIN;Anne;anne@exemple.fr;;'),
    row('E2', 'MARTIN;ANNE;Anne@exemple.fr;01 02;'),
    row('E3', 'MARTIN;Anne;;0102;'),
    row('E4', 'MARTIN;Anne;autre@exemple.fr;;'),
    row('E5', 'MARTIN;Anne;;;'),
    // A father and his son of the same name, in one row.
    row('E6', 'PETIT;Jean;jean@exemple.fr;;', 'PETIT;Jean;'),
  ])
  expect(added).toHaveLength(5)
  const idOf = (pupil: string) => guardiansOf(rows.find(({ id }) => id === pupil)!.body).map(({ id }) => id)
  expect(idOf('E2')).toEqual(idOf('E1'))
  expect(idOf('E3')).toEqual(idOf('E1'))
  expect(new Set([...idOf('E1'), ...idOf('E4'), ...idOf('E5')]).size).toBe(3)
  expect(new Set(idOf('E6')).size).toBe(2)
  expect(families).toHaveLength(6)
})

it('keeps the identifier of a guardian whose e-mail changes, whose other child leaves, whom a namesake joins', async () => {
  const idsOf = (rows: { kind: string; id: string | null; change: string }[]) =>
    rows.flatMap(({ kind, id, change }) => (kind === 'guardian' && change === 'added' ? [id] : []))
  const before = await read([
    row('E1', 'MARTIN;Anne;anne@exemple.fr;;'),
    row('E2', 'MARTIN;Anne;anne@exemple.fr;;'),
    row('E3', 'PETIT;Jean;jean@exemple.fr;;'),
  ])
  const after = await read(
    [
      row('E0', 'MARTIN;Anne;homonyme@exemple.fr;;'),
      row('E2', 'MARTIN;Anne;nouvelle@exemple.fr;;'),
      row('E3', 'PETIT;Jean;jean2@exemple.fr;;'),
      row('E4', 'PETIT;Jean;jean2@exemple.fr;;'),
    ],
    before.accepted,
  )
  const [anne, jean] = idsOf(before.rows)
  expect(idsOf(after.rows).slice(1)).toEqual([anne, jean])
  expect(idsOf(after.rows)[0]).not.toBe(anne)
  // The same file again is the same.
  expect((await read([row('E1', 'MARTIN;Anne;anne@exemple.fr;;')], before.accepted)).families).toEqual(['E1: Anne -'])
})

it('under the identifier of someone else a guardian gets no child', async () => {
  const file = 'Identifiant;Nom;Prénom;Né le;Id responsable 1;Responsable 1 nom;Responsable 1 prénom'
  const folder = join(parent, String(++folders))
  await mkdir(folder)
  const rows = [
    'E1;A;A;03/02/2014;R1;MARTIN;Anne',
    'E2;B;B;03/02/2014;R1;PETIT;Jean',
    'E3;C;C;03/02/2014;R1;MARTIN;Anne',
  ]
  await writeFile(join(folder, 'eleves.csv'), `${file}\n${rows.join('\n')}\n`)
  const description = { source: 'Essai', files: { '*': proposeMapping('eleves.csv', file.split(';')) } }
  const { rows: staged } = await stageFeed(
    await csv.inspect(folder, { uai: '0912345A', exportedOn: '2026-09-20', description }),
  )
  const guardians = staged.flatMap(({ kind, id, body }) =>
    kind === 'pupil' ? [[id, ...guardiansOf(body).map((link) => link.id)]] : [],
  )
  expect(guardians).toEqual([['E1', 'R1'], ['E2'], ['E3', 'R1']])
})
