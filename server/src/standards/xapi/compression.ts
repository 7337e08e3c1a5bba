import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const compress = promisify(gzip)
/** Characters below which packing costs more than it spares. */
const worthIt = 2048

/**
 * Packs an answer that is text for who can unpack it; a page of statements is then a tenth as long. Documents, whose ETag
 * is of their bytes, go as they are. Nothing secret is in these answers beside what others wrote.
 */
export async function packAnswer(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' || payload.length < worthIt || reply.hasHeader('content-encoding')) return payload
  reply.header('vary', 'Accept-Encoding')
  if (!takesGzip(request.headers['accept-encoding'])) return payload
  reply.header('content-encoding', 'gzip').removeHeader('content-length')
  return compress(payload, { level: 3 })
}

/** RFC 9110 §12.5.3, for gzip alone. */
function takesGzip(accepted: string | string[] = ''): boolean {
  const weights = new Map(
    String(accepted)
      .split(',')
      .map((each): [string, number] => {
        const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase())
        return [name, Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1)]
      }),
  )
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0
}
