import { join } from 'node:path'
import type { Readable } from 'node:stream'
import PDFDocument from 'pdfkit'
import { toDrawn } from '#modules/identity'
import type { Block, Minutes } from './minutes.ts'

const fonts = join(import.meta.dirname, '../../../../fonts')
const margin = 56
const ink = '#1d2427'
const quiet = '#4d575b'
const line = '#c5cccf'
// A head says what it heads (PDF/UA-1, 7.5); pdfkit writes it, its types do not know it.
const columnHead: PDFKit.Mixins.StructureElementOptions & { scope: 'Column' } = { scope: 'Column' }

/**
 * The minutes as a PDF with the same text as the page: tagged for screen readers (headings, lists, tables, language,
 * title), its fonts embedded, an outline by item, pages numbered.
 * @param frame.footer what stands at the foot of each page: their state and their digest.
 */
export function writeMinutesPdf(minutes: Minutes, frame: { author: string; footer: string }): Readable {
  const doc = new PDFDocument({
    size: 'A4',
    margins: { top: margin, left: margin, right: margin, bottom: margin + 24 },
    pdfVersion: '1.7',
    tagged: true,
    lang: 'fr',
    displayTitle: true,
    bufferPages: true,
    info: { Title: toDrawn(minutes.title), Author: frame.author },
  })
  // What pdfkit's own option for PDF/UA adds; its types do not know that option.
  doc.appendXML(
    '<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about=""><pdfuaid:part>1</pdfuaid:part></rdf:Description>',
  )
  doc.registerFont('regular', join(fonts, 'AtkinsonHyperlegibleNext-Regular.ttf'))
  doc.registerFont('bold', join(fonts, 'AtkinsonHyperlegibleNext-Bold.ttf'))
  const root = doc.struct('Document')
  doc.addStructure(root)
  root.add(doc.struct('H1', {}, () => put(doc, minutes.title, { font: 'bold', size: 19, after: 10 })))
  for (const block of minutes.blocks) writeBlock(doc, root, block)
  root.end()
  writeFooters(doc, frame.footer)
  doc.end()
  return doc
}

function writeBlock(doc: PDFKit.PDFDocument, root: PDFKit.PDFStructureElement, block: Block): void {
  if (block.kind === 'heading') {
    // A heading at the foot of a page would leave its text.
    if (doc.y > doc.page.maxY() - 90) doc.addPage()
    doc.y += 8
    if (block.level === 2) doc.outline.addItem(toDrawn(block.text))
    const size = block.level === 2 ? 14 : 11.5
    root.add(doc.struct(`H${block.level}`, {}, () => put(doc, block.text, { font: 'bold', size, after: 4 })))
  } else if (block.kind === 'paragraph') {
    root.add(doc.struct('P', {}, () => put(doc, block.text, { after: 5 })))
  } else if (block.kind === 'list') {
    const list = doc.struct('L')
    root.add(list)
    for (const item of block.items) {
      const entry = doc.struct('LI')
      list.add(entry)
      entry.add(doc.struct('LBody', {}, () => put(doc, `–  ${item}`, { inset: 10, after: 3 })))
      entry.end()
    }
    list.end()
    doc.y += 3
  } else writeTable(doc, root, block)
}

function writeTable(
  doc: PDFKit.PDFDocument,
  root: PDFKit.PDFStructureElement,
  { caption, columns, rows }: Block & { kind: 'table' },
): void {
  const table = doc.struct('Table')
  root.add(table)
  table.add(doc.struct('Caption', {}, () => put(doc, caption, { size: 9.5, color: quiet, after: 3 })))
  const widths = shareWidth(columns, rows, doc.page.width - 2 * margin)
  const writeRow = (cells: string[], type: 'TH' | 'TD') => {
    const font = type === 'TH' ? 'bold' : 'regular'
    doc.font(font).fontSize(9.5)
    const height = Math.max(
      ...cells.map((cell, index) => doc.heightOfString(toDrawn(cell), { width: (widths[index] ?? 0) - 8 })),
    )
    if (doc.y + height + 6 > doc.page.maxY()) doc.addPage()
    const top = doc.y
    const row = doc.struct('TR')
    table.add(row)
    let x = margin
    for (const [index, cell] of cells.entries()) {
      const [left, width] = [x, widths[index] ?? 0]
      row.add(
        doc.struct(type, type === 'TH' ? columnHead : {}, () => {
          doc.font(font).fontSize(9.5).fillColor(ink)
          doc.text(toDrawn(cell), left, top + 3, { width: width - 8 })
        }),
      )
      x += width
    }
    row.end()
    doc.y = top + height + 6
    doc.markContent('Artifact', { type: 'Layout' })
    doc.moveTo(margin, doc.y).lineTo(x, doc.y).lineWidth(0.5).strokeColor(line).stroke()
    doc.endMarkedContent()
  }
  writeRow(columns, 'TH')
  for (const row of rows) writeRow(row, 'TD')
  table.end()
  doc.x = margin
  doc.y += 10
}

/** Widths of columns, by the longest text of each, none below a twelfth. */
function shareWidth(columns: string[], rows: string[][], total: number): number[] {
  const wants = columns.map((column, index) =>
    Math.min(40, Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0), 5)),
  )
  const sum = wants.reduce((all, each) => all + each, 0)
  const widths = wants.map((want) => Math.max(total / 12, (want / sum) * total))
  const over = widths.reduce((all, each) => all + each, 0)
  return widths.map((width) => (width / over) * total)
}

function writeFooters(doc: PDFKit.PDFDocument, footer: string): void {
  const { count } = doc.bufferedPageRange()
  for (let page = 0; page < count; page++) {
    doc.switchToPage(page)
    // Within the margin: a text there would begin a page.
    doc.page.margins.bottom = 0
    doc.markContent('Artifact', { type: 'Pagination' })
    doc.font('regular').fontSize(7.5).fillColor(quiet)
    doc.text(toDrawn(`${page + 1}/${count} – ${footer}`), margin, doc.page.height - 46, {
      width: doc.page.width - 2 * margin,
    })
    doc.endMarkedContent()
  }
}

function put(
  doc: PDFKit.PDFDocument,
  text: string,
  style: { font?: 'regular' | 'bold'; size?: number; color?: string; inset?: number; after?: number },
): void {
  const { font = 'regular', size = 10.5, color = ink, inset = 0, after = 0 } = style
  doc.font(font).fontSize(size).fillColor(color)
  doc.text(toDrawn(text), margin + inset, doc.y, { width: doc.page.width - 2 * margin - inset, lineGap: 1.5 })
  doc.y += after
}
