import { expect, it } from 'vitest'
import { GroupGathering, type NamedGroup, type StandingGroup } from './records.ts'

const context = { schoolYear: 2026, establishments: new Set(['52']) }
const named = (code: string, name: string): NamedGroup => ({ kind: 'class', establishment: '52', code, name })

function gather(groups: NamedGroup[], standing: StandingGroup[] = [], schoolYear = 2026) {
  const gathering = new GroupGathering()
  gathering.add(groups, standing)
  const rows = [...gathering.rows({ ...context, schoolYear })].map((row) => row.split('\t'))
  const hashes = new Map(rows.map(([, id = '', , , , , , hash = '']) => [id, hash.replace('\\\\x', '')]))
  return {
    staged: rows.map(([, id]) => id),
    unchanged: gathering.unchanged.map(({ externalId }) => externalId),
    hashes,
  }
}

it('classes that stay as they were accepted are told apart from those to be compared', () => {
  const groups = [named('6A', 'Sixième A'), named('6B', 'Sixième B'), named('6C', 'Sixième C')]
  const first = gather(groups)
  expect(first).toMatchObject({ staged: ['52$6A', '52$6B', '52$6C'], unchanged: [] })
  const standing = groups.map((group) => ({ ...group, hash: first.hashes.get(`52$${group.code}`)! }))
  expect(gather(groups, standing)).toMatchObject({ staged: [], unchanged: ['52$6A', '52$6B', '52$6C'] })

  const later = [named('6A', 'Sixième A'), named('6B', 'Autre nom'), named('6D', 'Sixième D')]
  expect(gather(later, standing)).toMatchObject({ staged: ['52$6B', '52$6D'], unchanged: ['52$6A'] })
  // A class of another school year is another class.
  expect(gather(groups, standing, 2027)).toMatchObject({ staged: ['52$6A', '52$6B', '52$6C'], unchanged: [] })
  // One of a school that is not there is neither.
  expect(gather([{ ...groups[0]!, establishment: '53' }])).toMatchObject({ staged: [], unchanged: [] })
})
