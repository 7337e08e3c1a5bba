import { chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { type ClickHouseClient, type ClickHouseSettings, createClient, type DataFormat } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startStoreProgram } from '../../test/store-program.ts'
import { type EmbeddedClickhouse, findEmbeddedClickhouse, startEmbeddedClickhouse } from './embedded-clickhouse.ts'
import { isRunningProcess } from './local-process.ts'

const start = 'startEmbeddedClickhouse'

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'preau-ch-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
  return join(directory, 'store')
}

function open(store: EmbeddedClickhouse, options: object = {}): ClickHouseClient {
  // Errors are what these tests are about: the client must not print them.
  return createClient({ ...store.connection, ...options, log: { level: 127 } })
}

async function ask<T = Record<string, unknown>>(
  client: ClickHouseClient,
  query: string,
  query_params: Record<string, unknown> = {},
  clickhouse_settings: ClickHouseSettings = {},
): Promise<T[]> {
  const result = await client.query({ query, query_params, clickhouse_settings, format: 'JSONEachRow' })
  return result.json<T>()
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; !condition(); await wait(10)) {
    if (Date.now() > deadline) throw new Error(`Never happened: ${what}`)
  }
}

describe('speaks to the stock client as a server does', () => {
  let store: EmbeddedClickhouse
  let client: ClickHouseClient
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'preau-ch-'))
    store = await startEmbeddedClickhouse({ directory })
    client = open(store)
    await client.command({
      query: 'create table t (id UInt64, name String, tags Array(String)) engine = MergeTree order by id',
    })
  })
  afterAll(async () => {
    await client.close()
    expect(await store.stop()).toBe(true)
    rmSync(directory, { recursive: true, force: true })
  })

  test('parameters of every kind come back as they went', async () => {
    const texts = ["it's", '\\', 'tab\tand\nline\r', '{x:String}', "'; drop table t; --", '', 'é😀\u0001', '\\N', '`"`']
    for (const text of texts) {
      expect(await ask(client, 'select {a:String} as a, {b:Array(String)} as b', { a: text, b: [text] })).toEqual([
        { a: text, b: [text] },
      ])
    }
    expect(
      await ask(client, 'select {n:Nullable(UInt8)} as n, {m:Map(String, UInt8)} as m', { n: null, m: { "a'": 1 } }),
    ).toEqual([{ n: null, m: { "a'": 1 } }])
    expect(await ask(client, 'select count() as n from {t:Identifier}', { t: 't' })).toHaveLength(1)
  })

  test('long parameters come as a form', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `name ${index} d'été`)
    const result = await client.query({
      query: 'select length({names:Array(String)}) as n, {names:Array(String)}[3000] as last',
      query_params: { names },
      use_multipart_params_auto: true,
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ n: 3000, last: "name 2999 d'été" }])
  })

  test('a request leaves neither its parameters nor its settings to the next', async () => {
    // More requests than sessions, so that each session is used again.
    const asked = `select getSetting('max_block_size') as size, getSetting('max_threads') as threads, {x:String} as x`
    const settings = { max_block_size: '77', max_threads: 1 }
    for (let index = 0; index < 8; index++) {
      expect(await ask(client, asked, { x: String(index) }, settings)).toEqual([
        { size: 77, threads: 1, x: String(index) },
      ])
    }
    for (let index = 0; index < 8; index++) {
      await expect(ask(client, 'select {x:String}')).rejects.toMatchObject({
        code: '456',
        type: 'UNKNOWN_QUERY_PARAMETER',
      })
    }
    for (let index = 0; index < 8; index++) {
      expect(await ask(client, asked, { x: '' })).toEqual([{ size: 65_409, threads: 2, x: '' }])
    }
    await client.command({ query: 'use system' })
    await client.command({ query: 'set max_threads = 1' })
    for (let index = 0; index < 8; index++) {
      expect(await ask(client, `select currentDatabase() as d, getSetting('max_threads') as t`)).toEqual([
        { d: 'preau', t: 2 },
      ])
    }
  })

  test.each([
    ['selec', '62', 'SYNTAX_ERROR'],
    ['select 1; select 2', '62', 'SYNTAX_ERROR'],
    ['select * from nowhere', '60', 'UNKNOWN_TABLE'],
    ['select nothing', '47', 'UNKNOWN_IDENTIFIER'],
    ['select 1 settings nothing = 1', '115', 'UNKNOWN_SETTING'],
    [
      "select throwIf(number = 100000, 'late') from numbers(200000) settings max_block_size = 1000",
      '395',
      'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO',
    ],
  ])('%s fails with code %s', async (query, code, type) => {
    await expect(ask(client, query)).rejects.toMatchObject({ code, type })
    expect(await ask(client, 'select 1 as x')).toEqual([{ x: 1 }])
  })

  test.each(['JSON', 'JSONEachRow', 'CSVWithNames'] as const)(
    'what a failed answer in %s had begun goes to nobody',
    async (format) => {
      const query = `select number, throwIf(number = 100000) from numbers(200000) settings max_block_size = 1000`
      for (let index = 0; index < 8; index++) {
        const read = async () => (await client.query({ query, format })).text()
        // A format without rows of its own fails before it is answered; the others end with the error.
        const text = await read().catch(() => '(FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)')
        expect(text).toContain('(FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)')
      }
      for (let index = 0; index < 8; index++) {
        expect(await ask(client, 'select 1 as x')).toEqual([{ x: 1 }])
        const result = await client.query({ query: 'select 1 as x', format: 'CSV' })
        expect(await result.text()).toBe('1\n')
      }
    },
  )

  test('a statement that may only read reads nothing elsewhere, and leaves sessions that write', async () => {
    await client.command({ query: 'create table written (a Int64) engine = MergeTree order by a' })
    const readonly = { readonly: '1' } as const
    for (let index = 0; index < 8; index++) {
      expect(
        await ask(client, 'select {x:String} as x', { x: String(index) }, { ...readonly, max_threads: 1 }),
      ).toEqual([{ x: String(index) }])
      await client.insert({ table: 'written', values: [{ a: index }], format: 'JSONEachRow' })
      for (const query of [`select * from file('/etc/passwd', LineAsString)`, 'select 1 settings max_threads = 8'])
        await expect(ask(client, query, {}, readonly)).rejects.toMatchObject({ type: 'READONLY' })
    }
    expect(await ask(client, 'select toUInt8(count()) as n from written')).toEqual([{ n: 8 }])
  })

  test('several statements in a command are refused whole', async () => {
    await expect(client.command({ query: 'select 1; drop table t' })).rejects.toMatchObject({ code: '62' })
    expect(await ask(client, 'exists table t')).toEqual([{ result: 1 }])
  })

  test('sessions and unknown settings are refused by name', async () => {
    await expect(client.query({ query: 'select 1', session_id: 'mine' })).rejects.toMatchObject({ code: '48' })
    await expect(ask(client, 'select 1', {}, { nothing: 1 } as ClickHouseSettings)).rejects.toMatchObject({
      code: '115',
    })
  })

  test.each([
    ['JSONEachRow', [{ id: 1, name: "d'été\n\t\\", tags: ["a'b", '\\'] }]],
    ['JSONCompactEachRow', [[1, "d'été\n\t\\", ["a'b", '\\']]]],
    [
      'JSONCompactEachRowWithNames',
      [
        ['tags', 'id', 'name'],
        [["a'b", '\\'], 1, "d'été\n\t\\"],
      ],
    ],
  ] as [DataFormat, unknown[]][])('rows come in as %s', async (format, values) => {
    await client.command({ query: 'truncate table t' })
    await client.insert({ table: 't', format, values })
    expect(await ask(client, 'select * from t')).toEqual([{ id: 1, name: "d'été\n\t\\", tags: ["a'b", '\\'] }])
  })

  test('rows come in as CSV, for some columns, with their count', async () => {
    await client.command({ query: 'truncate table t' })
    const csv = Readable.from(['7,"a\nb"\n', '8,c\n'], { objectMode: false })
    const { summary } = await client.insert({ table: 't', format: 'CSV', columns: ['id', 'name'], values: csv })
    expect(summary?.written_rows).toBe('2')
    await client.insert({
      table: 't',
      format: 'JSONEachRow',
      columns: { except: ['tags'] },
      values: [{ id: 9, name: 'd' }],
    })
    expect(await ask(client, 'select id, name from t order by id')).toEqual([
      { id: 7, name: 'a\nb' },
      { id: 8, name: 'c' },
      { id: 9, name: 'd' },
    ])
  })

  test('a stream larger than a block comes in whole, and goes out as it is made', async () => {
    await client.command({ query: 'truncate table t' })
    const name = 'x'.repeat(200)
    const rows = function* () {
      for (let id = 0; id < 100_000; id++) yield { id, name }
    }
    await client.insert({ table: 't', format: 'JSONEachRow', values: Readable.from(rows()) })
    expect(await ask(client, 'select count() as n, uniqExact(id) as ids, max(length(name)) as l from t')).toEqual([
      { n: 100_000, ids: 100_000, l: 200 },
    ])
    const result = await client.query({ query: 'select id from t order by id', format: 'JSONEachRow' })
    let expected = 0
    for await (const page of result.stream<{ id: number }>()) {
      for (const row of page) expect(row.json<{ id: number }>().id).toBe(expected++)
    }
    expect(expected).toBe(100_000)
  })

  test('a bad row, table or column inserts nothing and says which', async () => {
    await client.command({ query: 'truncate table t' })
    const values = [{ id: 1 }, { id: 'two' }]
    await expect(client.insert({ table: 't', format: 'JSONEachRow', values })).rejects.toThrow('(at row 2)')
    await expect(client.insert({ table: 'u', format: 'JSONEachRow', values })).rejects.toMatchObject({ code: '60' })
    const none = () => Readable.from([], { objectMode: false })
    await expect(client.exec({ query: 'insert into u format CSV', values: none() })).rejects.toMatchObject({
      code: '60',
    })
    const { stream } = await client.exec({ query: 'insert into t format CSV', values: none() })
    stream.resume()
    expect(await ask(client, 'select count() as n from t')).toEqual([{ n: 0 }])
  })

  test('compressed both ways', async () => {
    for (const codec of ['gzip', 'zstd'] as const) {
      const packed = open(store, { compression: { request: { codec }, response: { codec } } })
      await client.command({ query: 'truncate table t' })
      await packed.insert({ table: 't', format: 'JSONEachRow', values: [{ id: 5, name: codec }] })
      expect(await ask(packed, 'select id, name from t')).toEqual([{ id: 5, name: codec }])
      await expect(ask(packed, 'select nothing')).rejects.toMatchObject({ code: '47' })
      const result = await packed.query({ query: 'select 1 as x', format: 'JSON' })
      expect((await result.json()).data).toEqual([{ x: 1 }])
      await packed.close()
    }
  })

  test('a format in the statement, none, and a long statement by POST', async () => {
    const read = async (query: string) => {
      const { stream } = await client.exec({ query })
      return Buffer.concat(await stream.toArray()).toString()
    }
    expect(await read('select 1 as a, 2 as b format CSVWithNames')).toBe('"a","b"\n1,2\n')
    expect(await read("select 1, 'x'")).toBe('1\tx\n')
    expect(await read(`select length('${'y'.repeat(100_000)}')`)).toBe('100000\n')
  })

  test('definitions, materialised views, changes and INSERT … SELECT', async () => {
    const run = (query: string, query_params: Record<string, unknown> = {}) =>
      client.command({ query, query_params, clickhouse_settings: { mutations_sync: '1' } })
    await run('create table s (day Date, n UInt64) engine = SummingMergeTree order by day')
    await run('create materialized view m to s as select toDate(id) as day, count() as n from t group by day')
    await run('truncate table t')
    await run('insert into t select number, toString(number), [] from numbers({n:UInt32})', { n: 1000 })
    expect(await ask(client, 'select sum(n) as n from s')).toEqual([{ n: 1000 }])
    await run('alter table t delete where id >= {from:UInt64}', { from: 10 })
    expect(await ask(client, 'select count() as n from t')).toEqual([{ n: 10 }])
  })

  test('short statements do not wait for long ones, with or without parameters', async () => {
    const long = [1, 2].map(() => ask(client, 'select sleep({s:UInt8}) as x', { s: 2 }))
    await wait(50)
    const begun = performance.now()
    await Promise.all([1, 2, 3].map((x) => ask(client, 'select {x:UInt8} as x', { x })))
    expect(performance.now() - begun).toBeLessThan(1000)
    await Promise.all(long)
  })

  test('of two clients on one connection, neither ends what the other has taken up', async () => {
    const another = open(store)
    await ask(another, 'select 1')
    // Longer than the stock client keeps an idle connection, which is what the first was left with.
    expect(await ask(client, 'select sleep(2.9) as slept')).toEqual([{ slept: 0 }])
  })

  test('an abandoned answer frees its session, and its statement ends', async () => {
    for (let index = 0; index < 6; index++) {
      const result = await client.query({ query: 'select number from system.numbers', format: 'JSONEachRow' })
      result.close()
    }
    const abandon = new AbortController()
    const endless = Array.from({ length: 6 }, () =>
      client.query({ query: 'select count() from system.numbers', format: 'JSON', abort_signal: abandon.signal }),
    )
    await wait(300)
    abandon.abort()
    await Promise.allSettled(endless)
    // The question itself is the only one left.
    await expect
      .poll(() => ask(client, 'select count() as running from system.processes'), { timeout: 5000 })
      .toEqual([{ running: 1 }])
  })

  test('acknowledged rows are synchronised to the disk', async () => {
    const settings = await ask(
      client,
      `select name, value from system.merge_tree_settings where name like 'fsync%' order by name`,
    )
    expect(settings).toEqual([
      { name: 'fsync_after_insert', value: '1' },
      { name: 'fsync_part_directory', value: '1' },
    ])
  })

  test('only its owner reaches the socket, and the temporary directory stays clean', () => {
    expect(statSync(join(directory, 'run')).mode & 0o777).toBe(0o700)
    expect(readdirSync(tmpdir()).filter((name) => /^(clickhouse-embedded|chdb-node)-/.test(name))).toEqual([])
  })
})

test('another program joins, and the last one to leave ends the process', async () => {
  const directory = makeDirectory()
  expect(await findEmbeddedClickhouse({ directory })).toBeUndefined()
  const programs = await Promise.all([1, 2].map(() => startStoreProgram({ start, directory })))
  const store = await startEmbeddedClickhouse({ directory })
  expect(store.reused).toBe(true)
  expect(new Set([store.pid, ...programs.map((each) => each.store.pid)]).size).toBe(1)
  const found = await findEmbeddedClickhouse({ directory })
  const client = createClient(found!)
  expect(await ask(client, 'select 1 as x')).toEqual([{ x: 1 }])
  await client.close()

  expect(await programs[0]!.stop()).toBe(false)
  expect(await store.stop()).toBe(false)
  expect(isRunningProcess(store.pid)).toBe(true)
  expect(await programs[1]!.stop()).toBe(true)
  expect(isRunningProcess(store.pid)).toBe(false)
  expect(await findEmbeddedClickhouse({ directory })).toBeUndefined()
})

test('the process goes with its killed parent, and the next start keeps the rows', async () => {
  const directory = makeDirectory()
  const program = await startStoreProgram({ start, directory })
  const client = createClient((await findEmbeddedClickhouse({ directory }))!)
  await client.command({ query: 'create table t (id UInt8) engine = MergeTree order by id' })
  await client.insert({ table: 't', format: 'JSONEachRow', values: [{ id: 42 }] })
  await client.close()
  await program.kill()
  await until(() => !isRunningProcess(program.store.pid), 'the end of the orphan')

  const store = await startEmbeddedClickhouse({ directory })
  expect(store.reused).toBe(false)
  const again = open(store)
  expect(await ask(again, 'select id from t')).toEqual([{ id: 42 }])
  await again.close()
  expect(await store.stop()).toBe(true)
})

test('comes back by itself after kill -9, with every acknowledged row and no torn one', async () => {
  const directory = makeDirectory()
  const store = await startEmbeddedClickhouse({ directory })
  const client = open(store)
  await client.command({ query: 'create table t (batch UInt32, id UInt32) engine = MergeTree order by batch' })
  const acknowledged: number[] = []
  const killed = store.pid
  for (let batch = 0; acknowledged.length < 60; batch++) {
    if (acknowledged.length === 30 && store.pid === killed) process.kill(killed, 'SIGKILL')
    const values = Array.from({ length: 200 }, (_, id) => ({ batch, id }))
    await client.insert({ table: 't', format: 'JSONEachRow', values }).then(
      () => acknowledged.push(batch),
      () => {},
    )
  }
  expect(store.pid).not.toBe(killed)
  expect(isRunningProcess(killed)).toBe(false)
  const kept = await ask<{ batch: number; n: number }>(client, 'select batch, count() as n from t group by batch')
  expect(kept.filter(({ n }) => n !== 200)).toEqual([])
  const batches = new Set(kept.map(({ batch }) => batch))
  expect(acknowledged.filter((batch) => !batches.has(batch))).toEqual([])
  await client.close()
  expect(await store.stop()).toBe(true)
})

test('does not wait for an endless statement to stop', async () => {
  const store = await startEmbeddedClickhouse({ directory: makeDirectory() })
  const client = open(store)
  await client.command({ query: 'create table t (n UInt64) engine = MergeTree order by n' })
  const endless = client.command({ query: 'insert into t select number from system.numbers' })
  const outcome = endless.catch((error: Error) => error.message)
  await wait(200)
  const begun = performance.now()
  expect(await store.stop()).toBe(true)
  expect(performance.now() - begun).toBeLessThan(5000)
  expect(await outcome).toBe('socket hang up')
  await client.close()
})

test('runs for an ordinary user, and for root in a directory of theirs', async () => {
  const directory = makeDirectory()
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined
  if (user) chownSync(dirname(directory), user.uid, user.gid)
  const store = await startEmbeddedClickhouse({ directory })
  const client = open(store)
  await client.command({ query: 'create table t (id UInt8) engine = MergeTree order by id' })
  await client.close()
  expect(await store.stop()).toBe(true)
  const program = await startStoreProgram({ start, directory, user })
  expect(statSync(`/proc/${program.store.pid}`).uid).toBe(user?.uid ?? process.getuid?.())
  expect(statSync(join(directory, 'data')).mode & 0o077).toBe(0)
  expect(await program.stop()).toBe(true)
})

test('says in plain words where it cannot start', async () => {
  const directory = makeDirectory()
  const store = await startEmbeddedClickhouse({ directory })
  await store.stop()
  rmSync(join(directory, 'data'), { recursive: true })
  writeFileSync(join(directory, 'data'), 'a file in the way')
  await expect(startEmbeddedClickhouse({ directory })).rejects.toThrow(`ClickHouse could not start in ${directory}`)
})
