import { toSearchKey } from '../search-key.ts'
import { CsvRecord, type CsvShape, deriveIdentifier, type GuardianLink, readGuardian, readLink } from './csv-records.ts'
import { FeedRefusal, type ReadingOptions } from './feed.ts'
import { type AcceptedState, keysOf, type Outcome, readOutcome, Unusable } from './records.ts'

// Guardians who stand in their pupils' rows: « Responsable 1 nom », « Responsable 2 prénom ».

/** Identifiers of the guardians of a row, by their number in it. */
export type RowIdentifiers = Record<number, string>

// Beyond, who answers for whom would not fit in memory.
const most = 500_000
const asked = 500

interface Noted {
  pupil: string
  number: number
  name: string
  /** Ways to reach the guardian, each enough to know one from another of the same name. */
  contacts: string[]
  /** Its identifier is still to be found. */
  link: GuardianLink
}

/**
 * Gives an identifier to guardians who have none of their own: it stays the same as long as the guardian of that name of
 * that pupil does, whatever becomes of telephones and addresses. Of two pupils, guardians of the same name whom the same
 * e-mail, telephone or address reaches are one; others of the same name are not: nobody may be taken for the parent of
 * somebody else's child.
 */
export class RowGuardians {
  private readonly noted: Noted[] = []
  private readonly identifiers = new Map<string, RowIdentifiers>()
  private readonly links = new Map<string, GuardianLink[]>()
  /** Names of those who have an identifier of their own, by it. */
  private readonly names = new Map<string, string>()

  /** Takes note of the guardians of a row. */
  note(pupil: string, values: string[], shape: CsvShape): void {
    for (const { number, record } of listGuardians(values, shape)) {
      if (!record) continue
      const id = record.text('id')
      const name = nameOf(record)
      if (name === undefined) continue
      const noted = { pupil, number, name, contacts: contactsOf(record), link: readLink(record, id ?? '') }
      if (id === undefined) this.noted.push(noted)
      // Under the identifier of someone else it will be set aside: it gets no child.
      else if ((this.names.get(id) ?? name) === name) {
        this.names.set(id, name)
        this.identify(noted, id)
      }
    }
    if (this.noted.length > most) throw new FeedRefusal('csv_too_many', `More than ${most} guardians in one import.`)
  }

  private identify({ pupil, number, link }: Noted, id: string): void {
    this.identifiers.set(pupil, { ...this.identifiers.get(pupil), [number]: id })
    this.links.set(pupil, [...(this.links.get(pupil) ?? []), { ...link, id }])
  }

  /** Identifies those noted. @returns identifiers and links, by pupil. */
  async resolve(
    findAccepted: ReadingOptions['findAccepted'],
  ): Promise<{ identifiers: ReadonlyMap<string, RowIdentifiers>; links: ReadonlyMap<string, GuardianLink[]> }> {
    this.noted.sort((a, b) => (a.pupil < b.pupil ? -1 : a.pupil > b.pupil ? 1 : a.number - b.number))
    const reached = new Map<string, string>()
    const taken = new Set<string>()
    const settle = (each: Noted, id: string) => {
      const { pupil, name, contacts } = each
      this.identify(each, id)
      taken.add(`${pupil} ${id}`)
      for (const contact of contacts) if (!reached.has(`${name}|${contact}`)) reached.set(`${name}|${contact}`, id)
    }
    const strangers: Noted[] = []
    for (let start = 0; start < this.noted.length; start += asked) {
      const some = this.noted.slice(start, start + asked)
      const known = await findFormer(some, findAccepted)
      for (const each of some) {
        const id = known.get(each.pupil)?.get(each.name)
        // Two of the same name in one row are two people.
        if (id === undefined || taken.has(`${each.pupil} ${id}`)) strangers.push(each)
        else settle(each, id)
      }
    }
    for (const each of strangers) {
      const { pupil, number, name, contacts } = each
      const same = contacts.map((contact) => reached.get(`${name}|${contact}`)).find((id) => id !== undefined)
      const fresh = deriveIdentifier([name, pupil])
      const free = [same, fresh, `${fresh}-${number}`].find((id) => id !== undefined && !taken.has(`${pupil} ${id}`))
      settle(each, free!)
    }
    this.noted.length = 0
    return { identifiers: this.identifiers, links: this.links }
  }
}

/** The accepted guardians of pupils, by pupil and by name; of two of one name, none. */
async function findFormer(
  noted: Noted[],
  findAccepted: ReadingOptions['findAccepted'],
): Promise<Map<string, Map<string, string>>> {
  const pupils = await findAccepted('pupil', [...new Set(noted.map(({ pupil }) => pupil))])
  const idsOf = (state: AcceptedState) => (state.body.guardians ?? []).map(({ id }) => id)
  const guardians = await findAccepted('guardian', [...new Set([...pupils.values()].flatMap(idsOf))])
  const former = new Map<string, Map<string, string>>()
  for (const [pupil, state] of pupils) {
    const named = new Map<string, string>()
    const twice = new Set<string>()
    for (const id of idsOf(state)) {
      const { familyName, givenName } = guardians.get(id)?.body ?? {}
      if (familyName === undefined || givenName === undefined) continue
      const name = toName(familyName, givenName)
      if (named.has(name)) twice.add(name)
      named.set(name, id)
    }
    for (const name of twice) named.delete(name)
    former.set(pupil, named)
  }
  return former
}

/** The guardians of a row, each in a good state or set aside. */
export function readRowGuardians(values: string[], shape: CsvShape, ids: RowIdentifiers = {}): Outcome[] {
  return listGuardians(values, shape).map(({ number, values: own, shape: of }) =>
    readOutcome('', () => {
      const record = new CsvRecord(own, of)
      const read = readGuardian(record)
      return { externalId: record.text('id') ?? ids[number] ?? '', ...read }
    }),
  )
}

const telling = ['id', 'familyName', 'givenName', 'email', 'phone', 'mobile'] as const

/** The guardians of a row of whom something is said; without a record when it cannot be read. */
function listGuardians(values: string[], shape: CsvShape) {
  return shape.guardians.flatMap(({ number, places, shape: of }) => {
    const own = places.map((place) => values[place] ?? '')
    const said = of.fields.some((field, place) => telling.some((each) => each === field) && own[place]!.trim() !== '')
    return said ? [{ number, values: own, shape: of, record: tryRecord(own, of) }] : []
  })
}

function tryRecord(values: string[], shape: CsvShape): CsvRecord | undefined {
  try {
    return new CsvRecord(values, shape)
  } catch (error) {
    if (error instanceof Unusable) return undefined
    throw error
  }
}

function nameOf(record: CsvRecord): string | undefined {
  const [familyName, givenName] = [record.text('familyName'), record.text('givenName')]
  return familyName === undefined || givenName === undefined ? undefined : toName(familyName, givenName)
}

function toName(familyName: string, givenName: string): string {
  const { familyKey, givenKey } = keysOf({ familyName, givenName })
  return `${familyKey} ${givenKey}`
}

function contactsOf(record: CsvRecord): string[] {
  const address = [record.text('street'), record.text('postalCode') ?? record.text('town')]
  const ways = [record.text('email'), record.text('mobile'), record.text('phone')]
  if (address.every((part) => part !== undefined)) ways.push(address.join(' '))
  // Telephones are written with spaces or without.
  return ways.flatMap((way) => (way === undefined ? [] : [toSearchKey(way).replaceAll(' ', '')]))
}
