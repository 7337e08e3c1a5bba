import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AafRecord, createAafReader, limits, readAafFile, readAafHeader } from './aaf-parser.ts'
import { FeedRefusal } from './feed.ts'

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n<ficAlimMENESR>\n'
const record = (id: string, attributes = '<attr name="sn"><value>DURAND</value></attr>') =>
  '<addRequest><operationalAttributes><attr name="categoriePersonne"><value>Eleve</value></attr></operationalAttributes>' +
  `<identifier><id>${id}</id></identifier><attributes>${attributes}</attributes></addRequest>\n`
const tail = '</ficAlimMENESR>\n'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-aaf-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(content: string | Buffer): Promise<AafRecord[]> {
  const path = join(folder, 'feed.xml')
  await writeFile(path, content)
  const records: AafRecord[] = []
  await readAafFile(path, 'feed.xml', (each) => records.push(each))
  return records
}

async function refusalOf(content: string | Buffer) {
  const error = await read(content).catch((each: unknown) => each)
  if (!(error instanceof FeedRefusal)) throw new Error(`not refused: ${String(error)}`)
  return error.refusal
}

describe('a sound file', () => {
  it('gives its records with their lines, categories, identifiers and values', async () => {
    const attributes =
      '<attr name="sn"><value> D&apos;ŒUVRE &amp; FILS </value></attr><attr name="mail"><value/></attr>' +
      '<attr name="ENTPersonAutresPrenoms"><value>Léa</value><value><![CDATA[<Zoé>]]></value></attr>'
    const records = await read(head + record('1') + record('2', attributes) + tail)
    expect(records.map(({ id, line, category }) => [id, line, category])).toEqual([
      ['1', 4, 'Eleve'],
      ['2', 5, 'Eleve'],
    ])
    expect([...records[1]!.attributes]).toEqual([
      ['sn', ["D'ŒUVRE & FILS"]],
      ['mail', ['']],
      ['ENTPersonAutresPrenoms', ['Léa', '<Zoé>']],
    ])
  })

  it('is read without XML declaration or DOCTYPE, as some exports are', async () => {
    expect(await read(`<ficAlimMENESR>${record('1')}${tail}`)).toHaveLength(1)
  })

  it('is read in ISO-8859-15, with the letters ISO-8859-1 lacks', async () => {
    const text =
      head.replace('UTF-8', 'ISO-8859-15') +
      record('1', '<attr name="sn"><value>C\xbcUR \xa4 \xbe\xe9</value></attr>') +
      tail
    const [only] = await read(Buffer.from(text, 'latin1'))
    expect(only?.attributes.get('sn')).toEqual(['CŒUR € Ÿé'])
  })

  it('tells what its comments say before the first record', async () => {
    const path = join(folder, 'header.xml')
    const comments = '<!-- versionAF="AAF-VE2407" degre="2D" -->\n<!-- codeAcademieExport="20" -->'
    await writeFile(path, head + comments + record('1') + '<!-- degre="1D" -->' + tail)
    expect(await readAafHeader(path, 'header.xml')).toEqual({
      versionAF: 'AAF-VE2407',
      degre: '2D',
      codeAcademieExport: '20',
    })
  })

  it('is read the same wherever its chunks are cut', () => {
    const text = head + record('1', '<attr name="sn"><value>É&amp;È</value></attr>') + record('2') + tail
    for (const size of [1, 2, 3, 7, 50]) {
      const records: AafRecord[] = []
      const reader = createAafReader('x.xml', { record: (each) => records.push(each) })
      for (let at = 0; at < text.length; at += size) reader.write(text.slice(at, at + size))
      reader.end()
      expect(records.map((each) => [each.id, each.attributes.get('sn')])).toEqual([
        ['1', ['É&È']],
        ['2', ['DURAND']],
      ])
    }
  })
})

describe('a file that cannot be trusted', () => {
  const within = (text: string) => head + record('1') + text + tail

  it.each<[string, string, string, number | null]>([
    ['cut in a record', head + record('1') + '<addRequest><operationalAttributes>', 'truncated', 5],
    ['cut between records', head + record('1'), 'truncated', 5],
    ['empty', '', 'truncated', 1],
    ['crossed tags', within('<addRequest></attributes></addRequest>'), 'ill_formed', 5],
    ['unescaped ampersand', within(record('2', '<attr name="sn"><value>A & B</value></attr>')), 'ill_formed', 5],
    ['control character', within(record('2', '<attr name="sn"><value>A\u0001</value></attr>')), 'ill_formed', 5],
    ['unknown entity', within(record('2', '<attr name="sn"><value>&eacute;</value></attr>')), 'entity_unknown', 5],
    ['unknown element', within('<purgeRequest/>'), 'unknown_element', 5],
    ['element of another place', within('<value>x</value>'), 'unknown_element', 5],
    ['element named as an object property', within('<constructor/>'), 'unknown_element', 5],
    ['text between records', within('stray'), 'unexpected_text', 5],
    ['change request', within('<modifyRequest/>'), 'request_unexpected', 5],
    [
      'attribute twice',
      within(record('2', '<attr name="sn"><value/></attr><attr name="sn"><value/></attr>')),
      'duplicate_attribute',
      5,
    ],
    ['attribute without a name', within(record('2', '<attr><value/></attr>')), 'ill_formed', 5],
    ['other root', '<BEE_ELEVES/>', 'unknown_element', 1],
    ['other DOCTYPE', '<!DOCTYPE html>\n<ficAlimMENESR/>', 'doctype_refused', 1],
    [
      'remote DOCTYPE',
      '<!DOCTYPE ficAlimMENESR SYSTEM "http://192.0.2.1/ficAlimMENESR.dtd">\n<ficAlimMENESR/>',
      'doctype_refused',
      1,
    ],
    [
      'entity declaration',
      '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd" [\n<!ENTITY a "b">\n]>\n<ficAlimMENESR/>',
      'doctype_refused',
      1,
    ],
  ])('%s is refused at its line', async (_, text, code, line) => {
    expect(await refusalOf(text)).toMatchObject({ code, line, file: 'feed.xml' })
  })

  it('is refused when a value, a record, a comment or a DOCTYPE has no end', async () => {
    const long = 'A'.repeat(limits.value + 1)
    expect(await refusalOf(within(record('2', `<attr name="sn"><value>${long}</value></attr>`)))).toMatchObject({
      code: 'value_too_long',
    })
    const many = `<attr name="sn">${`<value>${'A'.repeat(60_000)}</value>`.repeat(20)}</attr>`
    expect(await refusalOf(within(record('2', many)))).toMatchObject({ code: 'record_too_long' })
    const endless = ' '.repeat(limits.record * 2)
    expect(await refusalOf(`${head}<!--${endless}-->${tail}`)).toMatchObject({ code: 'record_too_long' })
    expect(await refusalOf(`<!DOCTYPE ficAlimMENESR "${endless}">`)).toMatchObject({ code: 'record_too_long' })
  })

  it('does not grow in memory with a value that never ends', () => {
    const reader = createAafReader('x.xml', { record: () => {} })
    reader.write(`${head}<addRequest><identifier><id>`)
    const write = () => {
      for (let i = 0; i < 100; i++) reader.write('A'.repeat(100_000))
    }
    expect(write).toThrow(FeedRefusal)
  })

  it('is refused when its bytes are not what it says', async () => {
    const named = (bytes: number[]) =>
      Buffer.concat([Buffer.from(`${head}<!-- ok -->\n<addRequest>`), Buffer.from(bytes), Buffer.from(tail)])
    expect(await refusalOf(named([0x41, 0xe9, 0x20]))).toMatchObject({ code: 'encoding_wrong', line: 5, column: 14 })
    const declared = Buffer.from(
      head.replace('UTF-8', 'ISO-8859-15') + record('1', '<attr name="sn"><value>ÉLÈVE</value></attr>') + tail,
    )
    expect(await refusalOf(declared)).toMatchObject({ code: 'encoding_wrong', line: 4 })
    const accents = Buffer.from(
      head.replace('UTF-8', 'ISO-8859-15') + record('1', '<attr name="sn"><value>é</value></attr>') + tail,
    )
    expect(await refusalOf(accents)).toMatchObject({ code: 'encoding_wrong', line: 4 })
    expect(await refusalOf(head.replace('UTF-8', 'windows-1252') + tail)).toMatchObject({
      code: 'encoding_unsupported',
    })
    expect(await refusalOf(Buffer.from(`\ufeff${head}${tail}`, 'utf16le'))).toMatchObject({
      code: 'encoding_unsupported',
    })
  })
})
