import type { AddressInfo } from 'node:net'
import { randomUUIDv7 } from 'node:crypto'
import Fastify from 'fastify'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/**
 * What storing statements costs at the very least: a bare HTTP server that parses them and copies the same bytes, several
 * requests at a time, into a table with the same columns and indexes. It checks nothing, neither who sends nor what.
 */
export async function openCeiling(owner: pg.Pool, tenantId: string): Promise<{ port: number; close(): Promise<void> }> {
  await owner.query('create table public.ceiling (like records.statement including all)')
  const waiting: { rows: string[]; done: () => void; failed: (error: unknown) => void }[] = []
  let busy = false
  let seq = Date.now() * 1000

  async function flush(): Promise<void> {
    busy = true
    while (waiting.length > 0) {
      const group = waiting.splice(0, 40)
      try {
        await copy(owner, group.flatMap(({ rows }) => rows).join(''))
        for (const { done } of group) done()
      } catch (error) {
        for (const { failed } of group) failed(error)
      }
    }
    busy = false
  }

  const app = Fastify({ bodyLimit: 1e8 })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post('/', async (request) => {
    const statements = [JSON.parse(String(request.body)) as { id: string } | { id: string }[]].flat()
    const rows = statements.map((statement) => {
      seq += 1
      // Spread as the keys of learners, verbs, activities and courses are.
      const [learner, verb, activity] = [spread(50_000), spread(7), spread(4_000)]
      const body = JSON.stringify(statement).replaceAll('\\', '\\\\')
      return `${tenantId}\t${seq}\t${statement.id ?? randomUUIDv7()}\t\\N\t${learner}\t${verb}\t${activity}\t\\N\t\\N\t\\N\t{1,${activity % 200}}\t${body}\n`
    })
    await new Promise<void>((done, failed) => {
      waiting.push({ rows, done, failed })
      if (!busy) void flush()
    })
    return statements.map(({ id }) => id)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      await app.close()
      await owner.query('drop table public.ceiling')
    },
  }
}

const spread = (count: number): number => Math.floor(count * Math.random() ** 2)

async function copy(owner: pg.Pool, text: string): Promise<void> {
  const client = await owner.connect()
  try {
    const stream = client.query(copyFrom('copy public.ceiling from stdin'))
    await new Promise<void>((done, failed) => stream.on('finish', done).on('error', failed).end(text))
  } finally {
    client.release()
  }
}
