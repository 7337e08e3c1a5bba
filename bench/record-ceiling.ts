import type { AddressInfo } from 'node:net'
import { randomUUIDv7 } from 'node:crypto'
import Fastify from 'fastify'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/**
 * What storing statements costs at the very least: a bare HTTP server that parses them and copies the same bytes, several
 * requests at a time, into tables with the same columns and indexes. It checks nothing, neither who sends nor what.
 */
export async function openCeiling(owner: pg.Pool, tenantId: string): Promise<{ port: number; close(): Promise<void> }> {
  await owner.query('create table public.ceiling (like records.statement including all)')
  await owner.query('create table public.ceiling_mention (like records.mention including all)')
  const waiting: { rows: string[]; mentions: string[]; done: () => void; failed: (error: unknown) => void }[] = []
  let busy = false
  let seq = Date.now() * 1000

  async function flush(): Promise<void> {
    busy = true
    while (waiting.length > 0) {
      const group = waiting.splice(0, 40)
      try {
        await copy(owner, group)
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
    const mentions: string[] = []
    const rows = statements.map((statement) => {
      seq += 1
      // Spread as the keys of learners, verbs, activities and courses are.
      const [learner, verb, activity] = [spread(50_000), spread(7), spread(4_000)]
      const body = JSON.stringify(statement).replaceAll('\\', '\\\\')
      mentions.push(`${tenantId}\t-1\t${seq}\n`, `${tenantId}\t${activity % 200}\t${seq}\n`)
      return `${tenantId}\t${seq}\t${statement.id ?? randomUUIDv7()}\t\\N\t${learner}\t${verb}\t${activity}\t\\N\t\\N\t\\N\t1\t${body}\n`
    })
    await new Promise<void>((done, failed) => {
      waiting.push({ rows, mentions, done, failed })
      if (!busy) void flush()
    })
    return statements.map(({ id }) => id)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      await app.close()
      await owner.query('drop table public.ceiling, public.ceiling_mention')
    },
  }
}

const spread = (count: number): number => Math.floor(count * Math.random() ** 2)

/** One transaction. */
async function copy(owner: pg.Pool, group: { rows: string[]; mentions: string[] }[]): Promise<void> {
  const client = await owner.connect()
  const send = (table: string, text: string) =>
    new Promise<void>((done, failed) =>
      client
        .query(copyFrom(`copy ${table} from stdin`))
        .on('finish', done)
        .on('error', failed)
        .end(text),
    )
  try {
    await client.query('begin')
    await send('public.ceiling', group.flatMap(({ rows }) => rows).join(''))
    await send('public.ceiling_mention', group.flatMap(({ mentions }) => mentions).join(''))
    await client.query('commit')
  } finally {
    client.release()
  }
}
