import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

/** Answers JSON with its ETag, which resources under concurrency control have (1.0.3 Communication 3.1). */
export function answerJson(reply: FastifyReply, value: object): FastifyReply {
  const text = JSON.stringify(value)
  const etag = createHash('sha1').update(text).digest('hex')
  return reply.header('etag', `"${etag}"`).type('application/json; charset=utf-8').send(text)
}
