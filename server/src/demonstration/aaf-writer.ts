import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Kinds of records of a feed, in the order importers read them; that of primary schools has no nomenclature. */
export const recordTypes = [
  'EtabEducNat',
  'MatiereEducNat',
  'MefEducNat',
  'Eleve',
  'PersRelEleve',
  'PersEducNat',
] as const
export type RecordType = (typeof recordTypes)[number]

export type Encoding = 'ISO-8859-15' | 'UTF-8'

export type WrittenFile = { readonly name: string; readonly type: RecordType; records: number; bytes: number }

export type WriterOptions = {
  directory: string
  /** `ENT2DVA` */
  project: string
  /** `YYYY-MM-DD` */
  date: string
  encoding: Encoding
  academyCode: string
  recordsPerFile: number
  degree: Degree
  mode: 'full' | 'delta'
}

/** The feed of primary schools, or that of lower and upper secondary ones. */
export type Degree = '1D' | '2D'

const primaryTypes: readonly RecordType[] = ['EtabEducNat', 'Eleve', 'PersRelEleve', 'PersEducNat']

const bufferSize = 1 << 20

/** The eight characters of ISO-8859-15 which are not those of ISO-8859-1 at the same place. */
const latin9: Readonly<Record<string, string>> = {
  '€': '\xa4',
  Š: '\xa6',
  š: '\xa8',
  Ž: '\xb4',
  ž: '\xb8',
  Œ: '\xbc',
  œ: '\xbd',
  Ÿ: '\xbe',
}

/**
 * Writes the files of one kind of records, a new one every `recordsPerFile` records; a full export has at least one,
 * even if empty.
 */
export class RecordFileWriter {
  readonly files: WrittenFile[] = []
  private readonly type: RecordType
  private readonly options: WriterOptions
  private readonly buffer = Buffer.allocUnsafe(bufferSize)
  private used = 0
  private descriptor = -1
  private current: WrittenFile | undefined

  constructor(type: RecordType, options: WriterOptions) {
    this.type = type
    this.options = options
  }

  write(record: string): void {
    if (this.current && this.current.records >= this.options.recordsPerFile) this.close()
    this.current ??= this.open()
    this.append(record)
    this.current.records++
  }

  /** Ends the last file; the writer is of no use afterwards. */
  finish(): void {
    const { degree, mode } = this.options
    const expected = mode === 'full' && (degree === '2D' || primaryTypes.includes(this.type))
    if (this.files.length === 0 && expected) this.current = this.open()
    if (this.current) this.close()
  }

  private close(): void {
    this.append('</ficAlimMENESR>\n')
    this.flush()
    closeSync(this.descriptor)
    this.descriptor = -1
    this.current = undefined
  }

  /** Gives the file back to the system when writing has failed. */
  abandon(): void {
    if (this.descriptor >= 0) closeSync(this.descriptor)
    this.descriptor = -1
  }

  private open(): WrittenFile {
    const { directory, project, date, encoding, academyCode, degree, mode } = this.options
    const number = String(this.files.length).padStart(4, '0')
    const name = `${project}_${mode === 'delta' ? 'Delta' : 'Complet'}_${date.replaceAll('-', '')}_${this.type}_${number}.xml`
    const file: WrittenFile = { name, type: this.type, records: 0, bytes: 0 }
    this.files.push(file)
    this.current = file
    this.descriptor = openSync(join(directory, name), 'wx')
    this.append(
      `<?xml version="1.0" encoding="${encoding}"?>\n` +
        '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n' +
        '<ficAlimMENESR>\n' +
        '<!-- versionAF="AAF-VE2407" -->\n' +
        '<!-- versionSDET="Annexe 4bis version 6.4" -->\n' +
        `<!-- codeAcademieExport="${academyCode}" -->\n` +
        `<!-- degre="${degree}" -->\n` +
        `<!-- dateGenerationExport="${date.split('-').toReversed().join('/')}" -->\n\n`,
    )
    return file
  }

  private append(text: string): void {
    // Three bytes at most for each UTF-16 unit in UTF-8; records are far smaller than the buffer.
    if (this.used + text.length * 3 > bufferSize) this.flush()
    if (this.options.encoding === 'UTF-8') {
      this.used += this.buffer.write(text, this.used, 'utf8')
      return
    }
    // V8 keeps most records in one byte a character, where this test costs nothing.
    const bytes = /[\u0100-\uffff]/.test(text) ? text.replaceAll(/[\u0100-\uffff]/g, toLatin9) : text
    this.used += this.buffer.write(bytes, this.used, 'latin1')
  }

  private flush(): void {
    let start = 0
    while (start < this.used) start += writeSync(this.descriptor, this.buffer, start, this.used - start)
    if (this.current) this.current.bytes += this.used
    this.used = 0
  }
}

function toLatin9(character: string): string {
  const byte = latin9[character]
  if (!byte) throw new RangeError(`${character} is not in ISO-8859-15`)
  return byte
}
