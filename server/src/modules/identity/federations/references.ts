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

/** A function of an agent in an establishment, as the academies' portals tell it. */
export interface AgentFunction {
  uai: string
  /** `DIR`, `ENS`…; null when none is told. */
  code: string | null
}

/**
 * Reads FrEduRne, the establishments of an agent: values `UAI$UAJ$PU$function$UAJ$T3$LYC$3000`. They are no reference to
 * anybody: they help someone recognise whom an academy vouched for.
 */
export function readAgentFunctions(claim: unknown): AgentFunction[] {
  const values = (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === 'string')
  return values.flatMap((value) => {
    const [uai = '', , , code = ''] = value.trim().split('$')
    return /^\d{7}[A-Z]$/.test(uai) ? [{ uai, code: /^[A-Z0-9]{2,5}$/.test(code) ? code : null }] : []
  })
}

/** A name and the establishments of its bearer, by which they recognise themselves; null when neither is known. */
export function describeAgent(name: string | null, claim: unknown): string | null {
  const establishments = [...new Set(readAgentFunctions(claim).map(({ uai }) => uai))].slice(0, 5)
  if (establishments.length === 0) return name
  return [name, `(${establishments.join(', ')})`].filter(Boolean).join(' ')
}
