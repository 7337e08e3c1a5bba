import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import PDFDocument from 'pdfkit'
import { toCsv } from '#kernel/csv'
import type { Services } from '#kernel/module'
import type { Tenant } from '#kernel/tenancy'
import { addressOf } from '../federations/federation.ts'
import { letterTexts, type LetterLanguage, type LetterTexts } from './letter-texts.ts'
import type { Letter } from './letters.ts'

/** What every letter of a file has in common. */
export interface LetterFrame {
  language: LetterLanguage
  /** Name of the workspace. */
  workspace: string
  /** Where the code is typed. */
  address: string
  timeZone: string
}

/** What letters of a workspace have in common. */
export function frameOf(services: Services, tenant: Tenant, language: LetterLanguage): LetterFrame {
  const address = new URL('/activate', addressOf(services, tenant)).href
  return { language, workspace: tenant.name, address, timeZone: tenant.timeZone }
}

/** The letters as a table, to be merged into letters of one's own. */
export function writeLetterCsv(letters: Letter[], frame: LetterFrame): string {
  const texts = letterTexts[frame.language]
  const rows = letters.map((letter) => [
    letter.familyName,
    letter.givenName,
    letter.classes.join(', '),
    letter.children.join(', '),
    letter.login,
    letter.code,
    texts.purposes[letter.purpose],
    formatDay(letter.expiresAt, frame),
    frame.address,
  ])
  return toCsv([texts.columns, ...rows])
}

/** The face of the pages, whole: the web's own files hold parts of it only. */
const fonts = join(import.meta.dirname, '../../../../fonts')

// What the face cannot draw: some letters of the Latin blocks, and all other scripts.
const undrawn = /[ĈĉĔĕĜĝĤĥĨĩĬĭĴĵĸĿŀŉŊŋŌōŎŏŖŗŜŝŦŧŨũŪūſ]|[^ -~\u00a0-\u017f‘’“”–—…€ȘșȚțẞ]/gu

/** A text the face can draw: without the accents it lacks, a question mark for what remains. */
export function toDrawn(text: string): string {
  return text.normalize('NFC').replaceAll(undrawn, (sign) => {
    if (/\p{Zs}/u.test(sign)) return ' '
    const bare = sign.normalize('NFD').replaceAll(/\p{M}/gu, '')
    return bare !== sign && /^[A-Za-z]+$/.test(bare) ? bare : '?'
  })
}

const margin = 68
const width = 595.28 - 2 * margin
const ink = '#1d2427'
const quiet = '#4d575b'

/**
 * The letters as a PDF, a page each, in the order given: tagged for screen readers (headings, lists, language, title),
 * its fonts embedded, an outline by name. Written as it is read; other work goes on in between.
 */
export function writeLetterPdf(letters: Letter[], frame: LetterFrame): Readable {
  const texts = letterTexts[frame.language]
  const doc = new PDFDocument({
    size: 'A4',
    margin,
    autoFirstPage: false,
    pdfVersion: '1.7',
    tagged: true,
    lang: frame.language,
    displayTitle: true,
    info: { Title: texts.documentTitle(frame.workspace), Author: frame.workspace },
  })
  // What pdfkit's own option for PDF/UA adds; its types do not know that option.
  doc.appendXML(
    '<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about=""><pdfuaid:part>1</pdfuaid:part></rdf:Description>',
  )
  doc.registerFont('regular', join(fonts, 'AtkinsonHyperlegibleNext-Regular.ttf'))
  doc.registerFont('bold', join(fonts, 'AtkinsonHyperlegibleNext-Bold.ttf'))
  const write = async () => {
    for (const letter of letters) {
      // A page takes some milliseconds: requests are answered in between.
      await setImmediate()
      // Whoever read it has left.
      if (doc.destroyed) return
      writePage(doc, letter, frame, texts)
    }
    doc.end()
  }
  write().catch((error: Error) => doc.destroy(error))
  return doc
}

function writePage(doc: PDFKit.PDFDocument, letter: Letter, frame: LetterFrame, texts: LetterTexts): void {
  const name = `${letter.givenName} ${letter.familyName}`
  doc.addPage()
  doc.outline.addItem(name)
  const page = doc.struct('Sect')
  doc.addStructure(page)

  const paragraph = (parent: PDFKit.PDFStructureElement, type: string, text: string, style: Style = {}) => {
    parent.add(doc.struct(type, {}, () => writeText(doc, text, style)))
  }
  paragraph(page, 'P', frame.workspace, { font: 'bold', color: quiet, size: 13, after: 46 })
  // Where the window of an envelope shows it.
  const beside = { x: margin + width / 2, width: width / 2 }
  paragraph(page, 'P', name, { font: 'bold', size: 13, after: 2, ...beside })
  if (letter.children.length > 0) paragraph(page, 'P', texts.childrenOf(letter.children), { ...beside, after: 2 })
  if (letter.classes.length > 0) paragraph(page, 'P', texts.classes(letter.classes), { ...beside, after: 2 })
  doc.y = Math.max(doc.y + 24, 230)
  paragraph(page, 'H1', texts.title(frame.workspace), { font: 'bold', size: 21, after: 12 })
  paragraph(page, 'P', letter.purpose === 'activation' ? texts.activation : texts.reset, { after: 10 })
  if (letter.replaces) paragraph(page, 'P', texts.replaces, { font: 'bold', after: 10 })

  const steps: [string, string, number][] = [
    [texts.steps.address, frame.address, 13],
    [texts.steps.code, letter.code, 22],
    [texts.steps.password, letter.login, 16],
  ]
  const list = doc.struct('L')
  page.add(list)
  for (const [index, [text, value, size]] of steps.entries()) {
    const item = doc.struct('LI')
    list.add(item)
    const top = doc.y + 8
    item.add(doc.struct('Lbl', {}, () => writeText(doc, `${index + 1}.`, { y: top, width: 22, font: 'bold' })))
    const body = doc.struct('LBody')
    item.add(body)
    const inset = { x: margin + 24, width: width - 24 }
    paragraph(body, 'P', text, { y: top, after: 3, ...inset })
    paragraph(body, 'P', value, { font: 'bold', size, after: 4, ...inset })
    body.end()
    item.end()
  }
  list.end()
  doc.y += 14
  paragraph(page, 'P', texts.until(formatDay(letter.expiresAt, frame)), { after: 26 })
  paragraph(page, 'H2', texts.helpTitle, { font: 'bold', size: 13, after: 4 })
  for (const line of texts.help) paragraph(page, 'P', line, { color: quiet, after: 4 })
  page.end()
}

interface Style {
  font?: 'regular' | 'bold'
  size?: number
  color?: string
  x?: number
  y?: number
  width?: number
  /** Space below, in points. */
  after?: number
}

function writeText(doc: PDFKit.PDFDocument, text: string, style: Style): void {
  const { font = 'regular', size = 11.5, color = ink, x = margin, y = doc.y, width: room = width, after = 0 } = style
  doc.font(font).fontSize(size).fillColor(color).text(toDrawn(text), x, y, { width: room, lineGap: 2 })
  doc.y += after
}

function formatDay(instant: string, { language, timeZone }: LetterFrame): string {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB'
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }).format(new Date(instant))
}
