import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SaxesParser } from 'saxes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  defectNames,
  isUai,
  listPartners,
  listTerritories,
  listTerritoryCodes,
  makeUai,
  nextExport,
  personaClasses,
  personaEstablishments,
  personas,
  writeAafFeed,
  writeDefectiveFeed,
  type DefectName,
  type FeedOptions,
  type FeedSummary,
  type RecordType,
} from './index.ts'

const root = mkdtempSync(join(tmpdir(), 'preau-feed-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let directories = 0
function freshDirectory(): string {
  return join(root, String(directories++))
}

type Parsed = { type: RecordType; id: string; attributes: Map<string, string[]> }

/** Reads a file as an importer would: decodes it as it says, and fails on anything ill-formed. */
function parseFile(directory: string, name: string): Parsed[] {
  const bytes = readFileSync(join(directory, name))
  const encoding = /encoding="([^"]+)"/.exec(bytes.toString('latin1', 0, 100))?.[1] ?? ''
  const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  const type = /_Complet_\d{8}_(\w+)_\d{4}\.xml$/.exec(name)?.[1] as RecordType
  const records: Parsed[] = []
  let attribute: string[] = []
  let value = ''
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name: tag, attributes }) => {
    if (tag === 'addRequest') records.push({ type, id: '', attributes: new Map() })
    if (tag === 'attr') records.at(-1)?.attributes.set(attributes['name'] ?? '', (attribute = []))
    value = ''
  })
  parser.on('text', (part) => (value += part))
  parser.on('closetag', ({ name: tag }) => {
    const record = records.at(-1)
    if (tag === 'id' && record) record.id = value
    if (tag === 'value') attribute.push(value)
  })
  parser.write(text).close()
  return records
}

function parseFeed(directory: string): Parsed[] {
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => parseFile(directory, name))
}

async function writeAndParse(options: FeedOptions) {
  const directory = freshDirectory()
  const summary = await writeAafFeed(directory, options)
  return { directory, summary, records: parseFeed(directory) }
}

function hashFeed(directory: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(directory).toSorted()) hash.update(name).update(readFileSync(join(directory, name)))
  return hash.digest('hex')
}

function values(record: Parsed | undefined, attribute: string): string[] {
  return (record?.attributes.get(attribute) ?? []).filter((value) => value !== '')
}

function ofType(records: readonly Parsed[], type: RecordType): Parsed[] {
  return records.filter((record) => record.type === type)
}

/** The record as one comparable text. */
function contentOf({ attributes }: Parsed): string {
  return JSON.stringify([...attributes])
}

describe('UAI codes', () => {
  test.each(['0750655E', '0750654D'])('%s, a well-known lycée, is right', (uai) => {
    expect(isUai(uai)).toBe(true)
    expect(makeUai(uai.slice(0, 3), Number(uai.slice(3, 7)))).toBe(uai)
  })

  test.each(['0750655F', '750655E', '0750655', '0750655e', ''])('%j is wrong', (uai) => {
    expect(isUai(uai)).toBe(false)
  })
})

describe('partners and territories', () => {
  test('every territory has a partner, and every establishment a territory and an academy', () => {
    const partners = new Set(listPartners(['amiens', 'lille']).map(({ code }) => code))
    const territories = listTerritories(['amiens', 'lille'])
    expect(territories.every(({ partnerCode }) => partners.has(partnerCode))).toBe(true)
    const { college, lycee } = personaEstablishments
    expect(listTerritoryCodes({ uai: college.uai, level: 'lowerSecondary' })).toEqual(['department-80', 'academy-20'])
    expect(listTerritoryCodes({ uai: lycee.uai, level: 'upperSecondary' })).toEqual(['region-32', 'academy-20'])
    expect(listTerritoryCodes({ uai: '0597000A', level: 'lowerSecondary' })).toEqual(['department-59', 'academy-09'])
  })
})

describe('a feed of twelve thousand people', () => {
  let summary: FeedSummary
  let records: Parsed[]
  let directory: string
  const byId = new Map<string, Parsed>()
  /** `jointure$code` of every class and group. */
  const classes = new Set<string>()
  const groups = new Set<string>()
  let pupils: Parsed[]
  let staff: Parsed[]

  beforeAll(async () => {
    ;({ summary, records, directory } = await writeAndParse({ people: 12_000 }))
    for (const record of records) byId.set(record.id, record)
    pupils = ofType(records, 'Eleve')
    staff = ofType(records, 'PersEducNat')
    for (const school of ofType(records, 'EtabEducNat')) {
      for (const value of values(school, 'ENTStructureClasses')) classes.add(`${school.id}$${value.split('$')[0]}`)
      for (const value of values(school, 'ENTStructureGroupes')) groups.add(`${school.id}$${value.split('$')[0]}`)
    }
  })

  test('the summary counts what the files hold', () => {
    const counted = Object.fromEntries(
      Object.keys(summary.records).map((type) => [type, ofType(records, type as RecordType).length]),
    )
    expect(summary.records).toEqual(counted)
    expect(summary.people).toBe(pupils.length + staff.length + ofType(records, 'PersRelEleve').length)
    expect(summary.classes).toBe(classes.size)
    expect(summary.groups).toBe(groups.size)
    expect(summary.files.map(({ name }) => name).toSorted()).toEqual(readdirSync(directory).toSorted())
    for (const file of summary.files) expect(readFileSync(join(directory, file.name)).length).toBe(file.bytes)
  })

  test('sizes are those asked for', () => {
    expect(Math.abs(summary.people - 12_000)).toBeLessThan(240)
  })

  test('identifiers are unique, INE included', () => {
    expect(byId.size).toBe(records.length)
    expect(new Set(pupils.flatMap((pupil) => values(pupil, 'ENTEleveINE'))).size).toBe(pupils.length)
  })

  test('every reference leads to a record', () => {
    const broken: string[] = []
    const check = (known: { has(key: string): boolean }, record: Parsed, key: string) => {
      if (!known.has(key)) broken.push(`${record.type} ${record.id}: ${key}`)
    }
    for (const pupil of pupils) {
      for (const value of values(pupil, 'ENTElevePersRelEleve')) {
        const guardian = value.split('$')[0] ?? ''
        check(byId, pupil, guardian)
        if (!values(byId.get(guardian), 'ENTAuxPersRelEleveEleve').includes(pupil.id))
          broken.push(`${guardian} knows not`)
      }
      for (const value of values(pupil, 'ENTEleveClasses')) check(classes, pupil, value)
      for (const value of values(pupil, 'ENTEleveGroupes')) check(groups, pupil, value)
      for (const value of values(pupil, 'ENTPersonStructRattach')) check(byId, pupil, value)
      for (const attribute of ['ENTEleveMEF', 'ENTEleveCodeEnseignements', 'ENTEleveAdresseRel']) {
        for (const value of values(pupil, attribute)) check(byId, pupil, value)
      }
    }
    for (const guardian of ofType(records, 'PersRelEleve')) {
      expect(values(guardian, 'ENTAuxPersRelEleveEleve').length).toBeGreaterThan(0)
      for (const value of values(guardian, 'ENTAuxPersRelEleveEleve')) check(byId, guardian, value)
    }
    for (const member of staff) {
      check(byId, member, values(member, 'ENTPersonStructRattach')[0] ?? '')
      for (const value of values(member, 'ENTPersonFonctions')) check(byId, member, value.split('$')[0] ?? '')
      for (const value of values(member, 'ENTAuxEnsClasses')) check(classes, member, value)
      for (const value of values(member, 'ENTAuxEnsClassesPrincipal')) check(classes, member, value)
      for (const value of values(member, 'ENTAuxEnsGroupes')) check(groups, member, value)
      for (const value of values(member, 'ENTAuxEnsMEF')) check(byId, member, value.split('$')[1] ?? '')
    }
    expect(broken).toEqual([])
  })

  test('establishments have right UAI codes and MEF codes 11 characters', () => {
    for (const school of ofType(records, 'EtabEducNat'))
      expect(values(school, 'ENTStructureUAI').every(isUai)).toBe(true)
    for (const mef of ofType(records, 'MefEducNat')) expect(mef.id).toMatch(/^[0-9A-Z]{11}$/)
  })

  test('classes have about 24 to 35 pupils, one main teacher, and a teacher for each subject of their year', () => {
    const sizes = new Map<string, number>()
    for (const pupil of pupils) {
      const key = values(pupil, 'ENTEleveClasses')[0] ?? ''
      sizes.set(key, (sizes.get(key) ?? 0) + 1)
    }
    expect(sizes.size).toBe(classes.size)
    const mainTeachers = new Map<string, number>()
    const teams = new Map<string, Set<string>>()
    for (const member of staff) {
      for (const key of values(member, 'ENTAuxEnsClassesPrincipal'))
        mainTeachers.set(key, (mainTeachers.get(key) ?? 0) + 1)
      for (const value of values(member, 'ENTAuxEnsClassesMatieres')) {
        const key = value.slice(0, value.lastIndexOf('$'))
        teams.set(key, (teams.get(key) ?? new Set()).add(value))
      }
    }
    for (const [key, size] of sizes) {
      expect(size, key).toBeGreaterThanOrEqual(18)
      expect(size, key).toBeLessThanOrEqual(35)
      expect(mainTeachers.get(key), key).toBe(1)
      expect(teams.get(key)?.size, key).toBeGreaterThanOrEqual(7)
    }
    const usual = [...sizes.values()].filter((size) => size >= 24)
    expect(usual.length / sizes.size).toBeGreaterThan(0.9)
  })

  test('proportions are those of a real territory', () => {
    const guardians = ofType(records, 'PersRelEleve')
    expect(guardians.length / pupils.length).toBeGreaterThan(1.15)
    expect(guardians.length / pupils.length).toBeLessThan(1.4)
    expect(staff.length / summary.people).toBeGreaterThan(0.06)
    expect(staff.length / summary.people).toBeLessThan(0.09)
    const withCode = (code: string) =>
      staff.filter((member) => values(member, 'ENTPersonFonctions').some((value) => value.split('$')[1] === code))
    expect(withCode('ENS').length / staff.length).toBeGreaterThan(0.5)
    for (const code of ['DIR', 'EDU', 'AED', 'DOC', 'ADF', 'MDS', 'AES', 'OUV', 'PSY']) {
      expect(withCode(code).length, code).toBeGreaterThan(0)
    }
    // Every collège and lycée has a head.
    expect(withCode('DIR').length).toBeGreaterThanOrEqual(summary.schools)
  })

  test('families are as varied as real ones', () => {
    const links = pupils.flatMap((pupil) => values(pupil, 'ENTElevePersRelEleve').map((value) => value.split('$')))
    const shareOf = (matches: (link: string[]) => boolean) => links.filter(matches).length
    expect(shareOf(([, code, , legal]) => code === '38' && legal === '2')).toBeGreaterThan(0)
    expect(shareOf(([, code]) => code === '51')).toBeGreaterThan(0)
    expect(shareOf(([, code]) => code === '50')).toBeGreaterThan(0)
    expect(shareOf(([, , , legal]) => legal === '0')).toBeGreaterThan(0)
    expect(pupils.some((pupil) => values(pupil, 'ENTElevePersRelEleve').length === 0)).toBe(true)
    const schoolsOf = (guardian: Parsed) =>
      new Set(
        values(guardian, 'ENTAuxPersRelEleveEleve').flatMap((id) => values(byId.get(id), 'ENTPersonStructRattach')),
      )
    const guardians = ofType(records, 'PersRelEleve').filter(
      (guardian) => values(guardian, 'sn')[0]?.startsWith('ASE') === false,
    )
    const shared = guardians.filter((guardian) => schoolsOf(guardian).size > 1)
    expect(shared.length / guardians.length).toBeGreaterThan(0.1)
    const twins = guardians.filter((guardian) => {
      const births = values(guardian, 'ENTAuxPersRelEleveEleve').flatMap((id) =>
        values(byId.get(id), 'ENTPersonDateNaissance'),
      )
      return new Set(births).size < births.length
    })
    expect(twins.length).toBeGreaterThan(0)
    const names = pupils.map((pupil) => [...values(pupil, 'sn'), ...values(pupil, 'givenName')].join(' '))
    expect(new Set(names).size).toBeLessThan(names.length)
  })

  test('nobody can be reached: numbers and addresses are of ranges kept for fiction and examples', () => {
    for (const record of records) {
      for (const attribute of ['homePhone', 'telephoneNumber', 'mobile']) {
        for (const phone of values(record, attribute)) expect(phone).toMatch(/^\+33 (6 39 98|3 53 01) \d\d \d\d$/)
      }
      for (const mail of values(record, 'mail'))
        expect(mail).toMatch(/^[a-z0-9.-]+@([a-z-]+\.)*example\.(org|net|com)$/)
    }
  })

  test('the special characters of ISO-8859-15 are there', () => {
    const text = records.map((record) => contentOf(record)).join('')
    expect([...'œŒ€šŠžŽ'].filter((character) => !text.includes(character))).toEqual([])
  })
})

describe('options', () => {
  test('same options, same bytes; another seed, other people', async () => {
    const [first, second, other] = [freshDirectory(), freshDirectory(), freshDirectory()]
    await writeAafFeed(first, { people: 3000 })
    await writeAafFeed(second, { people: 3000 })
    await writeAafFeed(other, { people: 3000, seed: 2 })
    expect(hashFeed(second)).toBe(hashFeed(first))
    expect(hashFeed(other)).not.toBe(hashFeed(first))
  })

  test('UTF-8 holds the same records', async () => {
    const latin = await writeAndParse({ people: 2000 })
    const utf8 = await writeAndParse({ people: 2000, encoding: 'UTF-8' })
    expect(utf8.records).toEqual(latin.records)
    expect(utf8.summary.bytes).toBeGreaterThan(latin.summary.bytes)
  })

  test('files are split, and numbered without a gap', async () => {
    const { summary, records } = await writeAndParse({ pupils: 250, recordsPerFile: 100, project: 'ENT' })
    const names = summary.files.filter(({ type }) => type === 'Eleve').map(({ name }) => name)
    expect(names).toEqual([0, 1, 2].map((number) => `ENT_Complet_20260914_Eleve_000${number}.xml`))
    expect(ofType(records, 'Eleve').length).toBe(250)
  })

  test('former link codes', async () => {
    const { records } = await writeAndParse({ pupils: 200, linkCodes: 'former' })
    const codes = ofType(records, 'Eleve').flatMap((pupil) =>
      values(pupil, 'ENTElevePersRelEleve').map((value) => Number(value.split('$')[1])),
    )
    expect(Math.max(...codes)).toBeLessThanOrEqual(7)
  })

  test('two academies have spaces of identifiers of their own, which overlap', async () => {
    const amiens = await writeAndParse({ pupils: 200 })
    const lille = await writeAndParse({ pupils: 200, academy: 'lille' })
    const ids = new Set(ofType(amiens.records, 'Eleve').map(({ id }) => id))
    expect(ofType(lille.records, 'Eleve').some(({ id }) => ids.has(id))).toBe(true)
    expect(lille.records.some(({ id }) => id === personas.pupil.external?.jointure)).toBe(false)
    const uais = [...amiens.records, ...lille.records].flatMap((record) => values(record, 'ENTStructureUAI'))
    expect(new Set(uais).size).toBe(uais.length)
  })

  test('a directory that holds a feed, and a size without sense, are refused', async () => {
    const directory = freshDirectory()
    await writeAafFeed(directory, { pupils: 30 })
    await expect(writeAafFeed(directory, { pupils: 30 })).rejects.toThrow(/already holds a feed/)
    await expect(writeAafFeed(freshDirectory(), { pupils: 3 })).rejects.toThrow(/20 pupils at least/)
    await expect(writeAafFeed(freshDirectory(), { date: '14/09/2026' })).rejects.toThrow(/not a date/)
  })
})

describe('personas', () => {
  test.each([
    { pupils: 20, seed: 7 },
    { people: 9000, seed: 3 },
  ])('are the same in a territory of any size and seed: %j', async (options) => {
    const { records } = await writeAndParse(options)
    const byId = new Map(records.map((record) => [record.id, record]))
    for (const { external, familyName, givenName, email } of Object.values(personas)) {
      if (!external) continue
      const record = byId.get(external.jointure)
      expect(values(record, 'givenName')).toEqual([givenName])
      expect(values(record, 'sn')[0]?.toLowerCase()).toBe(familyName.toLowerCase())
      expect(values(record, 'mail')).toEqual([email])
    }
    const record = (key: keyof typeof personas) => byId.get(personas[key].external?.jointure ?? '')
    const { college, lycee } = personaEstablishments
    expect(values(byId.get(college.jointure), 'ENTStructureUAI')).toEqual([college.uai])
    expect(values(byId.get(lycee.jointure), 'ENTStructureUAI')).toEqual([lycee.uai])
    expect(values(record('pupil'), 'ENTEleveClasses')).toEqual([`${college.jointure}$${personaClasses.pupil}`])
    expect(values(record('brother'), 'ENTEleveClasses')).toEqual([`${lycee.jointure}$${personaClasses.brother}`])
    expect(values(record('mother'), 'ENTAuxPersRelEleveEleve')).toEqual(['1000001', '1000002'])
    expect(values(record('teacher'), 'ENTAuxEnsClassesPrincipal')).toEqual([
      `${college.jointure}$${personaClasses.pupil}`,
    ])
    expect(values(record('head'), 'ENTPersonFonctions')[0]).toMatch(/^2001\$DIR\$/)
    expect(values(record('secretary'), 'ENTPersonFonctions')[0]).toMatch(/^2001\$ADF\$/)
  })

  test('can be left out', async () => {
    const { records } = await writeAndParse({ pupils: 100, personas: false })
    const ids = new Set(records.map(({ id }) => id))
    expect(Object.values(personas).some(({ external }) => ids.has(external?.jointure ?? '-'))).toBe(false)
  })
})

describe('later exports', () => {
  const options: FeedOptions = { people: 8000 }
  let before: Awaited<ReturnType<typeof writeAndParse>>
  beforeAll(async () => {
    before = await writeAndParse(options)
  })

  /** What changed between two feeds, found by reading them. */
  function compare(type: RecordType, after: readonly Parsed[]) {
    const known = new Map(ofType(before.records, type).map((record) => [record.id, contentOf(record)]))
    const counts = { added: 0, modified: 0, removed: 0, unchanged: 0 }
    for (const record of ofType(after, type)) {
      const former = known.get(record.id)
      known.delete(record.id)
      if (former === undefined) counts.added++
      else if (former === contentOf(record)) counts.unchanged++
      else counts.modified++
    }
    counts.removed = known.size
    return counts
  }

  test('the same people in a new export: other dates, other order, the same records', async () => {
    const later = nextExport(options)
    expect(later.date).toBe('2026-09-21')
    const { summary, records } = await writeAndParse(later)
    for (const [type, counts] of Object.entries(summary.changes?.records ?? {})) {
      expect(counts).toEqual(compare(type as RecordType, records))
      expect(counts).toMatchObject({ added: 0, modified: 0, removed: 0 })
    }
    expect(records.map(({ id }) => id)).not.toEqual(before.records.map(({ id }) => id))
  })

  test('the summary accounts for every record and every reason', async () => {
    const { summary, records } = await writeAndParse(
      nextExport(options, {
        leavers: 0.02,
        arrivals: 0.03,
        newAddresses: 0.02,
        newContacts: 0.02,
        classChanges: 0.02,
        classesRemoved: 0.01,
        emptied: 0.01,
        staffReplaced: 0.05,
      }),
    )
    const { changes } = summary
    for (const [type, counts] of Object.entries(changes?.records ?? {})) {
      expect(counts, type).toEqual(compare(type as RecordType, records))
    }
    expect(changes?.reasons.leavers).toBe(changes?.records.Eleve.removed)
    expect(changes?.reasons.arrivals).toBe(changes?.records.Eleve.added)
    expect(changes?.reasons.departedGuardians).toBe(changes?.records.PersRelEleve.removed)
    expect(changes?.reasons.newGuardians).toBe(changes?.records.PersRelEleve.added)
    expect(changes?.reasons.replacedStaff).toBe(changes?.records.PersEducNat.added)
    expect(changes?.reasons.closedClasses).toBe(before.summary.classes - summary.classes)
    expect(changes?.reasons.movedByClosure).toBeGreaterThan(20)
    const emptied = ofType(records, 'PersRelEleve').filter(
      (guardian) => values(guardian, 'ENTPersonVille').length === 0,
    )
    expect(emptied.length).toBe(changes?.reasons.emptied)
  })

  test('references still lead somewhere after classes closed', async () => {
    const { records } = await writeAndParse(
      nextExport(options, { classesRemoved: 0.05, classChanges: 0.05, leavers: 0.1 }),
    )
    const known = new Set<string>()
    for (const school of ofType(records, 'EtabEducNat')) {
      for (const attribute of ['ENTStructureClasses', 'ENTStructureGroupes']) {
        for (const value of values(school, attribute)) known.add(`${school.id}$${value.split('$')[0]}`)
      }
    }
    const used = records.flatMap((record) =>
      [
        'ENTEleveClasses',
        'ENTEleveGroupes',
        'ENTAuxEnsClasses',
        'ENTAuxEnsGroupes',
        'ENTAuxEnsClassesPrincipal',
      ].flatMap((attribute) => values(record, attribute)),
    )
    expect(used.filter((key) => !known.has(key))).toEqual([])
  })

  test('exports follow one another: the second counts from the first', async () => {
    const first = nextExport(options, { leavers: 0.5 })
    const second = await writeAndParse(nextExport(first))
    expect(second.summary.changes?.records.Eleve.removed).toBe(0)
    expect(second.summary.date).toBe('2026-09-28')
    expect(second.summary.records.Eleve).toBeLessThan(before.summary.records.Eleve * 0.52)
  })
})

describe('primary schools', () => {
  const options: FeedOptions = { degree: '1D', people: 1200 }

  test('have a feed of their own: other attributes, no nomenclature, the same every time', async () => {
    const { directory, records } = await writeAndParse(options)
    expect(readdirSync(directory).map((name) => name.slice(0, 32))).toEqual([
      'ENT1DVA_Complet_20260914_Eleve_0',
      'ENT1DVA_Complet_20260914_EtabEdu',
      'ENT1DVA_Complet_20260914_PersEdu',
      'ENT1DVA_Complet_20260914_PersRel',
    ])
    const pupils = ofType(records, 'Eleve')
    const guardians = new Set(ofType(records, 'PersRelEleve').map(({ id }) => id))
    const schools = new Set(ofType(records, 'EtabEducNat').map(({ id }) => id))
    for (const pupil of pupils) {
      const [jointure = '', ...parts] = values(pupil, 'ENTPersonClasses')[0]?.split('$') ?? []
      expect([schools.has(jointure), parts.length]).toEqual([true, 4])
      for (const link of values(pupil, 'ENTEleveAutoriteParentale').filter(Boolean)) {
        expect(guardians.has(link.split('$')[0] ?? '')).toBe(true)
      }
      expect(values(pupil, 'ENTPersonNom')[0]).not.toBe('')
    }
    // The mother of the personas, under another identifier.
    const mother = ofType(records, 'PersRelEleve').find((record) => values(record, 'ENTPersonNom')[0] === 'DUBŒUF')
    expect(mother?.id).not.toBe(personas.mother.external?.jointure)
    const again = freshDirectory()
    await writeAafFeed(again, options)
    expect(hashFeed(again)).toBe(hashFeed(directory))
  })
})

test.each<FeedOptions>([{ people: 1500 }, { degree: '1D', people: 900 }])(
  'a delta holds a request for each change and nothing else: %j',
  async (options) => {
    const directory = freshDirectory()
    const next = nextExport(options, { leavers: 0.02, arrivals: 0.02, newContacts: 0.03, emptied: 0.01 })
    const { changes, records, files } = await writeAafFeed(directory, { ...next, mode: 'delta' })
    const text = files.map(({ name }) => readFileSync(join(directory, name), 'latin1')).join('')
    const count = (request: string) => text.split(`<${request}Request>`).length - 1
    const sum = (change: 'added' | 'modified' | 'removed') =>
      Object.values(changes!.records).reduce((total, of) => total + of[change], 0)
    expect([count('add'), count('modify'), count('delete')]).toEqual([sum('added'), sum('modified'), sum('removed')])
    expect(count('add') + count('modify') + count('delete')).toBe(Object.values(records).reduce((a, b) => a + b, 0))
    expect(count('modify')).toBeGreaterThan(0)
    expect(text).toMatch(/<modification name="[A-Za-z]+" operation="replace"><value\/><\/modification>/)
  },
)

describe('defects', () => {
  const unreadable: DefectName[] = [
    'truncated',
    'truncatedBetweenRecords',
    'illFormed',
    'rawAmpersand',
    'invalidUtf8',
    'unknownEncoding',
    'billionLaughs',
  ]

  test.each(defectNames)('%s is at the place it says', async (name) => {
    const directory = freshDirectory()
    const defect = await writeDefectiveFeed(directory, name)
    if (name === 'missingFile') {
      expect(readdirSync(directory)).not.toContain(defect.file)
      return
    }
    const lines = readFileSync(join(directory, defect.file), 'latin1').split('\n')
    if (defect.line) expect(lines.length).toBeGreaterThanOrEqual(defect.line)
    if (unreadable.includes(name)) expect(() => parseFile(directory, defect.file)).toThrow()
    else if (name !== 'otherRoot') expect(parseFile(directory, defect.file).length).toBeGreaterThan(3)
    if (defect.outcome !== 'refused') {
      expect(parseFile(directory, defect.file).some(({ id }) => id === defect.record?.id)).toBe(true)
    }
    for (const other of readdirSync(directory)) if (other !== defect.file) parseFile(directory, other)
  })
})
