import { isUtf8 } from 'node:buffer'
import {
  checkStatement,
  createStatementWriter,
  getCredential,
  mayDefine,
  parseJson,
  recordAccess,
  type Statement,
  StatementError,
} from '#modules/records'
import { type App, clientOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { type Fields, readEntity, readFields } from './entities.ts'
import { checkMoment, toStatement } from './event-statements.ts'

/** Where sensors send: the address they are told, with a key and its secret, or a token. */
const path = '/caliper'
const largestBody = 16 * 1024 * 1024
/** As the writer keeps it in one transaction. */
const mostItems = 10_000

/** The endpoint that sensors send envelopes to (Caliper 1.2, 5 and 6). */
export async function registerEndpoint(app: App, services: Services): Promise<void> {
  await app.register(async (scope: App) => {
    const writer = createStatementWriter(services)
    scope.addHook('onClose', () => writer.close())
    scope.removeAllContentTypeParsers()
    // Read without rounding numbers, and only once it is known who sends.
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: largestBody },
      (_request, body, done) => done(null, body),
    )
    scope.addHook('onError', async (_request, reply, error) => {
      if (error instanceof Problem && error.status === 401) {
        reply.header('www-authenticate', 'Bearer realm="Caliper", Basic realm="Caliper"')
      }
    })

    scope.post(
      path,
      {
        config: { access: recordAccess.writeStatements },
        schema: { operationId: 'postCaliperEnvelope', summary: 'Caliper 1.2: an envelope of events' },
      },
      async (request, reply) => {
        const statements = readEnvelope(readJson(request.body))
        if (statements.length > 0) {
          const client = clientOf(request)
          const tenantId = request.tenant.id
          const { authority } = await getCredential(services, tenantId, client.id)
          await writer.store({
            tenantId,
            credentialId: client.id,
            authority,
            version: '1.0.3',
            statements,
            attachments: [],
            defines: mayDefine(client),
          })
        }
        // The body of an answer that is good is empty (6.1).
        return reply.status(200).send()
      },
    )
  })
}

function readJson(body: unknown): unknown {
  const bytes = body instanceof Buffer ? body : Buffer.alloc(0)
  if (!isUtf8(bytes)) throw new Problem(400, 'json_invalid', 'The content is not UTF-8.')
  try {
    return parseJson(bytes.toString('utf8'))
  } catch {
    throw new Problem(400, 'json_invalid', 'The content is no JSON.')
  }
}

const versions = /^https?:\/\/purl\.imsglobal\.org\/ctx\/caliper\/v1p[12](?:\/[\w-]+)?$/
const envelopeFields = new Set(['sensor', 'sendTime', 'dataVersion', 'data'])

/**
 * The statements of an envelope, in its order: one an event. What only describes an entity is checked, and gives none.
 * @throws Problem 400 `caliper_invalid` with the index of the event and the pointer to what is wrong; 422
 *   `caliper_version_unknown`.
 */
function readEnvelope(value: unknown): Statement[] {
  const { items, version } = check(undefined, () => readHead(value))
  return items.flatMap((item, index) => {
    const at = `/data/${index}`
    return check(index, () => {
      const fields = readFields(item, at)
      if (!isEvent(fields)) {
        readEntity(fields, at)
        return []
      }
      const statement = toStatement(fields, at, version)
      return [checkMapped(statement, at)]
    })
  })
}

function readHead(value: unknown): { items: unknown[]; version: string } {
  const envelope = readFields(value, '')
  const { sensor, sendTime, dataVersion, data } = envelope
  const other = Object.keys(envelope).find((name) => !envelopeFields.has(name))
  if (other !== undefined) {
    throw new StatementError(`/${other.replaceAll('~', '~0').replaceAll('/', '~1')}`, 'is no property of an envelope')
  }
  if (typeof sensor !== 'string' || sensor === '') throw new StatementError('/sensor', 'must name the sensor')
  checkMoment(sendTime, '/sendTime')
  if (typeof dataVersion !== 'string')
    throw new StatementError('/dataVersion', 'must be the IRI of a version of Caliper')
  if (!Array.isArray(data) || data.length === 0) throw new StatementError('/data', 'must be an array that is not empty')
  if (data.length > mostItems) throw new StatementError('/data', `must hold at most ${mostItems} events`)
  if (!versions.test(dataVersion)) {
    throw new Problem(422, 'caliper_version_unknown', 'Events of Caliper 1.1 and 1.2 are understood, and no others.')
  }
  return { items: data, version: dataVersion }
}

/** Events are told from descriptions of entities by their type, and by what only events have. */
const isEvent = ({ type, action, eventTime }: Fields): boolean =>
  (typeof type === 'string' && type.endsWith('Event')) || action !== undefined || eventTime !== undefined

// What the mapping lets through and xAPI has no form for is told of the event as a whole.
function checkMapped(statement: Statement, at: string): Statement {
  try {
    return checkStatement(statement, '1.0.3')
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    throw new StatementError(at, `gives a statement that xAPI does not allow (${error.message})`)
  }
}

function check<T>(event: number | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    const { pointer, reason } = error
    const detail = event === undefined ? error.message : `Event ${event}: ${error.message}`
    throw new Problem(400, 'caliper_invalid', detail, { ...(event === undefined ? {} : { event }), pointer, reason })
  }
}
