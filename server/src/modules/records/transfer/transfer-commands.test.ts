import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { createTenant, type Tenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { insertAttachments, listAttachments } from '../store/attachments.queries.ts'
import { listCredentials } from '../credentials/credentials.queries.ts'
import type { Statement } from '../model/statement.ts'
import { transferCommands } from './transfer-commands.ts'

let test: TestApp
let folder: string
beforeAll(async () => {
  test = await openTestApp()
  folder = await mkdtemp(join(tmpdir(), 'preau-transfer-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true, force: true })
})

async function run(name: string, path: string, values: Record<string, string> = {}, tenant: Tenant = test.tenant) {
  const context: CommandContext = {
    ...test.services,
    tenant: () => Promise.resolve(tenant),
    print: () => {},
    progress: () => {},
    signal: new AbortController().signal,
  }
  const command = transferCommands.find((each) => each.name === name)
  return (await command?.run(context, [path], values)) as Record<string, unknown>
}
async function load(content: string | Buffer, values: Record<string, string> = {}, tenant: Tenant = test.tenant) {
  const path = join(folder, `${randomUUID()}.jsonl`)
  await writeFile(path, content)
  const counts = await run('import', path, values, tenant)
  const report = (await readFile(counts['report'] as string, 'utf8')).trim().split('\n')
  const lines = report.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { counts, fates: lines.slice(0, -1), summary: lines.at(-1) }
}
const makeTenant = () =>
  createTenant(test.services.owner, { slug: randomUUID(), name: 'Autre', host: `${randomUUID()}.example` })
const make = (input: Partial<Statement> = {}): Statement => ({
  id: randomUUID(),
  actor: { account: { homePage: 'https://lms.example', name: '7' } },
  verb: { id: 'https://v.example/seen' },
  object: { id: 'https://lms.example/course/1' },
  ...input,
})
const toLines = (...lines: unknown[]) =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')

describe('records import', () => {
  it('repairs or sets aside what is faulty of a source that is let send such, once however often it is read', async () => {
    const values = { source: 'Marsha' }
    expect((await load(toLines(make()), values)).counts).toMatchObject({ stored: 1 })
    await test.services.owner.query(`update records.source set lenient = true where name = 'Marsha'`)
    const repairable = {
      ...make({ verb: { id: 'https://v.example/seen', display: { fr_FR: 'a vu' } } }),
      id: undefined,
    }
    const misnamed = { ...make(), id: 12 }
    const broken = { ...make({ verb: { id: 'seen' } }), id: undefined }
    const content = toLines(make(), repairable, misnamed, broken, '[]', '12345678901234567890')
    const first = await load(content, values)
    expect(first.counts).toMatchObject({ lines: 6, stored: 1, repaired: 2, setAside: 1, refused: 2 })
    expect(first.fates).toContainEqual(
      expect.objectContaining({ line: 4, outcome: 'set_aside', pointer: '/verb/id' }) as object,
    )
    const count = async () => {
      const { rows } = await test.services.owner.query<{ statements: number; quarantined: number }>(
        `select (select count(*)::integer from records.statement) as statements,
           (select count(*)::integer from records.quarantined_statement) as quarantined`,
      )
      return rows[0]
    }
    const before = await count()
    expect((await load(content, values)).counts).toMatchObject({
      alreadyThere: 1,
      repaired: 2,
      setAside: 1,
      refused: 2,
    })
    expect(await count()).toEqual(before)
  })

  it('accounts for every line', async () => {
    const kept = make()
    const taken = make({ id: kept.id!.toUpperCase(), verb: { id: 'https://v.example/other' } })
    const unnamed = { ...make(), id: undefined }
    const content = toLines(
      kept,
      '',
      '{"actor":',
      make({ actor: { mbox: 'not an address' } }),
      unnamed,
      kept,
      taken,
      unnamed,
      make({ version: '2.0.0', timestamp: '2026-01-01T10:00:00+02:00' }),
      '  ',
      '[]',
      '12345678901234567890',
    )
    const { counts, fates, summary } = await load(content)
    expect(counts).toMatchObject({ lines: 12, stored: 3, alreadyThere: 2, refused: 5, empty: 2, attachments: 0 })
    const { lines, stored, alreadyThere, repaired, setAside, refused, empty, attachments } = counts
    expect(summary).toEqual({
      summary: { lines, stored, alreadyThere, attachments, repaired, setAside, refused, empty },
      interrupted: false,
    })
    const byLine = fates.toSorted((a, b) => Number(a['line']) - Number(b['line']))
    expect(byLine.map(({ line, outcome, code, pointer }) => [line, outcome, code, pointer])).toEqual([
      [3, 'refused', 'json_invalid', undefined],
      [4, 'refused', 'statement_invalid', '/actor/mbox'],
      [6, 'already_there', undefined, undefined],
      [7, 'refused', 'statement_conflict', undefined],
      [8, 'already_there', undefined, undefined],
      [11, 'refused', 'statement_invalid', ''],
      [12, 'refused', 'statement_invalid', ''],
    ])
  })

  it('refuses a line that is not UTF-8, rather than store other words', async () => {
    const [before, after] = JSON.stringify(make({ result: { response: 'é' } })).split('é')
    const latin = Buffer.concat([
      Buffer.from(`${toLines(make())}\n${before}`),
      Buffer.from([0xe9]),
      Buffer.from(after!),
    ])
    const { counts, fates } = await load(latin)
    expect(counts).toMatchObject({ lines: 2, stored: 1, refused: 1 })
    expect(fates).toEqual([expect.objectContaining({ line: 2, outcome: 'refused', code: 'line_not_utf8' })])
  })

  it('takes back what was sent in 2.0 though it says 1.0 of itself', async () => {
    const contextAgents = [{ objectType: 'contextAgent' as const, agent: { mbox: 'mailto:zoe@lms.example' } }]
    const { counts } = await load(toLines(make({ version: '1.0.3', context: { contextAgents } })))
    expect(counts).toMatchObject({ stored: 1, refused: 0 })
  })

  it('goes on after a line nested too deeply, of a lenient source too', async () => {
    const values = { source: 'Deep' }
    await load(toLines(make()), values)
    await test.services.owner.query(`update records.source set lenient = true where name = 'Deep'`)
    const deep = JSON.stringify({ ...make(), context: { extensions: { 'https://x.example': 'DEEP' } } })
    const nested = deep.replace('"DEEP"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    const { counts } = await load(toLines(nested, make()), values)
    expect(counts).toMatchObject({ lines: 2, stored: 1, refused: 1 })
  })

  it('stores nothing twice when the same file is read again, packed or not', async () => {
    const unnamed = { ...make({ context: { registration: randomUUID() } }), id: undefined }
    const content = toLines(...Array.from({ length: 1200 }, () => make()), unnamed)
    expect((await load(content)).counts).toMatchObject({ lines: 1201, stored: 1201 })
    const again = await load(gzipSync(content))
    expect(again.counts).toMatchObject({ lines: 1201, stored: 0, alreadyThere: 1201 })
  })

  it('keeps out what cannot be stored, and nothing else of its batch', async () => {
    const target = make()
    const voiding = make({
      verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
      object: { objectType: 'StatementRef', id: target.id! },
    })
    expect((await load(toLines(target, voiding))).counts).toMatchObject({ stored: 2 })
    // A statement that voids cannot be voided.
    const refused = { ...voiding, id: randomUUID(), object: { objectType: 'StatementRef', id: voiding.id } }
    const others = Array.from({ length: 20 }, () => make())
    const { counts, fates } = await load(toLines(...others.slice(0, 9), refused, ...others.slice(9)))
    expect(counts).toMatchObject({ stored: 20, refused: 1 })
    expect(fates).toMatchObject([{ line: 10, outcome: 'refused', code: 'statement_not_voidable' }])
  })

  it('is in the name of a source, once whatever the number of files', async () => {
    await load(toLines(make()), { source: 'FUN MOOC' })
    await load(toLines(make()), { source: 'FUN MOOC' })
    const credentials = await test.inTenant(listCredentials)
    expect(credentials.filter(({ name }) => name === 'FUN MOOC')).toHaveLength(1)
  })

  it('says that a packed file is cut short, having kept what came before', async () => {
    const packed = gzipSync(toLines(...Array.from({ length: 3000 }, () => make())))
    const path = join(folder, 'cut.jsonl.gz')
    await writeFile(path, packed.subarray(0, packed.length - 2000))
    const report = join(folder, 'cut.report.jsonl')
    await expect(run('import', path, { report })).rejects.toMatchObject({ code: 'file_truncated' })
    await expect(run('import', join(folder, 'none'))).rejects.toMatchObject({ code: 'file_not_found' })
    await expect(run('import', path, { report: join(folder, 'no', 'where') })).rejects.toMatchObject({
      code: 'report_unwritable',
    })
  })
})

describe('records export', () => {
  it('writes what another workspace reads whole: statements, voided ones, attachments', async () => {
    const from = await makeTenant()
    const content = Buffer.from('%PDF-1.7')
    const sha2 = createHash('sha256').update(content).digest('hex')
    const attachment = { sha2, contentType: 'application/pdf', content }
    await inTenant(test.services.db, from.id, (tx) => insertAttachments(tx, [attachment], new Date()))
    const first = make({
      attachments: [
        {
          usageType: 'https://u.example/certificate',
          display: { fr: 'Attestation' },
          contentType: 'application/pdf',
          length: content.length,
          sha2,
        },
      ],
    })
    const voiding = make({
      verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
      object: { objectType: 'StatementRef', id: first.id! },
    })
    const later = make({
      version: '2.0.0',
      context: { contextAgents: [{ objectType: 'contextAgent', agent: { mbox: 'mailto:a@a.example' } }] },
    })
    const many = Array.from({ length: 1500 }, () => make())
    await load(toLines(first, voiding, later, ...many), {}, from)

    const path = join(folder, 'whole.jsonl.gz')
    // What an export that was killed leaves.
    await writeFile(`${path}.part`, 'half')
    expect(await run('export', path, {}, from)).toMatchObject({ statements: 1503, attachments: 1 })
    expect((await readdir(folder)).filter((name) => name.startsWith('whole'))).toEqual(['whole.jsonl.gz'])
    await expect(run('export', path, {}, from)).rejects.toMatchObject({ code: 'file_exists' })
    const packed = await readFile(path)
    const ids = gunzipSync(packed)
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id?: string; sha2?: string }).id)
    expect(new Set(ids)).toEqual(new Set([undefined, ...[first, voiding, later, ...many].map(({ id }) => id)]))
    expect([ids.length, ids[0]]).toEqual([1504, undefined])

    const to = await makeTenant()
    const { counts, fates } = await load(packed, {}, to)
    expect(counts).toMatchObject({ lines: 1504, stored: 1503, attachments: 1, refused: 0 })
    expect(fates).toEqual([{ line: 1, outcome: 'attachment', sha2 }])
    expect(await inTenant(test.services.db, to.id, (tx) => listAttachments(tx, [sha2]))).toEqual([attachment])
    expect((await load(packed, {}, to)).counts).toMatchObject({ stored: 0, alreadyThere: 1503, refused: 0 })
  })

  it('writes what came since a moment', async () => {
    const from = await makeTenant()
    await load(toLines(make(), make()), {}, from)
    const since = new Date().toISOString()
    const late = make()
    await load(toLines(late), {}, from)
    const path = join(folder, 'since.jsonl')
    expect(await run('export', path, { since }, from)).toMatchObject({ statements: 1 })
    expect(await readFile(path, 'utf8')).toContain(late.id)
    await expect(run('export', join(folder, 'x'), { since: 'hier' }, from)).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })
})
