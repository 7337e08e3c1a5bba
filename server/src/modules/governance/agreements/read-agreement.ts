import { LineCounter, parseDocument, visit } from 'yaml'
import { Problem } from '#kernel/problem'
import { checkAgreement } from './agreement-checks.ts'
import { describeIssues, type Fault, locateFault, type LocatedFault } from './agreement-faults.ts'
import { type Agreement, agreementSchema } from './agreement-schema.ts'

/** Longest agreement taken, in characters: several times the length of the longest known. */
export const longestAgreement = 500_000

const mostFaults = 50

/**
 * Reads an agreement from its file (YAML 1.2, of which JSON is a part), whole or not at all.
 * @throws Problem 422 `agreement_invalid`, whose `faults` say line, column, path and reason of each.
 */
export function readAgreement(text: string): Agreement {
  const read = checkAgreementText(text)
  if ('rules' in read) return read.rules
  throw refuseAgreement(read.faults)
}

/** The problem that says what is wrong with an agreement, and on which line. */
export function refuseAgreement(faults: LocatedFault[]): Problem {
  const [first] = faults
  const detail = first ? `Line ${first.line}, column ${first.column}: ${first.reason}` : 'The agreement is not valid.'
  return new Problem(422, 'agreement_invalid', detail, { faults: faults.slice(0, mostFaults) })
}

/** Reads an agreement, or says what is wrong with it: first its writing, then its rules, then what they say of one another. */
export function checkAgreementText(text: string): { rules: Agreement } | { faults: LocatedFault[] } {
  if (text.length > longestAgreement) {
    const reason = `The file is longer than ${longestAgreement} characters.`
    return { faults: [{ line: 1, column: 1, path: '', code: 'too_long', values: {}, reason }] }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  // What follows a fault of writing is mostly its consequence.
  const faults = [...document.errors, ...document.warnings].slice(0, 3).map((error): LocatedFault => {
    const { line, col } = lines.linePos(error.pos[0])
    const tooDeep = error.code === 'RESOURCE_EXHAUSTION'
    const reason = tooDeep ? 'Lists are nested too deeply.' : `${error.message}.`
    const code = tooDeep ? 'too_deep' : 'syntax'
    return { line, column: col, path: '', code, values: { detail: error.code }, reason }
  })
  visit(document, {
    Alias(_, { range }) {
      const { line, col } = lines.linePos(range?.[0] ?? 0)
      const reason = 'Each rule is written out: references to another place of the file (*) are not taken.'
      faults.push({ line, column: col, path: '', code: 'alias', values: {}, reason })
    },
  })
  if (faults.length > 0) return { faults }

  const locate = (found: Fault[]) =>
    found.map((fault) => locateFault(document, lines, fault)).sort((a, b) => a.line - b.line || a.column - b.column)
  const content: unknown = document.toJS()
  const read = agreementSchema.safeParse(content)
  if (!read.success) return { faults: locate(describeIssues(read.error.issues, content)) }
  const contradictions = checkAgreement(read.data)
  return contradictions.length > 0 ? { faults: locate(contradictions) } : { rules: read.data }
}

/** Puts a refusal of one rule on its line, for what only the other versions of an agreement can tell. */
export function refuseRule(text: string, fault: Fault): Problem {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  return refuseAgreement([locateFault(document, lines, fault)])
}
