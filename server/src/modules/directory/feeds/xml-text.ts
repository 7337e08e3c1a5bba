import { open } from 'node:fs/promises'
import { TextDecoder } from 'node:util'
import { FeedRefusal } from './feed.ts'

const chunkBytes = 262_144

/**
 * Reads a file as text, chunk by chunk, under the encoding of its XML declaration (UTF-8 without one).
 * @throws FeedRefusal when it is neither UTF-8, ISO-8859-15 nor ISO-8859-1, or when its bytes are not what it says.
 */
export async function* readXmlText(path: string, file: string): AsyncGenerator<{ text: string; bytes: number }> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    const first = await handle.read(buffer, 0, chunkBytes, null)
    const decode = createDecoder(buffer.subarray(0, first.bytesRead), file)
    let { bytesRead } = first
    while (bytesRead > 0) {
      yield { text: decode(buffer.subarray(0, bytesRead)), bytes: bytesRead }
      bytesRead = (await handle.read(buffer, 0, chunkBytes, null)).bytesRead
    }
    yield { text: decode(undefined), bytes: 0 }
  } finally {
    await handle.close()
  }
}

/** The beginnings of zip archives, hence of spreadsheets, and of gzip's. */
const archiveStarts = [Buffer.from('PK\x03\x04'), Buffer.from([0x1f, 0x8b])]

/** Makes what turns a file's bytes into text, `undefined` standing for their end. */
function createDecoder(start: Buffer, file: string): (bytes: Buffer | undefined) => string {
  if (archiveStarts.some((begins) => start.subarray(0, begins.length).equals(begins))) {
    throw new FeedRefusal('xml_no_text', 'This is an archive, not XML: unpack it, or give it its own name back.', {
      file,
    })
  }
  const declaration = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(
    start.toString('latin1', 0, 200),
  )
  const encoding = (declaration?.[1] ?? 'utf-8').toLowerCase()
  if (
    /^(\xff\xfe|\xfe\xff)/.test(start.toString('latin1', 0, 2)) ||
    !['utf-8', 'iso-8859-15', 'iso-8859-1'].includes(encoding)
  ) {
    const named = encoding === 'utf-8' ? 'UTF-16' : encoding.slice(0, 30)
    throw new FeedRefusal(
      'encoding_unsupported',
      `Encoding ${named}: files of feeds are ISO-8859-15, ISO-8859-1 or UTF-8.`,
      {
        file,
        line: 1,
      },
    )
  }
  let line = 1
  const refuseAt = (text: string, index: number, code: string, detail: string): never => {
    const before = text.slice(0, index)
    const column = index - before.lastIndexOf('\n')
    throw new FeedRefusal(code, detail, { file, line: line + countLines(before), column })
  }
  if (encoding === 'utf-8') {
    const decoder = new TextDecoder('utf-8')
    return (bytes) => {
      const text = bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
      const index = text.indexOf('\uFFFD')
      if (index >= 0) refuseAt(text, index, 'encoding_wrong', 'These bytes are not UTF-8, which the file says it is.')
      if (bytes) line += countByte(bytes, 10)
      return text
    }
  }
  // Text of a few accents that is valid UTF-8 to the end is UTF-8: in ISO-8859-15 such pairs make no French.
  let probe: TextDecoder | undefined = new TextDecoder('utf-8', { fatal: true })
  let firstAccent: { line: number; column: number } | undefined
  return (bytes) => {
    if (probe) {
      try {
        probe.decode(bytes, { stream: bytes !== undefined })
      } catch {
        probe = undefined
      }
      if (probe && !bytes && firstAccent) {
        throw new FeedRefusal('encoding_wrong', 'The file says ISO-8859-15 and is in UTF-8.', { file, ...firstAccent })
      }
    }
    if (!bytes) return ''
    const text = bytes.toString('latin1')
    const control = /[\u0080-\u009f]/.exec(text)
    if (control) refuseAt(text, control.index, 'encoding_wrong', 'A byte here stands for no character of ISO-8859-15.')
    // What an accent of UTF-8 becomes: no word of any language holds such pairs.
    const mixed = /[ÂÃ][\u00a0-\u00bf]/.exec(text)
    if (mixed) refuseAt(text, mixed.index, 'encoding_wrong', 'Here are bytes of UTF-8 in a file of another encoding.')
    if (probe && !firstAccent) {
      const accent = /[\u00a0-\u00ff]/.exec(text)
      if (accent) {
        const before = text.slice(0, accent.index)
        firstAccent = { line: line + countLines(before), column: accent.index - before.lastIndexOf('\n') }
      }
    }
    line += countByte(bytes, 10)
    return encoding === 'iso-8859-1' ? text : text.replace(/[¤¦¨´¸¼½¾]/g, (character) => latin9[character]!)
  }
}

// Where ISO-8859-15 differs from ISO-8859-1.
const latin9: Record<string, string> = {
  '¤': '€',
  '¦': 'Š',
  '¨': 'š',
  '´': 'Ž',
  '¸': 'ž',
  '¼': 'Œ',
  '½': 'œ',
  '¾': 'Ÿ',
}

export function countLines(text: string): number {
  let count = 0
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++
  return count
}

function countByte(bytes: Buffer, byte: number): number {
  let count = 0
  for (let i = bytes.indexOf(byte); i >= 0; i = bytes.indexOf(byte, i + 1)) count++
  return count
}
