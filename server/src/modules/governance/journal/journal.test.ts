import { randomUUIDv7 } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { tables } from '../tables.ts'
import { findVerifier, openCheckpoint, signCheckpoint, signEveryJournal } from './checkpoints.ts'
import { digestPerson, recordInJournal } from './journal.ts'
import { findLatestCheckpoint, listCheckpoints } from './journal.queries.ts'
import { verifyConsistency } from './merkle.ts'
import { proveConsistency, proveInclusion, verifyProof } from './proofs.ts'
import { formatVerifier, parseVerifier } from './signed-note.ts'

let server: TestApp
let agreement: { id: string; slug: string }
beforeAll(async () => {
  server = await openTestApp()
  agreement = { id: randomUUIDv7(), slug: 'journal' }
  await server.inTenant((tx) =>
    tables(tx)
      .insertInto('governance.agreement')
      .values({ ...agreement, created_at: new Date() })
      .execute(),
  )
})
afterAll(() => server.close())

const record = (label: string) =>
  server.inTenant((tx) =>
    recordInJournal(
      tx,
      { agreementId: agreement.id, kind: 'test', subjectId: randomUUIDv7(), content: { label } },
      new Date('2026-11-22T10:00:00Z'),
    ),
  )
const sign = () => server.inTenant((tx) => signCheckpoint(tx, server.services, agreement, new Date()))
const prove = (seq: number) => server.inTenant((tx) => proveInclusion(tx, agreement.id, seq))
const verifierOf = async () => (await server.inTenant((tx) => findVerifier(tx, agreement.id)))!

test('events told at once have each its own place, and every one is proven under each later root', async () => {
  const places = await Promise.all(Array.from({ length: 11 }, (_, i) => record(`event ${i}`)))
  expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, i) => i))
  await sign()
  const verifier = await verifierOf()
  for (let round = 0; round < 3; round += 1) {
    const { size } = (await server.inTenant((tx) => findLatestCheckpoint(tx, agreement.id)))!
    for (let seq = 0; seq < size; seq += 1) {
      const proven = verifyProof(await prove(seq), verifier)
      expect(proven).toMatchObject({ seq, size, origin: 'localhost:3000/governance/journal' })
      expect(JSON.parse(proven.content)).toMatchObject({ kind: 'test', at: '2026-11-22T10:00:00.000Z' })
    }
    for (let more = 0; more <= round; more += 1) await record(`later ${round} ${more}`)
    await sign()
  }
})

test('an event not signed for yet waits; the night signs it; one that is not there is not found', async () => {
  const seq = await record('waiting')
  await expect(prove(seq)).rejects.toMatchObject({ code: 'checkpoint_awaited' })
  await expect(prove(seq + 1)).rejects.toMatchObject({ code: 'journal_entry_not_found' })
  await signEveryJournal(server.services)
  expect(verifyProof(await prove(seq), await verifierOf())).toMatchObject({ seq })
})

test('a proof that was touched anywhere is refused', async () => {
  const verifier = await verifierOf()
  const proof = await prove(3)
  const content = Buffer.from(/^extra (.+)$/m.exec(proof)![1]!, 'base64').toString()
  const forged = Buffer.from(content.replace('event', 'évent')).toString('base64')
  const refusals = [
    proof.replace(/^extra .+$/m, `extra ${forged}`),
    proof.replace('index 3', 'index 4'),
    proof.replace(/^(\d+)$/m, (size) => String(Number(size) + 1)),
    proof.replace(/^— (\S+) (.{12})/m, (_, name: string, start: string) => `— ${name} ${start.slice(0, 11)}A`),
  ]
  for (const each of refusals) expect(() => verifyProof(each, verifier)).toThrow(/signed/)
  expect(() => verifyProof('nothing', verifier)).toThrow(/no proof/)
  const other = { ...verifier, publicKey: Buffer.alloc(32, 7) }
  expect(() => verifyProof(proof, other)).toThrow(/not signed/)
})

test('the journal only grows from one signed root to the next', async () => {
  const verifier = await verifierOf()
  const checkpoints = (await server.inTenant((tx) => listCheckpoints(tx, agreement.id, 20))).toReversed()
  expect(checkpoints.length).toBeGreaterThan(3)
  const trees = checkpoints.map(({ note }) => openCheckpoint(note, verifier)!)
  for (const [i, former] of trees.entries()) {
    for (const latter of trees.slice(i)) {
      const hashes = await server.inTenant((tx) => proveConsistency(tx, agreement.id, former.size, latter.size))
      const proof = hashes.map((hash) => Buffer.from(hash, 'base64'))
      expect(verifyConsistency(former, latter, proof)).toBe(true)
    }
  }
  await expect(
    server.inTenant((tx) => proveConsistency(tx, agreement.id, 2, trees.at(-1)!.size)),
  ).rejects.toMatchObject({ code: 'checkpoint_not_found' })
})

test('a root rewritten in the database no longer fits what was signed', async () => {
  const verifier = await verifierOf()
  await server.services.owner.query(
    `update governance.journal_entry set content = replace(content, '"test"', '"other"'), leaf_hash = sha256('x')
     where agreement_id = $1 and seq = 5`,
    [agreement.id],
  )
  const proof = await prove(5)
  expect(() => verifyProof(proof, verifier)).toThrow(/does not lead to the signed root/)
})

test('nobody changes the journal, its nodes or its roots under the role of requests', async () => {
  for (const table of ['journal_entry', 'journal_node', 'journal_checkpoint', 'journal_key'] as const) {
    await expect(server.inTenant((tx) => tables(tx).deleteFrom(`governance.${table}`).execute())).rejects.toThrow(
      /permission denied/,
    )
  }
})

test('a person is a digest that is always the same, and another in another journal', async () => {
  const person = await server.inTenant((tx) => makePerson(tx))
  const digest = () => server.inTenant((tx) => digestPerson(tx, agreement.id, person))
  const [one, again] = await Promise.all([digest(), digest()])
  expect(one).toMatch(/^[0-9a-f]{64}$/)
  expect(again).toBe(one)
  await server.inTenant((tx) =>
    tables(tx).deleteFrom('governance.journal_salt').where('person_id', '=', person).execute(),
  )
  expect(await digest()).not.toBe(one)
})

test('the command verifies a file by its key alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preau-proof-'))
  try {
    const file = join(folder, 'a.tlog-proof')
    const key = formatVerifier(await verifierOf())
    expect(parseVerifier(key)).toEqual(await verifierOf())
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, [join(import.meta.dirname, '../../../verify-proof.ts'), ...words])
    await writeFile(file, await prove(8))
    const { stdout, stderr } = await run(file, '--key', key)
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'test' })
    expect(stderr).toContain('Event 8 of')
    await writeFile(file, (await prove(8)).replace('index 8', 'index 9'))
    await expect(run(file, '--key', key)).rejects.toMatchObject({ code: 1 })
    await expect(run(file, '--key', 'nonsense')).rejects.toMatchObject({ code: 2 })
  } finally {
    await rm(folder, { recursive: true })
  }
})
