import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  activitiesOf,
  findDefinitions,
  listAttachments,
  mayNeedVersion,
  parseJson,
  type Statement,
  toCanonical,
  toIds,
  toVersion,
  type XapiVersion,
} from '#modules/records'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { readLanguages } from './languages.ts'
import { writeEnd, writePartHead } from './multipart.ts'
import { attachmentsOf } from './statement-requests.ts'

export const formats = ['exact', 'ids', 'canonical'] as const
export type Format = (typeof formats)[number]

/** How statements are answered. */
export interface Wish {
  format: Format
  version: XapiVersion
  attachments: boolean
}

/**
 * The texts of kept statements in the format and version asked. As they are kept, nothing is read or written again.
 * A statement of 2.0 is told to who speaks 1.0.3 without what 1.0.3 has no word for.
 */
export async function writeStatements(
  services: Services,
  request: FastifyRequest,
  bodies: string[],
  { format, version }: Wish,
): Promise<string[]> {
  const adapt = (statement: Statement) => toVersion(statement, version)
  if (format === 'exact') {
    return bodies.map((body) => (mayNeedVersion(body, version) ? JSON.stringify(adapt(parse(body))) : body))
  }
  const statements = bodies.map((body) => adapt(parse(body)))
  if (format === 'ids') return statements.map((statement) => JSON.stringify(toIds(statement)))
  const tenantId = request.tenant.id
  const iris = statements.flatMap((statement) => [...activitiesOf(statement)].map(({ id }) => id))
  const definitions = await inTenant(services.db, tenantId, (tx) => findDefinitions(tx, tenantId, iris))
  const languages = readLanguages(request.headers['accept-language'])
  return statements.map((statement) => JSON.stringify(toCanonical(statement, definitions, languages)))
}

const parse = (body: string) => parseJson(body) as Statement

/** Answers JSON; with the attachments of the statements, as multipart, where they are asked. */
export async function answerStatements(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { json, bodies, wish }: { json: string; bodies: string[]; wish: Wish },
): Promise<FastifyReply> {
  if (!wish.attachments) return reply.type('application/json; charset=utf-8').send(json)
  const attachments = bodies.flatMap((body) => attachmentsOf(parse(body)))
  const types = new Map(attachments.map(({ sha2, contentType }) => [sha2.toLowerCase(), contentType]))
  const boundary = `preau-${randomUUID()}`
  reply.type(`multipart/mixed; boundary=${boundary}`)
  return reply.send(Readable.from(writeMultipart(services, request.tenant.id, { boundary, json, types })))
}

// One content in memory at a time, however many a page has.
async function* writeMultipart(
  services: Services,
  tenantId: string,
  { boundary, json, types }: { boundary: string; json: string; types: Map<string, string> },
): AsyncGenerator<string | Buffer> {
  yield writePartHead(boundary, { 'Content-Type': 'application/json' }).trimStart()
  yield json
  for (const [hash, contentType] of types) {
    const [attachment] = await inTenant(services.db, tenantId, (tx) => listAttachments(tx, [hash]))
    // An attachment with a fileUrl may have no content here.
    if (!attachment) continue
    yield writePartHead(boundary, {
      // As these statements call it, whoever sent the same bytes first.
      'Content-Type': contentType,
      'Content-Transfer-Encoding': 'binary',
      'X-Experience-API-Hash': attachment.sha2,
    })
    yield attachment.content
  }
  yield writeEnd(boundary)
}
