import { z } from 'zod'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { readCursor, writeCursor } from './cursors.ts'
import {
  countLevels,
  countProfiles,
  type Establishment,
  type EstablishmentSummary,
  findEstablishment,
  findGroup,
  listEstablishments,
  listGroups,
  listGroupTeachers,
  listHeads,
  listMembers,
} from './organisations.queries.ts'
import type { GroupName, PersonName } from './people.queries.ts'
import { findCurrentSchoolYear, listSchoolYears } from './school-years.ts'
import { toSearchWords } from './search-key.ts'
import type { Profile } from './tables.ts'
import { type Because, findReach, type Reach, sortReasons } from './visibility.ts'
import { knowsGroup, listReasons } from './visibility.queries.ts'

type Viewer = Pick<Actor, 'personId' | 'rights'>

const place = z.tuple([z.string(), z.uuid()]).transform(([name, id]) => ({ name, id }))

/**
 * One page of the establishments an actor sees, by name; `q`: beginnings of words of name, town or UAI.
 * @throws Problem 400 `cursor_invalid`.
 */
export async function searchEstablishments(
  tx: Tx,
  viewer: Viewer,
  input: { q: string; after?: string | undefined; limit: number },
): Promise<{ establishments: EstablishmentSummary[]; next: string | null }> {
  const after = input.after === undefined ? undefined : readCursor(place, input.after)
  const reach = await findReach(tx, viewer)
  const found = await listEstablishments(tx, {
    among: reach.wholeTenant ? undefined : listVisibleEstablishments(reach),
    words: toSearchWords(input.q),
    after,
    limit: input.limit + 1,
  })
  const establishments = found.slice(0, input.limit)
  const last = establishments.at(-1)
  return {
    establishments,
    next: last && found.length > establishments.length ? writeCursor([last.name, last.id]) : null,
  }
}

/** Establishments whose card a viewer sees: they belong to it, their child does, they administer or answer for it. */
function listVisibleEstablishments(reach: Reach): string[] {
  return [...listFigureEstablishments(reach), ...reach.schools, ...reach.childrensSchools]
}

/** Establishments whose figures a viewer sees: pupils and guardians do not. */
function listFigureEstablishments(reach: Reach): string[] {
  return [
    ...reach.administered,
    ...reach.supervised,
    ...reach.taughtIn,
    ...reach.workedIn,
    ...reach.territoryEstablishments,
  ]
}

/** An establishment's card. */
export interface EstablishmentCard extends Establishment {
  schoolYear: { startYear: number } | null
  heads: PersonName[]
  /** `counts`: figures are not shown; `otherClasses`: only the viewer's or their children's classes are. */
  withheld: ('counts' | 'otherClasses')[]
  counts: { profile: Profile; people: number }[]
  levels: { name: string | null; pupils: number }[]
  classes: (Omit<GroupName, 'establishment'> & { pupils: number | null })[]
}

/**
 * Finds the card of an establishment, or undefined when there is none or the viewer does not see it.
 * @param startYear another school year than the one shown, for who prepares it or looks back: its heads and administrators.
 */
export async function findEstablishmentCard(
  tx: Tx,
  viewer: Viewer,
  id: string,
  startYear?: number,
): Promise<EstablishmentCard | undefined> {
  const reach = await findReach(tx, viewer)
  if (!reach.wholeTenant && !listVisibleEstablishments(reach).includes(id)) return undefined
  const establishment = await findEstablishment(tx, { id })
  if (!establishment) return undefined
  const figures = reach.wholeTenant || listFigureEstablishments(reach).includes(id)
  const mayLookAway = reach.wholeTenant || reach.administered.includes(id) || reach.supervised.includes(id)
  const year = (await listSchoolYears(tx)).find((each) => mayLookAway && each.startYear === startYear)
  const classes = await listGroups(tx, id, figures ? undefined : knowsGroup(reach), year?.id)
  return {
    ...establishment,
    schoolYear: year ?? (await findCurrentSchoolYear(tx, id)) ?? null,
    heads: await listHeads(tx, id),
    withheld: figures ? [] : ['counts', 'otherClasses'],
    counts: figures ? await countProfiles(tx, id) : [],
    levels: figures ? await countLevels(tx, id, year?.id) : [],
    classes: figures ? classes : classes.map((group) => ({ ...group, pupils: null })),
  }
}

/**
 * The establishment that has a UAI, in small or capital letters.
 * @throws Problem 400 `invalid_request` when none is named; 404 `establishment_not_found`.
 */
export async function getEstablishmentId(tx: Tx, uai: string | undefined): Promise<string> {
  if (uai === undefined) throw new Problem(400, 'invalid_request', 'Name the establishment by its UAI.')
  const establishment = await findEstablishment(tx, { uai: uai.toUpperCase() })
  if (!establishment) throw new Problem(404, 'establishment_not_found', `No establishment has the UAI ${uai}.`)
  return establishment.id
}

/** A class's or group's card. */
export interface GroupCard extends GroupName {
  schoolYear: { startYear: number }
  /** `members`: people of the class are left out, who the viewer does not see; `count`: so is their number. */
  withheld: ('count' | 'members')[]
  count: number | null
  pupils: (PersonName & { because: Because[] })[]
  teachers: (PersonName & { because: Because[]; subjects: string[]; mainTeacher: boolean })[]
}

/** Finds the card of a class or group, or undefined when there is none or the viewer does not see it. */
export async function findGroupCard(tx: Tx, viewer: Viewer, id: string): Promise<GroupCard | undefined> {
  const reach = await findReach(tx, viewer)
  const found = await findGroup(tx, id, knowsGroup(reach))
  if (!found) return undefined
  const { known, count, ahead, ...group } = found
  const { wholeTenant, administered, supervised } = reach
  const prepares = wholeTenant || [...administered, ...supervised].includes(group.establishment.id)
  if (ahead && !prepares) return undefined
  const figures = reach.wholeTenant || listFigureEstablishments(reach).includes(group.establishment.id)
  if (!known && !figures) return undefined

  const members = known ? await listMembers(tx, id) : []
  const teachers = known ? await listGroupTeachers(tx, id) : []
  const ids = [...members, ...teachers].map((person) => person.id)
  const reasons = Map.groupBy(await listReasons(tx, reach, ids), ({ personId }) => personId)
  const keepSeen = <Person extends PersonName>(people: Person[]) =>
    people.flatMap((person) => {
      const own = reasons.get(person.id)
      return own ? [{ ...person, because: sortReasons(own.map(({ because }) => because)) }] : []
    })
  // Those who come with the next year are nobody's yet: whoever prepares it reads their names.
  const pupils = ahead ? members.map((person) => ({ ...person, because: [] })) : keepSeen(members)
  const whole = known && pupils.length === members.length
  return {
    ...group,
    // Whoever sees all the names can count them.
    count: figures || whole ? count : null,
    withheld: [...(figures || whole ? [] : (['count'] as const)), ...(whole ? [] : (['members'] as const))],
    pupils,
    teachers: keepSeen(teachers),
  }
}
