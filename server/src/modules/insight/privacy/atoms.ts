import { yearOf } from './suppression.ts'

/**
 * What was done in one week of one course; of one part of it (an activity, an action) when an answer tells parts apart.
 */
export interface Atom {
  /** Unique; `course` and `part` are the same through the weeks. */
  name: string
  course: string
  part: string
  /** Of a part by two keys: the atoms by each one of them that it lies in, and their parts. */
  wholes: { name: string; part: string }[]
  /** Its Monday. */
  week: string
  /** Different learners, and k of them or all. */
  learners: number
  ids: string[]
  /** Whether it is of the activity asked for, when one is. */
  picked: boolean
  /** Of its course in that week, then of each of `wholes`: learners in all, and learners in the rest. */
  alls: number[]
  rests: number[]
}

interface Telling {
  /** The Monday from which on something is asked. */
  from: string
  /** Whether small courses are told together. */
  together: boolean
  k: number
  /** Of parts by two keys: what answers by each one of them tell. */
  wholes: readonly Set<string>[]
}

/**
 * Which atoms are told. A week of a course is told when k learners are in it; what small courses hold in one week, when k
 * are in it `together`. A part of a course's week is told when that week is, when k learners are in the part, and when its
 * rest holds k learners or none. Weeks of a part with fewer wait until k different learners are in them together, no
 * longer than their year of study lasts: they are told where all of them are asked for, so that late ones count. If what
 * is not told of all that is asked is about fewer than k, the smallest part is left out with it.
 */
export function tellAtoms(atoms: readonly Atom[], { from, together, k, wholes }: Telling): Set<Atom> {
  const told = new Set<Atom>()
  if (atoms.every(({ alls }) => alls.length === 0)) {
    for (const atom of atoms) if (atom.learners >= k) told.add(atom)
    if (!together) return told
    for (const [, small] of Map.groupBy(
      atoms.filter((atom) => !told.has(atom)),
      ({ week }) => week,
    )) {
      if (countLearners(small) >= k) for (const atom of small) told.add(atom)
    }
    return told
  }

  const open = atoms.filter(({ alls, rests }) => (alls[0] ?? 0) >= k && rests.every((rest) => rest === 0 || rest >= k))
  // Many atoms, of few weeks.
  const years = new Map(Array.from(new Set(open.map(({ week }) => week)), (week) => [week, yearOf(week)]))
  for (const [, weeks] of Map.groupBy(open, ({ part }) => part)) {
    let waiting: Atom[] = []
    let year: string | undefined
    for (const atom of weeks.toSorted((one, other) => (one.week < other.week ? -1 : 1))) {
      const own = years.get(atom.week)
      if (own !== year) waiting = []
      year = own
      if (atom.learners >= k) {
        if (atom.week >= from) told.add(atom)
        continue
      }
      waiting.push(atom)
      if (countLearners(waiting) < k) continue
      if (waiting.every(({ week }) => week >= from)) for (const each of waiting) told.add(each)
      waiting = []
    }
  }
  leaveNoFewBehind(atoms, told, from, k, wholes)
  return told
}

/** Different learners of some atoms; those of one with k or more are not all known, but k are. */
const countLearners = (atoms: readonly Atom[]): number => new Set(atoms.flatMap(({ ids }) => ids)).size

function leaveNoFewBehind(
  atoms: readonly Atom[],
  told: Set<Atom>,
  from: string,
  k: number,
  wholes: readonly Set<string>[],
): void {
  const asked = atoms.filter(({ week, alls }) => week >= from && (alls[0] ?? 0) >= k)
  // All, each course, and each row of the answers that tell fewer parts apart.
  const rows = [asked, ...Map.groupBy(asked, ({ course }) => course).values()]
  wholes.forEach((names, at) => {
    const inTold = asked.filter((atom) => names.has(atom.wholes[at]?.name ?? ''))
    rows.push(inTold, ...Map.groupBy(inTold, (atom) => atom.wholes[at]?.part).values())
  })
  // Few rows change when a part is left out, of the thousands there may be.
  const rowsOf = new Map<Atom, number[]>(asked.map((atom) => [atom, []]))
  rows.forEach((row, at) => {
    for (const atom of row) rowsOf.get(atom)?.push(at)
  })
  const weeksOf = Map.groupBy(asked, ({ part }) => part)
  const isRevealing = (row: readonly Atom[]) => {
    const rest = new Set<string>()
    for (const atom of row) {
      if (told.has(atom)) continue
      for (const id of atom.ids) rest.add(id)
      if (rest.size >= k) return false
    }
    return rest.size > 0 && row.some((atom) => told.has(atom))
  }
  const revealing = rows.map(isRevealing)
  for (let at = revealing.indexOf(true); at !== -1; at = revealing.indexOf(true)) {
    const parts = [...Map.groupBy(rows[at]?.filter((atom) => told.has(atom)) ?? [], ({ part }) => part).entries()]
    const [smallest] = parts.toSorted(
      ([one, first], [other, second]) => countAll(first) - countAll(second) || (one < other ? -1 : 1),
    )
    const left = (weeksOf.get(smallest?.[0] ?? '') ?? []).filter((atom) => told.delete(atom))
    for (const each of new Set(left.flatMap((atom) => rowsOf.get(atom) ?? [])))
      revealing[each] = isRevealing(rows[each] ?? [])
  }
}

const countAll = (atoms: readonly Atom[]): number => atoms.reduce((sum, { learners }) => sum + learners, 0)
