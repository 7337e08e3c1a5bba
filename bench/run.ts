import { writeFile } from 'node:fs/promises'
import { benches as directoryMatch } from './directory-match.bench.ts'
import { benches as directorySearch } from './directory-search.bench.ts'
import { benches as directory } from './directory.bench.ts'
import { benches as governanceMoney } from './governance-money.bench.ts'
import { benches as governanceProof } from './governance-proof.bench.ts'
import { benches as governanceVotes } from './governance-votes.bench.ts'
import { benches as identity } from './identity.bench.ts'
import { benches as insight } from './insight.bench.ts'
import { benches as portal } from './portal.bench.ts'
import { benches as records } from './records.bench.ts'

/** One figure. `ratio` compares it with the raw ceiling measured in the same run: 1 is as fast as the ceiling. */
export interface Figure {
  bench: string
  value: number
  unit: string
  ceiling: number | null
  ratio: number | null
}

/** A benchmark: may give several figures. */
export interface Bench {
  name: string
  run(): Promise<Figure[]>
}

// `npm run bench -- NAMES… [--json FILE]`: runs the benchmarks whose names begin with one of NAMES (all without any).
const all: Bench[] = [
  ...directory,
  ...directoryMatch,
  ...directorySearch,
  ...portal,
  ...identity,
  ...records,
  ...insight,
  ...governanceVotes,
  ...governanceMoney,
  ...governanceProof,
]
const args = process.argv.slice(2)
const jsonAt = args.indexOf('--json')
const jsonFile = jsonAt === -1 ? undefined : args.splice(jsonAt, 2)[1]

const chosen = all.filter((bench) => args.length === 0 || args.some((name) => bench.name.startsWith(name)))
if (chosen.length === 0) {
  console.error(`No benchmark is called ${args.join(', ')}. There are: ${all.map((bench) => bench.name).join(', ')}`)
  process.exit(2)
}

const figures: Figure[] = []
for (const bench of chosen) {
  console.log(`\n${bench.name}…`)
  const found = await bench.run()
  figures.push(...found)
  printTable(found)
}
if (chosen.length > 1) {
  console.log('')
  printTable(figures)
}
if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(figures, undefined, 2)}\n`)
process.disconnect?.()

function printTable(rows: Figure[]): void {
  const format = (value: number | null) => (value === null ? '–' : Number(value.toPrecision(4)).toLocaleString('en'))
  const cells = [
    ['bench', 'value', 'unit', 'ceiling', 'ratio'],
    ...rows.map((row) => [row.bench, format(row.value), row.unit, format(row.ceiling), format(row.ratio)]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  for (const row of cells) {
    console.log(
      row.map((cell, i) => (i === 0 || i === 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
  }
}
