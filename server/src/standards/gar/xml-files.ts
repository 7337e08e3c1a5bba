import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Degree } from './tables.ts'

/** An element: its name without prefix, then its text or its elements. */
export type Element = [name: string, content: string | Element[]]

/** Elements that one file may hold, all depths together and its root included (as the national connector counts). */
export const mostNodes = 10_000

const namespaces: Record<Degree, { uri: string; schema: string }> = {
  '2D': { uri: 'http://data.education.fr/ns/gar', schema: 'GAR-ENT.xsd' },
  '1D': { uri: 'http://data.education.fr/ns/gar/1d', schema: 'GAR-ENT-1D.xsd' },
}

/** Types of files, in the order they are written. */
export const fileTypes = ['Eleve', 'Enseignant', 'Etab', 'Groupe', 'RespAff'] as const
export type FileType = (typeof fileTypes)[number]

/** Writes the files of one type, numbered from 0, each begun when the one before is full. */
export class XmlFiles {
  /** Names of the files written, in order. */
  readonly names: string[] = []
  /** How many elements of each name, among the roots' children. */
  readonly counts = new Map<string, number>()
  private readonly target: { folder: string; prefix: string; degree: Degree }
  private readonly type: FileType
  private file: FileHandle | undefined
  private nodes = 0
  private waiting = ''

  /** @param target.prefix beginning of the names of files: `{idEnt}_GAR-ENT_Complet_{date}_{degree}`. */
  constructor(target: { folder: string; prefix: string; degree: Degree }, type: FileType) {
    this.target = target
    this.type = type
  }

  async add(element: Element): Promise<void> {
    const nodes = countNodes(element)
    if (this.nodes + nodes > mostNodes) await this.end()
    if (!this.file) await this.begin()
    this.nodes += nodes
    this.waiting += write(element)
    this.counts.set(element[0], (this.counts.get(element[0]) ?? 0) + 1)
    if (this.waiting.length > 65_536) await this.flush()
  }

  /** Closes the last file; there is one even when there is nothing to say. */
  async close(): Promise<void> {
    if (this.names.length === 0) await this.begin()
    await this.end()
  }

  private async begin(): Promise<void> {
    const name = `${this.target.prefix}_${this.type}_${String(this.names.length).padStart(4, '0')}.xml`
    this.names.push(name)
    this.file = await open(join(this.target.folder, name), 'wx', 0o600)
    const { uri, schema } = namespaces[this.target.degree]
    this.nodes = 1
    this.waiting =
      `<?xml version="1.0" encoding="UTF-8"?>\n<men:GAR-ENT-${this.type} xmlns:men="${uri}"` +
      ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" Version="1.0" xsi:schemaLocation="${uri} ${schema}">\n`
  }

  private async end(): Promise<void> {
    if (!this.file) return
    this.waiting += `</men:GAR-ENT-${this.type}>\n`
    await this.flush()
    await this.file.close()
    this.file = undefined
    this.nodes = 0
  }

  private async flush(): Promise<void> {
    await this.file?.write(this.waiting)
    this.waiting = ''
  }
}

function countNodes([, content]: Element): number {
  return 1 + (typeof content === 'string' ? 0 : content.reduce((sum, each) => sum + countNodes(each), 0))
}

function write([name, content]: Element): string {
  const inner = typeof content === 'string' ? escape(content) : content.map(write).join('')
  return `<men:${name}>${inner}</men:${name}>${typeof content === 'string' ? '' : '\n'}`
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

// XML 1.0 has no place for the other control characters, however written.
function escape(text: string): string {
  return text
    .replace(/[&<>]/g, (sign) => entities[sign] ?? sign)
    .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
}
