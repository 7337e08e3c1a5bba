import type { Day } from '#kernel/time'
import type { AafRecord } from './aaf-parser.ts'
import { toDay, Unusable } from './records.ts'

/** Primary schools, or lower and upper secondary ones: two feeds, whose attributes bear other names. */
export type Degree = '1D' | '2D'

// Annexe 4bis of the SDET, as working importers map it.
const secondDegree = {
  familyName: 'sn',
  givenName: 'givenName',
  title: 'personalTitle',
  email: 'mail',
  phone: 'homePhone',
  mobile: 'mobile',
  workPhone: 'telephoneNumber',
  establishmentStreet: 'street',
  establishmentPostalCode: 'postalCode',
  establishmentTown: 'l',
  establishmentPhone: 'telephoneNumber',
  establishmentEmail: 'ENTStructureMailSI',
}

/** The names of what both feeds hold, where they differ. */
export const attributeNames: Record<Degree, typeof secondDegree> = {
  '2D': secondDegree,
  '1D': {
    familyName: 'ENTPersonNom',
    givenName: 'ENTPersonPrenom',
    title: 'ENTPersonCivilite',
    email: 'ENTPersonMail',
    phone: 'ENTPersonTelPerso',
    mobile: 'ENTPersRelEleveTelMobile',
    workPhone: 'ENTPersRelEleveTelPro',
    establishmentStreet: 'ENTStructureAdresse',
    establishmentPostalCode: 'ENTStructureCodePostal',
    establishmentTown: 'ENTStructureVille',
    establishmentPhone: 'ENTStructureTelephone',
    establishmentEmail: 'ENTStructureEmail',
  },
}

/** Attributes of a record, read as what they should be. */
export class Attributes {
  private readonly values: Map<string, string[]>

  constructor(record: Pick<AafRecord, 'attributes'>) {
    this.values = record.attributes
  }

  /** The first value; undefined when absent or empty. */
  text(name: string): string | undefined {
    return this.values.get(name)?.[0] || undefined
  }

  required(name: string): string {
    const text = this.text(name)
    if (text === undefined) throw new Unusable('attribute_missing', `${name} is missing or empty.`)
    return text
  }

  /** A name: longer than any, it could be neither shown nor indexed. */
  name(name: string, longest: number): string {
    const text = this.required(name)
    if (text.length > longest) throw new Unusable('value_unreadable', `${name} exceeds ${longest} characters.`)
    return text
  }

  /** The values that are not empty. */
  list(name: string): string[] {
    return this.values.get(name)?.filter((value) => value !== '') ?? []
  }

  /** Values cut at their `$`, of `least` parts at least. */
  parts(name: string, least: number): string[][] {
    return this.list(name).map((value) => {
      const parts = value.split('$').map((part) => part.trim())
      if (parts.length < least || parts[0] === '')
        throw new Unusable('value_unreadable', `${name}: a value lacks parts.`)
      return parts
    })
  }

  day(name: string): Day | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : toDay(name, text)
  }
}

/** `l1$l2$l3$l4` → its lines that are not empty. */
export function toLines(address: string | undefined): string | undefined {
  return (
    address
      ?.split('$')
      .map((line) => line.trim())
      .filter(Boolean)
      .join('\n') || undefined
  )
}
