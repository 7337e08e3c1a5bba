import type { FastifyReply, FastifyRequest } from 'fastify'
import { createStatementWriter, StatementError } from '#modules/records'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { registerAbout } from './about.routes.ts'
import { alternateSyntax, registerAlternateSyntax } from './alternate-syntax.ts'
import { packAnswer } from './compression.ts'
import { createCrowding } from './crowding.ts'
import { registerDocuments } from './documents.routes.ts'
import { registerObjects } from './objects.routes.ts'
import { resourcePaths, root } from './paths.ts'
import { registerStatements } from './statements.routes.ts'
import { createVersionMemory, versionHeader, versionOf } from './versions.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers whatever version of xAPI is asked, or none. */
    anyVersion?: true
  }
}

const megabyte = 1024 * 1024
/** The largest body taken: a statement's attachments are in it. */
const largestBody = 64 * megabyte

// Learning content lives on sites of its own, and speaks from the browser (1.0.3 Communication 1.3). No cookie opens
// anything here: a page needs credentials of its own.
const openToOtherOrigins = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, X-Experience-API-Version, If-Match, If-None-Match, Accept-Language',
  'access-control-expose-headers': 'ETag, Last-Modified, X-Experience-API-Version, X-Experience-API-Consistent-Through',
}

/** Mounts the resources of xAPI, and what every answer of theirs has. */
export async function registerWire(app: App, services: Services): Promise<void> {
  app.addConstraintStrategy(alternateSyntax)
  await app.register(async (scope: App) => {
    const memory = createVersionMemory()
    const crowding = createCrowding()
    const writer = createStatementWriter(services)
    scope.addHook('onClose', () => writer.close())

    scope.removeAllContentTypeParsers()
    // Bodies stay bytes: documents are of any type, and statements are read without losing digits.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largestBody }, (_request, body, done) =>
      done(null, body),
    )
    scope.addHook('onRequest', async (request, reply) => {
      if (!request.routeOptions.config.anyVersion) versionOf(request)
      refusePacked(request)
      crowding.enter(request, reply)
    })
    scope.addHook('onSend', async (request, reply, payload) => {
      // The alternate syntax passes on an answer that has its version.
      if (!reply.hasHeader(versionHeader)) reply.header(versionHeader, memory.noteOf(request))
      if (request.headers.origin !== undefined) reply.headers(openToOtherOrigins)
      return packAnswer(request, reply, payload)
    })
    scope.setErrorHandler((error: unknown, request, reply) => {
      const told = toRefusal(error, reply)
      if (!(told instanceof Problem && wantsText(request.headers.accept))) throw told
      return reply.status(told.status).type('text/plain; charset=utf-8').send(told.message)
    })

    registerAbout(scope)
    registerStatements(scope, services, writer)
    registerDocuments(scope, services)
    registerObjects(scope, services)
    registerAlternateSyntax(scope)
    registerOthers(scope)
  })
}

/** @throws Problem 400 for a body that would have to be unpacked: a few kilobytes may unpack to what fills the memory. */
function refusePacked({ headers }: FastifyRequest): void {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity') return
  throw new Problem(400, 'content_encoding_unsupported', 'The content is packed (Content-Encoding): send it as it is.')
}

function registerOthers(scope: App): void {
  const options = {
    config: { access: 'public', anyVersion: true },
    schema: { hide: true },
    // What anyone may send is not to fill the memory.
    bodyLimit: megabyte,
  } as const
  for (const url of resourcePaths) {
    scope.options(url, options, (_request, reply) => reply.status(204).header('access-control-max-age', 86_400).send())
  }
  // Before the pages of the web, which answer every other address.
  scope.all(`${root}/*`, options, () => {
    throw new Problem(404, 'not_found', 'xAPI has no such resource, or the resource no such method.')
  })
}

/** Whether who asks reads plain text and no JSON: an error then says it in a sentence (1.0.3 Communication 3.2). */
const wantsText = (accept = ''): boolean => /^\s*text\/(?:plain|\*)/i.test(accept) && !/json|\*\/\*/i.test(accept)

// The server's own handler writes the answer; here errors get the codes that xAPI has for them (1.0.3 Communication 3.2).
function toRefusal(error: unknown, reply: FastifyReply): unknown {
  if (error instanceof Problem && error.status === 401) {
    reply.header('www-authenticate', 'Basic realm="xAPI", Bearer')
  }
  if (error instanceof StatementError) {
    return new Problem(400, 'statement_invalid', error.message, { pointer: error.pointer })
  }
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new Problem(400, 'json_invalid', 'The content is nested too deeply.')
  }
  const { statusCode } = error as { statusCode?: number }
  // xAPI has no 415: a type that cannot be read is a bad request.
  if (statusCode === 415) {
    return new Problem(400, 'content_type_invalid', 'The content type is missing or cannot be read.')
  }
  if (statusCode === 413) {
    const most = reply.request.routeOptions.config.access === 'public' ? megabyte : largestBody
    return new Problem(413, 'body_too_large', `The content is larger than ${most / megabyte} MB.`, { most })
  }
  return error
}
