import type { ReadingOptions } from './feed.ts'
import { readUser, type UserState } from './oneroster-records.ts'
import type { OneRosterTables } from './oneroster-tables.ts'
import {
  findGuardianRole,
  fromAccepted,
  type PersonKind,
  personKinds,
  toUserOutcomes,
  type UserContext,
} from './oneroster-users.ts'
import { type AcceptedState, type Outcome, Unusable } from './records.ts'

/** A user whom a delta changes: what was accepted of it, amended row by row. */
interface Amended {
  user: UserState
  before: PersonKind[]
  /** Whom it named until now, should it be a guardian. */
  namedBefore: string[]
  /** Undefined unless users.csv holds its row. */
  deleted?: boolean
  refusal?: Unusable
  file: string
  line: number
}

type Amendment = { kind: PersonKind; outcome: Outcome; file: string; line: number }

/**
 * The records of the users whom a delta touches by any of its rows: what was accepted of each of them, amended. It is
 * held in memory, as a delta is small beside the whole. Rows of users that nobody knows stay in the tables.
 */
export async function* amendUsers(
  tables: OneRosterTables,
  context: UserContext,
  options: ReadingOptions,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Amendment> {
  const users = new Map<string, Amended>()
  const strangers: Amendment[] = []
  await load([...tables.roles.keys(), ...tables.places.keys(), ...tables.births.keys()])
  for await (const row of tables.rows('users.csv', onProgress)) {
    const id = row.get('sourcedId')
    await load([id])
    const known = users.get(id)
    try {
      const read = readUser(row, known?.user.person.bornOn)
      const user = known ? { ...known.user, ...pickRow(read) } : read
      const { before = [], namedBefore = [] } = known ?? {}
      users.set(id, { user, before, namedBefore, deleted: row.deleted, file: 'users.csv', line: row.line })
      tables.tally.add('users.csv')
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      tables.tally.add('users.csv', error.code)
      if (known) Object.assign(known, { refusal: error, file: 'users.csv', line: row.line })
      else {
        const outcome: Outcome = {
          fate: 'quarantined',
          externalId: id || null,
          code: error.code,
          detail: error.message,
        }
        strangers.push({ kind: 'staff', outcome, file: 'users.csv', line: row.line })
      }
    }
  }
  await loadClasses()
  for (const [id, amended] of users) amend(id, amended)
  await amendGuardians()
  yield* strangers
  for (const [id, amended] of users) yield* toAmendments(id, amended)

  /** Takes in what was accepted of users that are not there yet. */
  async function load(ids: string[]): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => id !== '' && !users.has(id))
    for (let start = 0; start < missing.length; start += 1000) {
      const some = missing.slice(start, start + 1000)
      const found: [PersonKind, Map<string, AcceptedState>][] = []
      for (const kind of personKinds) found.push([kind, await options.findAccepted(kind, some)])
      for (const id of some) {
        const bodies = found.flatMap(([kind, map]) => {
          const state = map.get(id)
          return state ? [[kind, state.body] as const] : []
        })
        if (bodies.length === 0) continue
        const before = bodies.map(([kind]) => kind)
        const user = fromAccepted(id, Object.fromEntries(bodies))
        users.set(id, { user, before, namedBefore: user.agents, file: '', line: 0 })
      }
    }
  }

  /** Classes that enrolments refer to and that the package leaves as they were. */
  async function loadClasses(): Promise<void> {
    const missing = new Map<string, { school: string; classId: string }>()
    for (const { school, classId } of [...tables.places.values()].flat()) {
      if (!tables.classes.has(classId)) missing.set(`${school}$${classId}`, { school, classId })
    }
    for (const kind of ['class', 'group'] as const) {
      const found = await options.findAccepted(kind, [...missing.keys()])
      for (const [ref, { body }] of found) {
        const { school, classId } = missing.get(ref)!
        const course = typeof body['course'] === 'string' ? body['course'] : ''
        tables.classes.set(classId, { school, kind, course, current: true })
      }
    }
  }

  /** Applies the rows of roles, enrolments and demographics to a user. */
  function amend(id: string, amended: Amended): void {
    const { user } = amended
    const at = (file: string, line: number) => {
      if (amended.file === '') Object.assign(amended, { file, line })
    }
    const { roles, places, birth } = tables.takeUserRows(id)
    for (const { deleted, line, ...role } of roles) {
      at('roles.csv', line)
      tables.tally.add('roles.csv')
      if (deleted) user.roles.delete(role.id)
      else user.roles.set(role.id, role)
    }
    for (const { deleted, line, ...place } of places) {
      at('enrollments.csv', line)
      const found = tables.classes.get(place.classId)
      tables.tally.add('enrollments.csv', deleted || found?.current ? undefined : 'class_unknown')
      if (deleted) user.places.delete(place.id)
      else if (found?.current) {
        user.places.set(place.id, { ...place, kind: found.kind, course: found.course, school: found.school })
      }
    }
    if (birth) {
      at('demographics.csv', birth.line)
      tables.tally.add('demographics.csv')
      user.person.bornOn = birth.deleted ? undefined : birth.day
    }
  }

  /** A guardian who comes, goes or answers for others changes the records of pupils, which hold the links. */
  async function amendGuardians(): Promise<void> {
    const changed = [...users.values()].filter(({ file }) => file !== '')
    const roleOf = ({ user, deleted }: Amended) =>
      deleted ? undefined : findGuardianRole([...user.roles.values()].map(({ role }) => role))
    await load(changed.flatMap(({ user, namedBefore }) => [...user.agents, ...namedBefore]))
    for (const guardian of changed) {
      const role = roleOf(guardian)
      for (const id of new Set([...guardian.namedBefore, ...guardian.user.agents])) {
        const pupil = users.get(id)
        if (!pupil || (role === undefined && !guardian.before.includes('guardian'))) continue
        const named = guardian.user.agents.includes(id) || pupil.user.agents.includes(guardian.user.id)
        setGuardian(pupil, guardian.user.id, named ? role : undefined)
      }
    }
    for (const { user } of changed) {
      for (const id of user.agents) {
        const agent = users.get(id)
        const role = agent && roleOf(agent)
        if (role !== undefined) user.guardians.set(id, { id, role })
      }
      for (const id of user.guardians.keys()) {
        const guardian = users.get(id)
        if (guardian && roleOf(guardian) === undefined) user.guardians.delete(id)
      }
    }
  }

  function setGuardian(of: Amended, id: string, role: string | undefined): void {
    if (of.user.guardians.get(id)?.role === role) return
    if (role === undefined) of.user.guardians.delete(id)
    else of.user.guardians.set(id, { id, role })
    if (of.file === '') Object.assign(of, { file: 'users.csv', line: 0 })
  }

  function* toAmendments(id: string, { user, before, deleted, refusal, file, line }: Amended): Generator<Amendment> {
    if (file === '') return
    if (refusal) {
      const outcome: Outcome = { fate: 'quarantined', externalId: id, code: refusal.code, detail: refusal.message }
      for (const kind of before) yield { kind, outcome, file, line }
      return
    }
    const outcomes = deleted ? [] : toUserOutcomes(user, context)
    const gone = before.filter(
      (kind) => !outcomes.some((each) => each.kind === kind && each.outcome.fate === 'accepted'),
    )
    for (const kind of gone) yield { kind, outcome: { fate: 'removed', externalId: id }, file, line }
    for (const { kind, outcome } of outcomes) if (!gone.includes(kind)) yield { kind, outcome, file, line }
  }
}

/** What a row of users.csv says anew of someone known. */
function pickRow({ person, ine, grade, primaryOrg, agents }: UserState): Partial<UserState> {
  return { person, ine, grade, primaryOrg, agents }
}
