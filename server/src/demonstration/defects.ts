import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordType, WrittenFile } from './aaf-writer.ts'
import { writeAafFeed, type FeedOptions } from './feed.ts'

/** A broken feed, and what an importer that loses nothing says of it. */
export type Defect = {
  readonly name: DefectName
  /**
   * `refused`: nothing of the feed is applied. `quarantined`: that record is set aside with the reason, the others are
   * applied. `reported`: the record is applied without the faulty part, which the report names.
   */
  readonly outcome: 'refused' | 'quarantined' | 'reported'
  /** File at fault, in the directory. */
  readonly file: string
  /** Line where a reader meets the fault, from 1; absent when the fault is not at one place. */
  readonly line?: number
  readonly record?: { readonly type: RecordType; readonly id: string }
  /** What the importer should say. */
  readonly expected: string
}

export type DefectName = keyof typeof recipes

type Recipe = {
  readonly type: RecordType
  readonly outcome: Defect['outcome']
  readonly expected: string
  readonly options?: FeedOptions
  /** Breaks the text, one character a byte, and says where. */
  readonly breakText: (text: string) => Broken
}

type Broken = { readonly text: string; readonly at?: number; readonly id?: string }

const doctype = '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">'
const hugeLength = 24 * 1024 * 1024

const recipes = {
  truncated: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the file ends in the middle of a record',
    breakText: (text) => {
      const at = text.indexOf('<attr name="sn">', Math.floor(text.length / 2)) + 9
      return { text: text.slice(0, at), at }
    },
  },
  truncatedBetweenRecords: {
    type: 'PersRelEleve',
    outcome: 'refused',
    expected: 'the file ends without </ficAlimMENESR>: its last records are missing',
    breakText: (text) => {
      const at = text.indexOf('<addRequest>', Math.floor(text.length / 2))
      return { text: text.slice(0, at), at }
    },
  },
  illFormed: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the closing tag does not match the opening one',
    breakText: (text) => replaceIn(text, 3, '</value></attr>\n<attr name="sn">', '</valeur></attr>\n<attr name="sn">'),
  },
  rawAmpersand: {
    type: 'PersRelEleve',
    outcome: 'refused',
    expected: 'an ampersand is not escaped',
    breakText: (text) => replaceIn(text, 2, '<attr name="sn"><value>', '<attr name="sn"><value>DURAND & FILS '),
  },
  invalidUtf8: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the file declares UTF-8 but holds bytes that are not UTF-8',
    breakText: (text) => {
      const declared = text.replace('encoding="ISO-8859-15"', 'encoding="UTF-8"')
      return { text: declared, at: declared.search(/[\x80-\xff]/) }
    },
  },
  unknownEncoding: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the encoding is neither ISO-8859-15 nor UTF-8',
    breakText: (text) => ({ text: text.replace('encoding="ISO-8859-15"', 'encoding="IBM297"'), at: 0 }),
  },
  doubleEncoded: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the file declares ISO-8859-15 but its text is UTF-8: control characters stand for accents',
    options: { encoding: 'UTF-8' },
    breakText: (text) => {
      const declared = text.replace('encoding="UTF-8"', 'encoding="ISO-8859-15"')
      return { text: declared, at: declared.search(/[\x80-\x9f]/) }
    },
  },
  entityDeclaration: {
    type: 'PersEducNat',
    outcome: 'refused',
    expected: 'the document declares an entity',
    breakText: (text) =>
      replaceIn(text, 0, doctype, '<!DOCTYPE ficAlimMENESR [\n<!ENTITY secret SYSTEM "file:///etc/passwd">\n]>'),
  },
  billionLaughs: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the document declares entities that refer to one another',
    breakText: (text) => {
      const entities = ['<!ENTITY e0 "ha">']
      for (let rank = 1; rank < 10; rank++) entities.push(`<!ENTITY e${rank} "${`&e${rank - 1};`.repeat(10)}">`)
      const broken = replaceIn(text, 0, doctype, `<!DOCTYPE ficAlimMENESR [\n${entities.join('\n')}\n]>`)
      return { ...broken, text: broken.text.replace('<attr name="sn"><value>', '<attr name="sn"><value>&e9;') }
    },
  },
  externalDtd: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the document type is not the one of these feeds, and is not fetched',
    // 192.0.2.0/24 is kept for documentation: nothing answers there.
    breakText: (text) =>
      replaceIn(text, 0, doctype, '<!DOCTYPE ficAlimMENESR SYSTEM "http://192.0.2.1/ficAlimMENESR.dtd">'),
  },
  otherRoot: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the root element is not ficAlimMENESR',
    breakText: (text) => {
      const broken = replaceIn(text, 0, '<ficAlimMENESR>', '<BEE_ELEVES>')
      return { ...broken, text: broken.text.replace('</ficAlimMENESR>', '</BEE_ELEVES>') }
    },
  },
  unknownOperation: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the operation is neither addRequest, modifyRequest nor deleteRequest',
    breakText: (text) => {
      const broken = replaceIn(text, 3, '<addRequest>', '<purgeRequest>')
      const end = broken.text.indexOf('</addRequest>', broken.at)
      const rest = broken.text.slice(end).replace('</addRequest>', '</purgeRequest>')
      return { ...broken, text: broken.text.slice(0, end) + rest }
    },
  },
  hugeAttribute: {
    type: 'PersRelEleve',
    outcome: 'refused',
    expected: `a value of ${hugeLength} characters is over any limit`,
    breakText: (text) =>
      replaceIn(text, 4, '<attr name="sn"><value>', `<attr name="sn"><value>${'A'.repeat(hugeLength)}`),
  },
  missingAttribute: {
    type: 'Eleve',
    outcome: 'quarantined',
    expected: 'sn is missing',
    breakText: (text) => replaceIn(text, 5, /<attr name="sn">.*\n/g, ''),
  },
  emptyName: {
    type: 'PersEducNat',
    outcome: 'quarantined',
    expected: 'sn is empty',
    breakText: (text) => replaceIn(text, 5, /<attr name="sn">.*\n/g, '<attr name="sn"><value/></attr>\n'),
  },
  otherIdentifier: {
    type: 'Eleve',
    outcome: 'quarantined',
    expected: 'the identifier and ENTPersonJointure differ',
    breakText: (text) =>
      replaceIn(
        text,
        5,
        /<attr name="ENTPersonJointure">.*\n/g,
        '<attr name="ENTPersonJointure"><value>7654321</value></attr>\n',
      ),
  },
  duplicateIdentifier: {
    type: 'Eleve',
    outcome: 'quarantined',
    expected: 'two records have this identifier',
    breakText: (text) => {
      const start = nthIndex(text, '<addRequest>', 5)
      const end = text.indexOf('</addRequest>', start) + '</addRequest>\n\n'.length
      const copy = text.slice(start, end).replace(/<attr name="sn"><value>[^<]*/, '<attr name="sn"><value>AUTRE')
      return { text: text.slice(0, end) + copy + text.slice(end), at: end, id: idAt(text, start) }
    },
  },
  badDate: {
    type: 'Eleve',
    outcome: 'quarantined',
    expected: '31/02/2015 is not a date',
    breakText: (text) => replaceIn(text, 5, /(?<=<attr name="ENTPersonDateNaissance"><value>)[^<]*/g, '31/02/2015'),
  },
  badMef: {
    type: 'Eleve',
    outcome: 'quarantined',
    expected: 'a MEF code has 11 characters, and 1001001 is not one of the feed',
    breakText: (text) => replaceIn(text, 5, /(?<=<attr name="ENTEleveMEF"><value>)[^<]*/g, '1001001'),
  },
  unknownEstablishment: {
    type: 'Eleve',
    outcome: 'quarantined',
    expected: 'no establishment of the feed has the identifier 99999',
    breakText: (text) => {
      const found = replaceIn(text, 5, /(?<=<attr name="ENTPersonStructRattach"><value>)[^<]*/g, '99999')
      const start = found.text.lastIndexOf('<addRequest>', found.at)
      const end = found.text.indexOf('</addRequest>', start)
      const record = found.text.slice(start, end).replaceAll(/(?<=<value>)\d+(?=\$\d*[A-Z])/g, '99999')
      return { ...found, text: found.text.slice(0, start) + record + found.text.slice(end) }
    },
  },
  unknownClass: {
    type: 'Eleve',
    outcome: 'reported',
    expected: 'the establishment has no class 9Z',
    breakText: (text) => replaceIn(text, 5, /(?<=<attr name="ENTEleveClasses"><value>\d+\$)[^<]*/g, '9Z'),
  },
  unknownGuardian: {
    type: 'Eleve',
    outcome: 'reported',
    expected: 'no guardian of the feed has the identifier 9999999',
    breakText: (text) => replaceIn(text, 5, /(?<=<attr name="ENTElevePersRelEleve"><value>)\d+/g, '9999999'),
  },
  unknownLinkCode: {
    type: 'Eleve',
    outcome: 'reported',
    expected: 'the link code 77 is not in the nomenclature',
    breakText: (text) => replaceIn(text, 5, /(?<=<attr name="ENTElevePersRelEleve"><value>\d+\$)\d+/g, '77'),
  },
  missingFile: {
    type: 'Eleve',
    outcome: 'refused',
    expected: 'the numbers of the files have a gap: one of them did not arrive',
    options: { recordsPerFile: 20 },
    breakText: (text) => ({ text }),
  },
  mixedDates: {
    type: 'PersEducNat',
    outcome: 'refused',
    expected: 'the files of a feed have the same date',
    breakText: (text) => ({ text: text.replace(/(?<=dateGenerationExport=")[^"]*/, '01/01/2020') }),
  },
} satisfies Record<string, Recipe>

/** Every defect `writeDefectiveFeed` knows. */
export const defectNames: readonly DefectName[] = Object.keys(recipes) as DefectName[]

/** Writes a small feed (60 pupils by default) that is right but for one defect, and tells what is wrong with it. */
export async function writeDefectiveFeed(
  directory: string,
  name: DefectName,
  options: FeedOptions = {},
): Promise<Defect> {
  const recipe: Recipe = recipes[name]
  const { files } = await writeAafFeed(directory, { pupils: 60, ...options, ...recipe.options })
  const chosen = files.find(({ type }) => type === recipe.type)
  if (!chosen) throw new Error(`no file of ${recipe.type}`)
  const path = join(directory, chosen.name)
  const broken = recipe.breakText(readFileSync(path, 'latin1'))
  writeFileSync(path, broken.text, 'latin1')
  const file = deliver(directory, name, chosen, files)
  return {
    name,
    outcome: recipe.outcome,
    expected: recipe.expected,
    file,
    ...(broken.at !== undefined && { line: lineAt(broken.text, broken.at) }),
    ...(broken.id !== undefined && { record: { type: recipe.type, id: broken.id } }),
  }
}

/** Two defects are of the files themselves, not of what they hold. */
function deliver(directory: string, name: DefectName, chosen: WrittenFile, files: readonly WrittenFile[]): string {
  if (name === 'missingFile') {
    const second = files.filter(({ type }) => type === chosen.type)[1]
    if (second) rmSync(join(directory, second.name))
    return second?.name ?? chosen.name
  }
  if (name === 'mixedDates') {
    const other = chosen.name.replace(/_\d{8}_/, '_20200101_')
    renameSync(join(directory, chosen.name), join(directory, other))
    return other
  }
  return chosen.name
}

function nthIndex(text: string, searched: string, rank: number): number {
  let at = -1
  for (let found = 0; found <= rank; found++) {
    at = text.indexOf(searched, at + 1)
    if (at < 0) throw new RangeError(`fewer than ${rank + 1} of ${searched}`)
  }
  return at
}

/** Replaces the occurrence of that rank (from 0), and says in which record. */
function replaceIn(text: string, rank: number, searched: string | RegExp, replacement: string): Broken {
  const matches = typeof searched === 'string' ? undefined : [...text.matchAll(searched)][rank]
  const at = typeof searched === 'string' ? nthIndex(text, searched, rank) : matches?.index
  if (at === undefined) throw new RangeError(`fewer than ${rank + 1} of ${String(searched)}`)
  const length = typeof searched === 'string' ? searched.length : (matches?.[0].length ?? 0)
  const broken = text.slice(0, at) + replacement + text.slice(at + length)
  return { text: broken, at, ...(at > 1000 && { id: idAt(broken, at) }) }
}

function idAt(text: string, at: number): string {
  const start = text.indexOf('<id>', text.lastIndexOf('<addRequest>', at)) + 4
  return text.slice(start, text.indexOf('</id>', start))
}

function lineAt(text: string, at: number): number {
  let line = 1
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) line++
  return line
}
