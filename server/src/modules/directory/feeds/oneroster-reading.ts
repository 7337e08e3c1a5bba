import type { Feed, FeedReading, ReadingOptions } from './feed.ts'
import { amendUsers } from './oneroster-delta.ts'
import {
  type GuardianLink,
  readClassRow,
  readCourse,
  readSchool,
  readSourcedId,
  readUser,
  type UserState,
} from './oneroster-records.ts'
import type { OneRosterRow } from './oneroster-rows.ts'
import { type OneRosterFile, OneRosterTables, RowTally, type UserRows } from './oneroster-tables.ts'
import { type PersonKind, toUserOutcomes, type UserContext } from './oneroster-users.ts'
import { type PlacedOutcome, readRecords } from './record-reading.ts'
import { type FeedContext, type Outcome, Unusable } from './records.ts'

/** Files of a package that say nothing the directory keeps: their rows are counted, and left out. */
const unusedFiles = [
  'userProfiles.csv',
  'categories.csv',
  'classResources.csv',
  'courseResources.csv',
  'lineItemLearningObjectiveIds.csv',
  'lineItemScoreScales.csv',
  'lineItems.csv',
  'resources.csv',
  'resultLearningObjectiveIds.csv',
  'resultScoreScales.csv',
  'results.csv',
  'scoreScales.csv',
  'userResources.csv',
]

/** Every file a package may hold beside manifest.csv (OneRoster 1.2 CSV binding). */
export const oneRosterFileNames = [
  'orgs.csv',
  'academicSessions.csv',
  'courses.csv',
  'classes.csv',
  'demographics.csv',
  'roles.csv',
  'enrollments.csv',
  'users.csv',
  ...unusedFiles,
]

/**
 * Reads a package: one record for each school, course and class, and one for each side of each user, which gathers rows
 * of users, roles, enrolments and demographics. Every row is counted once, in a record or with the reason why in none.
 */
export async function readOneRoster(
  feed: Pick<Feed, 'schoolYear' | 'exportedOn' | 'mode'> & { files: OneRosterFile[] },
  options: ReadingOptions,
): Promise<FeedReading> {
  const tables = new OneRosterTables(feed.files, feed.exportedOn, new RowTally())
  const { tally } = tables
  const otherOrgs = new Set<string>()
  let bytes = 0
  const onProgress = (read: number) => (bytes += read)

  const place = (kind: PlacedOutcome['kind'], outcome: Outcome, file: string, line: number): PlacedOutcome => {
    const done = bytes
    bytes = 0
    return { kind, outcome, file: tables.find(file)?.number ?? 0, line, bytes: done }
  }

  async function* establishments() {
    for await (const row of tables.rows('orgs.csv', onProgress)) {
      const outcome = orRemoved(row, readSchool(row))
      if (outcome.fate === 'ignored') otherOrgs.add(outcome.externalId)
      tally.add('orgs.csv', reasonOf(outcome))
      yield place('establishment', outcome, 'orgs.csv', row.line)
    }
  }

  async function* others(context: FeedContext) {
    await tables.readSessions(onProgress)
    for await (const row of tables.rows('courses.csv', onProgress)) {
      const outcome = orRemoved(row, readCourse(row))
      tally.add('courses.csv', reasonOf(outcome))
      yield place('subject', outcome, 'courses.csv', row.line)
    }
    yield* classes(context)
    await tables.readBirths(onProgress)
    await tables.readRoles(onProgress)
    await tables.readPlaces(onProgress)
    for (const name of unusedFiles) {
      for await (const _row of tables.rows(name, onProgress)) tally.add(name, 'file_not_used')
    }
    const userContext = { ...context, otherOrgs }
    if (feed.mode === 'full') yield* users(userContext)
    else {
      for await (const each of amendUsers(tables, userContext, options, onProgress)) {
        yield place(each.kind, each.outcome, each.file, each.line)
      }
    }
    yield* orphans()
  }

  async function* classes(context: FeedContext) {
    for await (const row of tables.rows('classes.csv', onProgress)) {
      const terms = row.get('termSourcedIds').split(',')
      const current = tables.isCurrent(terms.map((term) => term.trim()))
      const { kind, outcome, found } = readClassRow(row, { deleted: row.deleted, current }, context)
      if (found) {
        const { id, school, course } = found
        tables.classes.set(id, { school, kind, course, current: current && context.establishments.has(school) })
      }
      tally.add('classes.csv', reasonOf(outcome))
      yield place(kind, outcome, 'classes.csv', row.line)
    }
  }

  /** The users of a whole package, each with its rows of other files, which are let go as soon as they are used. */
  async function* users(context: UserContext) {
    const guardiansOf = await readGuardians()
    const seen = new Set<string>()
    for await (const row of tables.rows('users.csv', onProgress)) {
      const id = row.get('sourcedId')
      const own = tables.takeUserRows(id)
      const outcomes = seen.has(id)
        ? [{ kind: 'pupil' as const, outcome: duplicate(id) }]
        : readWholeUser(row, own, guardiansOf.get(id) ?? [], context)
      if (!seen.has(id)) {
        const reason = outcomes.some(({ outcome }) => outcome.fate === 'accepted')
          ? undefined
          : reasonOf(outcomes[0]!.outcome)
        tally.add('roles.csv', reason, own.roles.length)
        if (own.birth) tally.add('demographics.csv', reason)
        const lost = own.places.filter(({ classId }) => tables.classes.get(classId)?.current !== true).length
        tally.add('enrollments.csv', reason ?? 'class_unknown', lost)
        tally.add('enrollments.csv', reason, own.places.length - lost)
        tally.add('users.csv', reason)
      } else tally.add('users.csv', 'duplicate')
      seen.add(id)
      for (const { kind, outcome } of outcomes) yield place(kind, outcome, 'users.csv', row.line)
    }
  }

  function readWholeUser(
    row: OneRosterRow,
    own: UserRows,
    declared: GuardianLink[],
    context: UserContext,
  ): { kind: PersonKind; outcome: Outcome }[] {
    let user: UserState
    try {
      user = readUser(row, own.birth?.day)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      const kind = own.roles.some(({ role }) => role === 'student') ? 'pupil' : 'staff'
      const externalId = row.get('sourcedId').slice(0, 255) || null
      return [{ kind, outcome: { fate: 'quarantined', externalId, code: error.code, detail: error.message } }]
    }
    const warnings: string[] = []
    for (const { id, role, org, primary } of own.roles) user.roles.set(id, { id, role, org, primary })
    for (const { line: _line, deleted: _deleted, ...at } of own.places) {
      const found = tables.classes.get(at.classId)
      if (found?.current)
        user.places.set(at.id, { ...at, kind: found.kind, course: found.course, school: found.school })
      else warnings.push('class_unknown')
    }
    for (const id of user.agents) {
      const role = tables.guardianRoles.get(id)
      if (role !== undefined) user.guardians.set(id, { id, role })
    }
    for (const link of declared) user.guardians.set(link.id, link)
    return toUserOutcomes(user, context).map(({ kind, outcome }, index) => ({
      kind,
      outcome: outcome.fate === 'accepted' && index === 0 ? { ...outcome, warnings } : outcome,
    }))
  }

  /** Guardians whose own row names their pupils, by pupil: a first reading of users.csv for them alone. */
  async function readGuardians(): Promise<Map<string, GuardianLink[]>> {
    const guardiansOf = new Map<string, GuardianLink[]>()
    const aside = new OneRosterTables(feed.files, feed.exportedOn, new RowTally())
    for await (const row of aside.rows('users.csv', () => {})) {
      const id = row.get('sourcedId')
      const role = tables.guardianRoles.get(id)
      if (role === undefined) continue
      for (const pupil of row.get('agentSourcedIds').split(',')) {
        if (pupil.trim() === '') continue
        guardiansOf.set(pupil.trim(), [...(guardiansOf.get(pupil.trim()) ?? []), { id, role }])
      }
    }
    return guardiansOf
  }

  /** Rows that are part of no user of the package: set aside one by one. */
  function* orphans() {
    const from = (file: string, line: number, id: string, role: string) => {
      tally.add(file, 'user_unknown')
      const detail = `${file}: its user is not in users.csv.`
      const outcome: Outcome = { fate: 'quarantined', externalId: id, code: 'user_unknown', detail }
      return place(role === 'student' ? 'pupil' : 'staff', outcome, file, line)
    }
    for (const rows of tables.roles.values())
      for (const each of rows) yield from('roles.csv', each.line, each.id, each.role)
    for (const rows of tables.places.values()) {
      for (const each of rows) yield from('enrollments.csv', each.line, each.id, each.role)
    }
    for (const [id, { line }] of tables.births) yield from('demographics.csv', line, id, 'student')
  }

  const reading = await readRecords(feed, { establishments, others }, options)
  return { ...reading, rows: tally.counts }
}

const duplicate = (id: string): Outcome => ({
  fate: 'quarantined',
  externalId: id,
  code: 'duplicate',
  detail: 'Its sourcedId was read before in this file.',
})

/** What a delta takes away, whatever else its row says. */
function orRemoved(row: OneRosterRow & { deleted: boolean }, outcome: Outcome): Outcome {
  return row.deleted ? { fate: 'removed', externalId: readIdOf(row) } : outcome
}

const readIdOf = (row: OneRosterRow) => {
  try {
    return readSourcedId(row)
  } catch {
    return ''
  }
}

/** Why a row is part of no record. */
function reasonOf(outcome: Outcome): string | undefined {
  if (outcome.fate === 'quarantined') return outcome.code
  return outcome.fate === 'ignored' ? outcome.rule : undefined
}
