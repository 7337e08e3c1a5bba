/**
 * An error with an HTTP meaning, thrown at the place that knows and answered as RFC 9457 problem+json.
 * `code` is stable: the web translates it (`problems.json`), so it never carries data; `detail` is for people who read
 * the API; `extra` holds what a page needs to explain itself (figures, names of fields), never personal data.
 */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly extra: Record<string, unknown>

  constructor(status: number, code: string, detail: string, extra: Record<string, unknown> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.extra = extra
  }
}

/** The body of a problem+json answer (RFC 9457 §3). */
export interface ProblemBody {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId?: string
  [key: string]: unknown
}

/** Makes the body answered for a problem. */
export function toProblemBody(problem: Problem, requestId?: string): ProblemBody {
  return {
    ...problem.extra,
    type: `/problems/${problem.code}`,
    title: problem.code.replaceAll('_', ' '),
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...(requestId === undefined ? {} : { requestId }),
  }
}

/**
 * What may be kept of an error, in a log or with a failed job: its kind, its code and where it happened. Messages and
 * details of a database quote the values they refuse, which are people's.
 */
export function describeError(error: Error): { type: string; message: string; stack: string } {
  const { code, constraint, table } = error as { code?: string; constraint?: string; table?: string }
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return {
    type: error.name,
    message: [code, table, constraint].filter(Boolean).join(' ') || 'no code',
    stack: frames.slice(0, 12).join('\n'),
  }
}
