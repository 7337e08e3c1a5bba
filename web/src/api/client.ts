import createClient from 'openapi-fetch'
import type { paths } from './schema.d.ts'

/** A refusal of the server (RFC 9457); `code` is translated in `locales/<language>/problems.json`. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly body: Record<string, unknown>

  constructor(status: number, body: Record<string, unknown>) {
    super(typeof body['detail'] === 'string' ? body['detail'] : `HTTP ${status}`)
    this.status = status
    this.code = typeof body['code'] === 'string' ? body['code'] : status >= 500 ? 'internal_error' : 'unknown'
    this.body = body
  }
}

/** Reads the problem of an answer, whatever it holds: a proxy in between may answer a page. */
export function readProblem(status: number, text: string): ApiProblem {
  try {
    return new ApiProblem(status, JSON.parse(text) as Record<string, unknown>)
  } catch {
    return new ApiProblem(status, {})
  }
}

/** The public API; every refusal is thrown as an {@link ApiProblem}, a network failure as a TypeError. */
export const api = createClient<paths>()

api.use({
  async onResponse({ response }) {
    if (!response.ok) throw readProblem(response.status, await response.text())
  },
})

/** Takes the content of an answer; refusals were thrown before. */
export async function read<Data>(answer: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await answer
  if (data === undefined) throw new ApiProblem(502, { code: 'answer_empty' })
  return data
}

/** From now on every request of this page shows a token, as pages without a session do. */
export function holdToken(token: string): void {
  api.use({
    onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${token}`)
      return request
    },
  })
}
