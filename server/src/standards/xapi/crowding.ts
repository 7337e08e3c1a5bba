import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '#kernel/problem'

const megabyte = 1024 * 1024
/** Bodies announced as larger are counted together: what is in memory must stay within what a server has. */
const small = megabyte
/** Bytes announced by all requests that are being answered. */
const mostTogether = 256 * megabyte
/** How long a sender may be silent, in ms: one whose network is gone never says that it is. */
const patience = 60_000

/**
 * Keeps large bodies from filling the memory by coming at once: those beyond are asked to come back.
 * @param silence how long a sender may send nothing, in ms, before its place is free.
 */
export function createCrowding(silence = patience) {
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
      together += announced
      let read = 0
      const watch = setInterval(() => {
        const { bytesRead } = request.raw.socket
        if (bytesRead === read && !request.raw.complete) request.raw.destroy()
        read = bytesRead
      }, silence)
      // Who goes midway is never answered.
      reply.raw.once('close', () => {
        clearInterval(watch)
        together -= announced
      })
    },
  }
}
