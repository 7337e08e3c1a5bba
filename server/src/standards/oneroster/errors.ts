import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '#kernel/problem'

/** Minor codes of a refusal (OneRoster 1.2 REST binding, imsx_CodeMinorField). */
export type CodeMinor =
  | 'invalid_filter_field'
  | 'invalid_selection_field'
  | 'invaliddata'
  | 'unauthorisedrequest'
  | 'forbidden'
  | 'unknownobject'
  | 'server_busy'
  | 'internal_server_error'

/** A refusal of the rostering service. */
export class RosterRefusal extends Error {
  readonly status: number
  readonly minor: CodeMinor

  constructor(status: number, minor: CodeMinor, description: string) {
    super(description)
    this.status = status
    this.minor = minor
  }
}

const minors: Record<number, CodeMinor> = {
  400: 'invaliddata',
  401: 'unauthorisedrequest',
  403: 'forbidden',
  404: 'unknownobject',
  429: 'server_busy',
  503: 'server_busy',
}

/** Answers an error in the standard's own shape, imsx_StatusInfo. What was not foreseen tells nothing. */
export async function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const refusal = toRefusal(error)
  if (refusal.status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'request failed')
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer')
  return reply
    .status(refusal.status)
    .type('application/json')
    .send({
      imsx_codeMajor: 'failure',
      imsx_severity: 'error',
      imsx_description: refusal.message,
      imsx_CodeMinor: {
        imsx_codeMinorField: [{ imsx_codeMinorFieldName: 'TargetEndSystem', imsx_codeMinorFieldValue: refusal.minor }],
      },
    })
}

function toRefusal(error: unknown): RosterRefusal {
  if (error instanceof RosterRefusal) return error
  if (error instanceof Problem && error.code === 'value_invalid') {
    return new RosterRefusal(400, 'invalid_filter_field', error.message)
  }
  if (error instanceof Problem)
    return new RosterRefusal(error.status, minors[error.status] ?? 'invaliddata', error.message)
  // A day or a number that PostgreSQL cannot read, in a filter.
  const { code } = error as { code?: string }
  if (code !== undefined && /^22(007|008|003|021|P02|P05)$/.test(code)) {
    return new RosterRefusal(400, 'invalid_filter_field', 'A value of the filter is not what its field holds.')
  }
  return new RosterRefusal(500, 'internal_server_error', 'Something went wrong on our side; it was recorded.')
}
