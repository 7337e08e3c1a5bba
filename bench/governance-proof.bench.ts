import { createHash, randomUUIDv7 } from 'node:crypto'
import { hashLeaf, hashNode } from '../server/src/modules/governance/journal/merkle.ts'
import { findVerifier, signCheckpoint } from '../server/src/modules/governance/journal/checkpoints.ts'
import { proveInclusion, verifyProof } from '../server/src/modules/governance/journal/proofs.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import type { Bench } from './run.ts'
import { type BenchStores, openBenchStores, percentile } from './server.ts'

const events = 1_000_000
const batch = 20_000
const asked = 300

/**
 * One proof out of a journal of a million events: built by the server from the base, then verified with the public key
 * alone. The ceiling is what no proof can do without: the hashes from the leaf to the root.
 */
export const benches: Bench[] = [
  {
    name: 'governance.proof.1m',
    async run() {
      const bench = await openBenchStores()
      try {
        const { services, tenant } = bench
        const agreement = await fillJournal(bench)
        const key = await inTenant(services.db, tenant.id, async (tx) => {
          await signCheckpoint(tx, services, agreement, services.now())
          return (await findVerifier(tx, agreement.id))!
        })
        const [built, verified] = [[] as number[], [] as number[]]
        for (let i = 0; i < asked; i += 1) {
          const seq = Math.floor((i * 7_919_993) % events)
          const begun = performance.now()
          const proof = await inTenant(services.db, tenant.id, (tx) => proveInclusion(tx, agreement.id, seq))
          const there = performance.now()
          if (verifyProof(proof, key).seq !== seq) throw new Error('A proof does not hold.')
          verified.push(performance.now() - there)
          built.push(there - begun)
        }
        const raw = timeHashes()
        const both = built.map((ms, i) => ms + verified[i]!)
        return [
          {
            bench: 'governance.proof.1m',
            value: percentile(both, 0.95),
            unit: 'ms p95, built and verified',
            ceiling: raw,
            ratio: raw / percentile(both, 0.95),
          },
          {
            bench: 'governance.proof.1m.verify',
            value: percentile(verified, 0.95),
            unit: 'ms p95, verified alone',
            ceiling: raw,
            ratio: raw / percentile(verified, 0.95),
          },
        ]
      } finally {
        await bench.close()
      }
    },
  },
]

/** A journal of a million events, written as the module keeps it, without a transaction for each. */
async function fillJournal({ services, tenant }: BenchStores): Promise<{ id: string; slug: string }> {
  const agreement = { id: randomUUIDv7(), slug: 'bench' }
  const owner = services.owner
  await owner.query('insert into governance.agreement (tenant_id, id, slug, created_at) values ($1, $2, $3, now())', [
    tenant.id,
    agreement.id,
    agreement.slug,
  ])
  // Left siblings that wait for their right one, by level.
  const waiting: Buffer[] = []
  for (let start = 0; start < events; start += batch) {
    const leaves: { seq: number; content: string; hash: Buffer }[] = []
    const nodes: { level: number; index: number; hash: Buffer }[] = []
    for (let seq = start; seq < start + batch; seq += 1) {
      const content = `{"at":"2026-09-01T08:00:00.000Z","kind":"vote","place":${seq}}`
      let hash = hashLeaf(content)
      leaves.push({ seq, content, hash })
      let [level, at] = [0, seq]
      for (; at % 2 === 1; level += 1, at = (at - 1) / 2) {
        hash = hashNode(waiting[level]!, hash)
        nodes.push({ level: level + 1, index: (at - 1) / 2, hash })
      }
      waiting[level] = hash
    }
    await owner.query(
      `insert into governance.journal_entry (tenant_id, agreement_id, seq, kind, subject_id, content, leaf_hash, recorded_at)
       select $1, $2, seq, 'vote', $2, content, hash, now() from unnest($3::bigint[], $4::text[], $5::bytea[]) as t (seq, content, hash)`,
      [
        tenant.id,
        agreement.id,
        leaves.map(({ seq }) => seq),
        leaves.map(({ content }) => content),
        leaves.map(({ hash }) => hash),
      ],
    )
    await owner.query(
      `insert into governance.journal_node (tenant_id, agreement_id, level, index, hash)
       select $1, $2, level, index, hash from unnest($3::smallint[], $4::bigint[], $5::bytea[]) as t (level, index, hash)`,
      [
        tenant.id,
        agreement.id,
        nodes.map(({ level }) => level),
        nodes.map(({ index }) => index),
        nodes.map(({ hash }) => hash),
      ],
    )
  }
  await owner.query('analyze governance.journal_entry, governance.journal_node')
  return agreement
}

/** Milliseconds (p95) of the twenty-one hashes from a leaf to the root of a million. */
function timeHashes(): number {
  const times: number[] = []
  const sibling = createHash('sha256').update('sibling').digest()
  for (let i = 0; i < asked; i += 1) {
    const begun = performance.now()
    let hash = hashLeaf(`event ${i}`)
    for (let level = 0; level < 20; level += 1) hash = hashNode(sibling, hash)
    times.push(performance.now() - begun)
  }
  return percentile(times, 0.95)
}
