import type { ReadDialect } from '../meaning.ts'

/** Events of IMS Caliper, kept as statements. */
export const readCaliper: ReadDialect = (statement) => {
  if (!statement.verb.id.startsWith('http://purl.imsglobal.org/')) return undefined
  return undefined
}
