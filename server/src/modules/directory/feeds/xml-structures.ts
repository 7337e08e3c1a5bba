import {
  type FeedContext,
  type NamedGroup,
  type Outcome,
  readOutcome,
  toGroupCode,
  toGroupRecord,
  Unusable,
} from './records.ts'
import { type KeptElement, keepElement, restoreElement, type XmlElement } from './xml-records.ts'

// Classes and groups, which SIECLE and STS write alike.

/** What is kept of a class or group that is set aside. */
export interface RefusedGroup {
  of: 'group'
  kind: NamedGroup['kind']
  element: KeptElement
  establishment: string
  /** The attribute that holds its code. */
  codeName: string
}

/** A class (DIVISION) or group (GROUPE), as its establishment declares it. @throws Unusable. */
export function readDeclaredGroup(
  kind: NamedGroup['kind'],
  element: XmlElement,
  establishment: string,
  codeName: string,
): NamedGroup {
  const code = element.first(codeName, 'CODE')
  if (code === undefined) throw new Unusable('attribute_missing', `${codeName} is missing or empty.`)
  const name = element.first('LIBELLE_EDITION', 'LIBELLE_LONG', 'LIBELLE_COURT') ?? code
  return { kind, establishment, code: toGroupCode(code), name }
}

export function keepGroup(
  kind: NamedGroup['kind'],
  element: XmlElement,
  establishment: string,
  codeName: string,
): RefusedGroup {
  return { of: 'group', kind, element: keepElement(element), establishment, codeName }
}

/** Reads a class or group again that was set aside: a record of its own. */
export function rereadGroup({ kind, element, establishment, codeName }: RefusedGroup, context: FeedContext): Outcome {
  return readOutcome('', () =>
    toGroupRecord(readDeclaredGroup(kind, restoreElement(element), establishment, codeName), context),
  )
}
