import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { createCrowding } from './crowding.ts'

const most = 64 * 1024 * 1024

/** A server, and all that it lets in at once announced to it, of which little is sent. */
async function openFull(silence: number) {
  const app = fastify({ bodyLimit: most, forceCloseConnections: true })
  onTestFinished(() => app.close())
  const crowding = createCrowding(silence)
  app.addHook('onRequest', async (request, reply) => crowding.enter(request, reply))
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  app.post('/', () => 'kept')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const send = async () => {
    const init = { method: 'POST', headers: { 'content-type': 'a/b' }, body: ' '.repeat(2 * 1024 * 1024) }
    return (await fetch(`http://127.0.0.1:${port}/`, init)).status
  }
  const sockets: Socket[] = []
  for (let count = 0; count < 4; count++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Length: ${most}\r\n\r\nbeginning`)
    sockets.push(socket)
  }
  await expect.poll(send, { timeout: 2000 }).toBe(503)
  return { sockets, send }
}

test('who goes midway leaves its place to others', async () => {
  const { sockets, send } = await openFull(60_000)
  for (const socket of sockets) socket.destroy()
  await expect.poll(send, { timeout: 10_000 }).toBe(200)
})

test('who sends nothing more, as when its network is gone, loses its place', async () => {
  const { sockets, send } = await openFull(3000)
  const ends = Promise.all(sockets.map((socket) => once(socket, 'close')))
  await expect.poll(send, { timeout: 15_000 }).toBe(200)
  await ends
})
