import type { FastifyRequest, InjectOptions } from 'fastify'
import type { App } from '#kernel/http'
import { Problem } from '#kernel/problem'
import { resourcePaths } from './paths.ts'
import { readVersion, versionHeader } from './versions.ts'

const headerNames = [
  'authorization',
  versionHeader,
  'content-type',
  'content-length',
  'if-match',
  'if-none-match',
] as const
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'] as const

/** Tells the alternate syntax from a plain POST: by the `method` of its address. */
export const alternateSyntax: Strategy = {
  name: 'alternateSyntax',
  deriveConstraint: ({ method, url = '' }) =>
    method === 'POST' && /^\/xapi\/[^?]*\?(?:[^#]*&)?method=/.test(url) ? 'yes' : undefined,
  storage() {
    const handlers = new Map<string, NonNullable<ReturnType<ReturnType<Strategy['storage']>['get']>>>()
    return {
      get: (type) => handlers.get(String(type)) ?? null,
      set: (type, handler) => void handlers.set(String(type), handler),
    }
  },
}

type Strategy = Parameters<App['addConstraintStrategy']>[0]

/**
 * The alternate request syntax of 1.0.3 (Communication 1.3), for pages that can send nothing but a form: it becomes the
 * request it stands for, which is then answered as any other. So these routes are open, and what they lead to is not: the
 * form holds the credentials.
 */
export function registerAlternateSyntax(scope: App): void {
  for (const url of resourcePaths) {
    scope.route({
      method: 'POST',
      url,
      constraints: { [alternateSyntax.name]: 'yes' },
      config: { access: 'public', anyVersion: true },
      // Read before anyone is known, so not as large as others.
      bodyLimit: 1_048_576,
      schema: { hide: true },
      handler: async (request, reply) => {
        // That of a refusal here; the answer to the request has its own.
        reply.header(versionHeader, readVersion(request.headers[versionHeader]) ?? '1.0.3')
        const answer = await scope.inject(readForm(request, url))
        const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = answer.headers
        return reply.status(answer.statusCode).headers(headers).send(answer.rawPayload)
      },
    })
  }
}

function readForm(request: FastifyRequest, url: string): InjectOptions {
  const { method: name, ...others } = request.query as Record<string, string | string[]>
  const method = methods.find((each) => each === name)
  if (method === undefined) throw refusal(`the method is not one of ${methods.join(', ')}`)
  if (Object.keys(others).length > 0) throw refusal('the address has other parameters than method')
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) {
    throw refusal('the content is no form')
  }
  const headers: Record<string, string> = {}
  for (const [header, value] of Object.entries(request.headers)) {
    // What tells the form's own type and length is not of the request it holds.
    if (typeof value === 'string' && !/^(content-|transfer-encoding$|connection$|expect$)/.test(header))
      headers[header] = value
  }
  headers['content-type'] = 'application/json'
  const query = new URLSearchParams()
  let content: string | undefined
  for (const [field, value] of new URLSearchParams(
    request.body instanceof Buffer ? request.body.toString('utf8') : '',
  )) {
    const header = headerNames.find((each) => each === field.toLowerCase())
    if (header !== undefined) headers[header] = value
    else if (field === 'content') content = value
    else query.append(field, value)
  }
  // The length stated is that of the content before it was encoded, and often wrong: it is counted again.
  delete headers['content-length']
  if (readVersion(headers[versionHeader]) === '2.0.0') throw refusal('version 2.0 has none')
  const writes = method === 'PUT' || method === 'POST'
  if (writes && content === undefined) throw refusal('the field content is missing')
  const target = { method, url: `${url}?${query.toString()}`, headers }
  if (content === undefined || !writes) {
    delete headers['content-type']
    return target
  }
  return { ...target, payload: content }
}

const refusal = (why: string) =>
  new Problem(400, 'alternate_syntax_invalid', `The alternate request syntax cannot be read: ${why}.`)
