import { type Attributes, type Degree } from './aaf-attributes.ts'
import type { LegalStatus } from '../tables.ts'
import { type FeedContext, isLinkCode, type NamedGroup, type PupilBody, toGroupCode, Unusable } from './records.ts'

export type GroupLink = NamedGroup & { ref: string; rest: string[] }

/** Classes or groups referred to as `jointure$code…`; those of unknown establishments are left out and counted. */
export function readGroupLinks(
  source: Attributes,
  name: string,
  kind: 'class' | 'group',
  context: FeedContext,
  warnings: string[],
): GroupLink[] {
  const links = source.parts(name, 2).map(([establishment, code, ...rest]) => ({
    kind,
    establishment: establishment!,
    code: toGroupCode(code!),
    ref: `${establishment}$${code}`,
    rest,
  }))
  return keepKnown(links, name, context, warnings)
}

/**
 * Classes or groups of the 1D feed, in five parts: jointure first, identifier and name last; no establishment declares
 * them.
 */
export function readPrimaryGroupLinks(
  source: Attributes,
  kind: 'class' | 'group',
  context: FeedContext,
  warnings: string[],
): GroupLink[] {
  const name = kind === 'class' ? 'ENTPersonClasses' : 'ENTPersonGroupes'
  const links = source.parts(name, 4).map(([establishment, , , code, label]) => ({
    kind,
    establishment: establishment!,
    code: toGroupCode(code!),
    ref: `${establishment}$${code}`,
    rest: [],
    ...(label && { name: label, referred: true }),
  }))
  return keepKnown(links, name, context, warnings)
}

function keepKnown(links: GroupLink[], name: string, context: FeedContext, warnings: string[]): GroupLink[] {
  return links.filter(({ establishment, code }) => {
    if (code === '') throw new Unusable('value_unreadable', `${name}: a value lacks its code.`)
    if (context.establishments.has(establishment)) return true
    warnings.push('establishment_unknown')
    return false
  })
}

// ENTElevePersRelEleve: respLegal.
const legalStatuses: Record<string, LegalStatus> = { '': 'none', '0': 'none', '1': 'legal', '2': 'inCharge' }

/** `idPers$codeLien$respFinancier$respLegal$contact$paiement`; the older attributes of parents are ignored. */
function readSecondaryGuardians(source: Attributes, warnings: string[]): PupilBody['guardians'] {
  const links = source.parts('ENTElevePersRelEleve', 4).map(([id, link, financial, legal, contact, pays]) => {
    const legalStatus = legalStatuses[legal!]
    if (!legalStatus) throw new Unusable('value_unreadable', 'ENTElevePersRelEleve: respLegal is neither 0, 1 nor 2.')
    if (!isLinkCode(link!)) warnings.push('link_code_unknown')
    return {
      id: id!,
      link: link!,
      legal: legalStatus,
      financial: financial === '1',
      contact: contact === '1',
      pays: pays === '1',
    }
  })
  return links
}

/** `idPers$codeLien`: holders of parental authority, after the attribute's name. */
function readPrimaryGuardians(source: Attributes, warnings: string[]): PupilBody['guardians'] {
  return source.parts('ENTEleveAutoriteParentale', 2).map(([id, link]) => {
    if (!isLinkCode(link!)) warnings.push('link_code_unknown')
    return { id: id!, link: link!, legal: 'legal', financial: false, contact: false, pays: false }
  })
}

/** The guardians of a pupil, each once, by identifier. */
export function readGuardianLinks(source: Attributes, degree: Degree, warnings: string[]): PupilBody['guardians'] {
  const links = degree === '1D' ? readPrimaryGuardians(source, warnings) : readSecondaryGuardians(source, warnings)
  const unique = new Map(links.map((link) => [link.id, link]))
  return [...unique.values()].sort((a, b) => compare(a.id, b.id))
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
