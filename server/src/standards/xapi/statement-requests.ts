import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import {
  type Attachment,
  checkStatement,
  hasDigest,
  type NewAttachment,
  parseJson,
  type Statement,
  type XapiVersion,
} from '#modules/records'
import { Problem } from '#kernel/problem'
import { readBoundary, readMultipart, type Part } from './multipart.ts'
import { checkSignatures } from './signatures.ts'

/** Statements as a request brings them, checked, with the contents of their attachments. */
export interface SentStatements {
  /** Whether they came as a list. */
  several: boolean
  statements: Statement[]
  attachments: NewAttachment[]
}

/** What a request is let keep of what it brings, faulty or not: the statements to store. */
export type Admit = (values: unknown[]) => Statement[]

/**
 * Reads the statements of a PUT or POST: JSON alone, or the first part of a multipart whose others are attachments (1.0.3
 * Communication 1.5; IEEE 9274.1.1 4.1.3).
 * @param admit in place of the check that all are sound.
 * @throws Problem 400; StatementError saying where a statement is wrong.
 */
export function readStatements(request: FastifyRequest, version: XapiVersion, admit?: Admit): SentStatements {
  const type = request.headers['content-type'] ?? ''
  const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0)
  if (/^application\/json\s*(?:;|$)/i.test(type)) return check(body, [], version, admit)
  if (!/^multipart\/mixed\s*(?:;|$)/i.test(type)) {
    throw new Problem(400, 'content_type_invalid', 'Statements come as application/json or multipart/mixed.')
  }
  const [first, ...others] = readMultipart(body, readBoundary(type))
  if (!first || !/^application\/json\s*(?:;|$)/i.test(first.headers['content-type'] ?? '')) {
    throw new Problem(400, 'multipart_invalid', 'The first part holds the statements, as application/json.')
  }
  return check(first.content, others, version, admit)
}

function check(json: Buffer, parts: Part[], version: XapiVersion, admit?: Admit): SentStatements {
  const value = readJson(json)
  const several = Array.isArray(value)
  const values: unknown[] = several ? value : [value]
  const statements =
    admit?.(values) ?? values.map((each, index) => checkStatement(each, version, several ? `/${index}` : ''))
  return { several, statements, attachments: matchAttachments(statements, parts, admit !== undefined) }
}

function readJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new Problem(400, 'json_invalid', 'The content is not UTF-8.')
  try {
    return parseJson(bytes.toString('utf8'))
  } catch {
    throw new Problem(400, 'json_invalid', 'The content is no JSON.')
  }
}

/**
 * The contents of attachments, each once. An attachment is told by its hash and nothing else; neither its type nor its
 * length is compared, which tools often state wrong (1.0.3 Communication 1.5.2).
 * @param spare whether there may be others, of statements that are set aside.
 */
function matchAttachments(statements: Statement[], parts: Part[], spare: boolean): NewAttachment[] {
  const contents = readContents(parts)
  const matched = new Map<string, NewAttachment>()
  for (const statement of statements) {
    for (const attachment of attachmentsOf(statement)) {
      const sha2 = attachment.sha2.toLowerCase()
      const content = contents.get(sha2)
      if (content) matched.set(sha2, { sha2, contentType: attachment.contentType, content })
      else if (attachment.fileUrl === undefined) {
        throw new Problem(400, 'attachment_missing', 'An attachment has neither a fileUrl nor a part with its hash.', {
          sha2,
        })
      }
    }
    checkSignatures(statement, (attachment) => contents.get(attachment.sha2.toLowerCase()))
  }
  for (const [sha2, content] of contents) {
    if (matched.has(sha2)) continue
    if (!spare) throw new Problem(400, 'attachment_unknown', 'A part is the attachment of no statement.', { sha2 })
    matched.set(sha2, { sha2, contentType: 'application/octet-stream', content })
  }
  return [...matched.values()]
}

/** The attachments of a statement and of the one it holds. */
export function attachmentsOf({ attachments, object }: Statement): Attachment[] {
  const inner = object.objectType === 'SubStatement' ? object.attachments : undefined
  if (inner === undefined) return attachments ?? []
  return [...(attachments ?? []), ...inner]
}

function readContents(parts: Part[]): Map<string, Buffer> {
  const contents = new Map<string, Buffer>()
  for (const { headers, content } of parts) {
    const sha2 = headers['x-experience-api-hash']?.toLowerCase()
    if (sha2 === undefined) {
      throw new Problem(400, 'multipart_invalid', 'A part after the first lacks the header X-Experience-API-Hash.')
    }
    if ((headers['content-transfer-encoding'] ?? 'binary').toLowerCase() !== 'binary') {
      throw new Problem(400, 'multipart_invalid', 'The Content-Transfer-Encoding of attachments is binary.')
    }
    if (!hasDigest(content, sha2)) {
      throw new Problem(400, 'attachment_altered', 'The content of a part is not that of its hash.', { sha2 })
    }
    contents.set(sha2, content)
  }
  return contents
}
