import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '#kernel/problem'

const megabyte = 1024 * 1024
/** Bodies announced as larger are counted together: what is in memory must stay within what a server has. */
const small = megabyte
/** Bytes announced by all requests that are being answered. */
const mostTogether = 256 * megabyte

/** Keeps large bodies from filling the memory by coming at once: those beyond are asked to come back. */
export function createCrowding() {
  const held = new WeakMap<FastifyRequest, number>()
  let together = 0
  return {
    /** @throws Problem 503 `store_busy`, before anything of the body is read. */
    enter(request: FastifyRequest, reply: FastifyReply): void {
      const announced = Number(request.headers['content-length'] ?? 0)
      if (!(announced > small)) return
      if (together + announced > mostTogether) {
        reply.header('retry-after', '5')
        throw new Problem(503, 'store_busy', 'Too many large requests at once: send this again in a moment.')
      }
      held.set(request, announced)
      together += announced
    },
    leave(request: FastifyRequest): void {
      together -= held.get(request) ?? 0
      held.delete(request)
    },
  }
}
