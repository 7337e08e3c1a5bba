/** The academy and the person's identifier there, as the academic directory feed knows them. */
export interface Reference {
  academyCode: string
  externalId: string
}

/**
 * Reads the claim by which a federation points at people of the academic directory: one value or several of the form
 * `{AAF}academy|…|identifier` (ÉduConnect's FrEduCtRefId). Other families of references (`{ECT}…`) are left out.
 */
export function readReferences(claim: unknown): Reference[] {
  const values = (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === 'string')
  return values.flatMap((value) => {
    const match = /^\{AAF\}([^|]+)\|[^|]*\|([^|]+)$/.exec(value.trim())
    return match?.[1] !== undefined && match[2] !== undefined ? [{ academyCode: match[1], externalId: match[2] }] : []
  })
}
