import {
  readShippedAgreement,
  createAgreementVersion,
} from '../server/src/modules/governance/agreements/agreement-versions.ts'
import { listBalances, sumPostings } from '../server/src/modules/governance/money/balances.queries.ts'
import { inTenant } from '../server/src/kernel/postgres.ts'
import type { Bench } from './run.ts'
import { openBenchStores, percentile } from './server.ts'

const entries = 100_000
const perEntry = 10
const reads = 50

/**
 * The balances of every account, by exercise, of a ledger of 1,000,000 postings: what the budget page reads. Its ceiling is
 * the same number of rows read from a plain table by a bare connection. `sum` makes the same balances from every posting
 * (what the totals are checked against); its ceiling is the same sum as the database's owner, without row-level security.
 */
export const benches: Bench[] = [
  {
    name: 'governance.balance.1m',
    async run() {
      const bench = await openBenchStores()
      try {
        const { services, tenant } = bench
        const { owner, db } = services
        const source = await readShippedAgreement('grand-est')
        const { agreementId, versionId } = await inTenant(db, tenant.id, (tx) =>
          createAgreementVersion(tx, { source, reason: 'Bench', recordedBy: null }, services.now()),
        )
        await owner.query(
          `insert into governance.account (tenant_id, id, agreement_id, party, nature)
           select $1, gen_random_uuid(), $2, 'member-' || member, nature
           from generate_series(1, 10) member, unnest(array['bank', 'sharedCommitment', 'individualCommitment',
             'commitmentOffset', 'sharedCost', 'individualCost', 'regularisation', 'reinvoicing', 'receivable',
             'advance']) nature`,
          [tenant.id, agreementId],
        )
        for (let from = 0; from < entries; from += 10_000) {
          await owner.query('begin')
          await owner.query(
            `insert into governance.ledger_entry (tenant_id, id, agreement_id, number, kind, label, effective_on,
               recorded_at, exercise, version_id, sharing_key)
             select $1, gen_random_uuid(), $2, n, 'payment', 'Paiement ' || n, make_date(2026 + n % 5, 9, 1 + n % 28), now(),
               make_date(2026 + n % 5, 9, 1), $3, 'tous-selon-les-voix'
             from generate_series($4::int + 1, $4::int + 10000) n`,
            [tenant.id, agreementId, versionId, from],
          )
          await owner.query(
            `insert into governance.posting (tenant_id, agreement_id, entry_id, position, account_id, amount_cents)
             select $1, $2, entry.id, at, accounts.ids[1 + (entry.number * 7 + at * 11) % 100],
               case when at % 2 = 0 then 100 + entry.number + at else -(100 + entry.number + at - 1) end
             from governance.ledger_entry entry, generate_series(0, $4::int - 1) at,
               (select array_agg(id order by id) as ids from governance.account) accounts
             where entry.number > $3`,
            [tenant.id, agreementId, from, perEntry],
          )
          await owner.query('commit')
        }
        await owner.query('create table public.ceiling as select * from governance.account_total')
        await owner.query('analyze')
        const time = async (work: () => Promise<unknown>, times = reads) => {
          const taken: number[] = []
          for (let at = -3; at < times; at += 1) {
            const start = performance.now()
            await work()
            if (at >= 0) taken.push(performance.now() - start)
          }
          return percentile(taken, 0.5)
        }
        const kept = await time(() => inTenant(db, tenant.id, (tx) => listBalances(tx, agreementId)))
        const plain = await time(() => owner.query('select * from public.ceiling'))
        const summed = await time(() => inTenant(db, tenant.id, (tx) => sumPostings(tx, agreementId)), 5)
        const bare = await time(
          () =>
            owner.query(`select account_id, exercise, sum(amount_cents), count(*) from governance.posting
              join governance.ledger_entry entry on entry.id = entry_id group by 1, 2`),
          5,
        )
        await inTenant(db, tenant.id, async (tx) => {
          const [totals, sums] = [await listBalances(tx, agreementId), await sumPostings(tx, agreementId)]
          if (totals.reduce((so, { postings }) => so + postings, 0) !== entries * perEntry)
            throw new Error('not filled')
          if (totals.some(({ cents }, at) => cents !== sums[at]!.cents)) throw new Error('a total is not its sum')
        })
        return [
          { bench: 'governance.balance.1m', value: kept, unit: 'ms', ceiling: plain, ratio: plain / kept },
          { bench: 'governance.balance.1m.sum', value: summed, unit: 'ms', ceiling: bare, ratio: bare / summed },
        ]
      } finally {
        await bench.close()
      }
    },
  },
]
