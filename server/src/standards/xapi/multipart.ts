import { Problem } from '#kernel/problem'

/** A part of a multipart body. Names of headers are in lower case. */
export interface Part {
  headers: Record<string, string>
  content: Buffer
}

/**
 * The boundary that the content type of a multipart body states, quoted or not.
 * @throws Problem 400 `multipart_invalid` when there is none.
 */
export function readBoundary(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined || boundary.length > 70) {
    throw new Problem(400, 'multipart_invalid', 'The content type states no boundary of 1 to 70 characters.')
  }
  return boundary
}

/** Far more than a batch has attachments; a body made of empty parts ends here. */
const mostParts = 10_000

/**
 * Reads a multipart body (RFC 2046 §5.1): nothing is decoded, the parts are views of the body.
 * @throws Problem 400 `multipart_invalid` saying what is wrong, and in which part.
 */
export function readMultipart(body: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`--${boundary}`)
  const parts: Part[] = []
  let start = findDelimiter(body, delimiter, 0)
  if (start === -1) throw refusal('the boundary that the header states is nowhere')
  for (;;) {
    const position = skipSpaces(body, start + delimiter.length)
    if (isClosing(body, position)) return parts
    const end = findDelimiter(body, delimiter, position)
    if (end === -1) throw refusal('the last boundary is missing')
    if (parts.length === mostParts) throw refusal(`it has more than ${mostParts} parts`)
    // The line end before a boundary belongs to the boundary.
    parts.push(readPart(body.subarray(position, Math.max(position, end - 2)), parts.length + 1))
    start = end
  }
}

/** A boundary stands at the beginning of a line, and alone there: a longer one is that of a multipart within a part. */
function findDelimiter(body: Buffer, delimiter: Buffer, from: number): number {
  for (let at = body.indexOf(delimiter, from); at !== -1; at = body.indexOf(delimiter, at + 1)) {
    const end = skipSpaces(body, at + delimiter.length)
    if ((at === 0 || isLineEnd(body, at - 2)) && (isLineEnd(body, end) || isClosing(body, end))) return at
  }
  return -1
}

function skipSpaces(body: Buffer, from: number): number {
  let at = from
  while (body[at] === 0x20 || body[at] === 0x09) at += 1
  return at
}

/** Whether the last boundary ends there. */
const isClosing = (body: Buffer, at: number): boolean => body[at] === 0x2d && body[at + 1] === 0x2d

const isLineEnd = (body: Buffer, at: number): boolean => body[at] === 0x0d && body[at + 1] === 0x0a

// From the line end after the boundary: headers, an empty line, content. Without any header the first line is the empty one.
function readPart(bytes: Buffer, number: number): Part {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) throw refusal(`the headers of part ${number} do not end with an empty line`)
  const headers: Record<string, string> = {}
  for (const line of bytes.toString('latin1', 2, end).split('\r\n')) {
    if (line === '') continue
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw refusal(`a header of part ${number} cannot be read`)
    headers[name.toLowerCase()] = value
  }
  return { headers, content: bytes.subarray(end + 4) }
}

const refusal = (detail: string) => new Problem(400, 'multipart_invalid', `The body is no multipart: ${detail}.`)

/** The head of a part, to write before its content. */
export function writePartHead(boundary: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replaceAll(/[\r\n]/g, ' ')}\r\n`)
  return `\r\n--${boundary}\r\n${lines.join('')}\r\n`
}

/** What ends a multipart body. */
export const writeEnd = (boundary: string): string => `\r\n--${boundary}--\r\n`
