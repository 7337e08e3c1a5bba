import { type Day, isDay } from '#kernel/time'
import type { RowCounts } from '../tables.ts'
import { schoolYearOf } from './feed.ts'
import { type ClassPlace, type OneRosterClass, readDay, readSourcedId, type Role } from './oneroster-records.ts'
import { type OneRosterRow, readOneRosterRows } from './oneroster-rows.ts'
import { findGuardianRole } from './oneroster-users.ts'
import { Unusable } from './records.ts'

/** A file of a package: whole, or what changed in it. */
export interface OneRosterFile {
  name: string
  path: string
  bytes: number
  mode: 'bulk' | 'delta'
}

/** Counts every row of every file once. */
export class RowTally {
  readonly counts = new Map<string, RowCounts>()

  /** @param reason undefined for a row that is part of a record. */
  add(file: string, reason?: string, number = 1): void {
    if (number === 0) return
    const of = this.counts.get(file) ?? { rows: 0, kept: 0, leftOut: {} }
    this.counts.set(file, of)
    of.rows += number
    if (reason === undefined) of.kept += number
    else of.leftOut[reason] = (of.leftOut[reason] ?? 0) + number
  }
}

/** Where a row stood, to be told with what is wrong about it. */
export interface Placed {
  line: number
  /** Whether a delta takes it away. */
  deleted: boolean
}

/** The rows of other files that are a user's. */
export interface UserRows {
  roles: (Role & Placed)[]
  places: (Omit<ClassPlace, 'kind' | 'course'> & Placed)[]
  birth: ({ day: Day | undefined } & Placed) | undefined
}

/** The rows of a package that others refer to or are part of, held while the users are read. */
export class OneRosterTables {
  readonly tally: RowTally
  readonly classes = new Map<string, OneRosterClass & { current: boolean }>()
  readonly roles = new Map<string, UserRows['roles']>()
  readonly places = new Map<string, UserRows['places']>()
  readonly births = new Map<string, NonNullable<UserRows['birth']>>()
  /** Role of each user who is a guardian of someone. */
  readonly guardianRoles = new Map<string, string>()
  private readonly sessions = new Map<string, { start: Day; end: Day }>()
  private readonly files: OneRosterFile[]
  private readonly exportedOn: Day

  constructor(files: OneRosterFile[], exportedOn: Day, tally: RowTally) {
    this.files = files
    this.exportedOn = exportedOn
    this.tally = tally
  }

  find(name: string): (OneRosterFile & { number: number }) | undefined {
    const number = this.files.findIndex((file) => file.name === name)
    return number < 0 ? undefined : { ...this.files[number]!, number }
  }

  /** Takes out the rows of a user: those left at the end are nobody's. */
  takeUserRows(id: string): UserRows {
    const rows = { roles: this.roles.get(id) ?? [], places: this.places.get(id) ?? [], birth: this.births.get(id) }
    for (const map of [this.roles, this.places, this.births]) map.delete(id)
    return rows
  }

  /** The usable rows of a file, none when the package has no such file; the others are counted with their reason. */
  async *rows(name: string, onProgress: (bytes: number) => void): AsyncGenerator<OneRosterRow & { deleted: boolean }> {
    const file = this.find(name)
    if (!file) return
    for await (const row of readOneRosterRows(file.path, name)) {
      onProgress(row.bytes)
      const status = row.get('status')
      // A bulk file holds what is there: rows that it marks as deleted are not.
      if (row.broken) this.tally.add(name, 'columns_mismatch')
      else if (status === 'tobedeleted' && file.mode === 'bulk') this.tally.add(name, 'deleted_row')
      else if (!/^(|active|tobedeleted|inactive)$/.test(status)) this.tally.add(name, 'status_unknown')
      else yield Object.assign(row, { deleted: status !== '' && status !== 'active' })
    }
  }

  /** Reads academicSessions.csv, which tells of which school year a class is. */
  async readSessions(onProgress: (bytes: number) => void): Promise<void> {
    for await (const row of this.rows('academicSessions.csv', onProgress)) {
      const [start, end] = [row.get('startDate'), row.get('endDate')]
      const usable = isDay(start) && isDay(end)
      if (usable) this.sessions.set(row.get('sourcedId'), { start, end })
      this.tally.add('academicSessions.csv', usable ? 'academic_session' : 'date_invalid')
    }
  }

  /** Whether a class is of the school year of the export, as far as its terms tell. */
  isCurrent(termIds: string[]): boolean {
    const terms = termIds.flatMap((id) => this.sessions.get(id) ?? [])
    const year = schoolYearOf(this.exportedOn)
    return (
      terms.length === 0 || terms.some(({ start, end }) => schoolYearOf(start) <= year && schoolYearOf(end) >= year)
    )
  }

  async readRoles(onProgress: (bytes: number) => void): Promise<void> {
    for await (const row of this.rows('roles.csv', onProgress)) {
      const read = this.read('roles.csv', row, (): Role => ({
        id: readSourcedId(row),
        role: row.get('role'),
        org: row.get('orgSourcedId'),
        primary: row.get('roleType') === 'primary',
      }))
      if (!read) continue
      push(this.roles, row.get('userSourcedId'), read)
      const closest = findGuardianRole([read.role, this.guardianRoles.get(row.get('userSourcedId')) ?? ''])
      if (!read.deleted && closest !== undefined) this.guardianRoles.set(row.get('userSourcedId'), closest)
    }
  }

  async readPlaces(onProgress: (bytes: number) => void): Promise<void> {
    for await (const row of this.rows('enrollments.csv', onProgress)) {
      const read = this.read('enrollments.csv', row, () => ({
        id: readSourcedId(row),
        school: row.get('schoolSourcedId'),
        classId: row.get('classSourcedId'),
        role: row.get('role'),
        primary: row.get('primary') === 'true',
      }))
      if (read) push(this.places, row.get('userSourcedId'), read)
    }
  }

  /** Of demographics.csv, the day of birth and nothing else: what it holds on origins may not be kept in France. */
  async readBirths(onProgress: (bytes: number) => void): Promise<void> {
    for await (const row of this.rows('demographics.csv', onProgress)) {
      try {
        const day = readDay(row, 'birthDate')
        if (this.births.has(row.get('sourcedId'))) this.tally.add('demographics.csv', 'duplicate')
        else this.births.set(row.get('sourcedId'), { day, line: row.line, deleted: row.deleted })
      } catch (error) {
        if (!(error instanceof Unusable)) throw error
        this.tally.add('demographics.csv', error.code)
      }
    }
  }

  /** A row that has its dates: over or not begun, it is as good as deleted. Undefined when it is unusable. */
  private read<T>(name: string, row: OneRosterRow & { deleted: boolean }, read: () => T): (T & Placed) | undefined {
    try {
      const [begin, end] = [readDay(row, 'beginDate'), readDay(row, 'endDate')]
      const over = end !== undefined && end < this.exportedOn
      const later = begin !== undefined && begin > this.exportedOn
      if ((over || later) && !row.deleted && this.find(name)?.mode === 'bulk') {
        this.tally.add(name, over ? 'ended' : 'not_begun')
        return undefined
      }
      return { ...read(), line: row.line, deleted: row.deleted || over || later }
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      this.tally.add(name, error.code)
      return undefined
    }
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
