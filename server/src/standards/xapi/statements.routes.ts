import type { FastifyRequest } from 'fastify'
import {
  findStatement,
  getCredential,
  listStatements,
  mayDefine,
  openLane,
  type QuarantineLane,
  readsOwnOnly,
  recordAccess,
  StatementError,
  type StatementFilter,
  type StatementWriter,
} from '#modules/records'
import { type App, clientOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { paths } from './paths.ts'
import { invalid, QueryParameters, refuseParameters, required } from './query-parameters.ts'
import { answerStatements, formats, writeStatements } from './statement-answers.ts'
import { readStatements, type SentStatements } from './statement-requests.ts'
import { versionOf } from './versions.ts'

const known = [
  'statementId',
  'voidedStatementId',
  'agent',
  'verb',
  'activity',
  'registration',
  'related_activities',
  'related_agents',
  'since',
  'until',
  'limit',
  'format',
  'attachments',
  'ascending',
  // not of the standard: in the addresses of `more`
  'cursor',
]

/** Statements of a page when nothing smaller is asked. */
const largestPage = 100
/** How long a note on what is consistent may serve for answers that do not read, in ms. */
const noteKept = 1000

/** The Statement resource (1.0.3 Communication 2.1; IEEE 9274.1.1 4.1.6.1). */
export function registerStatements(scope: App, services: Services, writer: StatementWriter): void {
  const consistency = noteConsistency(writer)
  // On every answer (1.0.3 Communication 2.1.3), refusals too; those that read have set a fresh one.
  scope.addHook('onSend', async (request, reply) => {
    if (request.client && !reply.hasHeader(consistentThrough)) {
      reply.header(consistentThrough, await consistency.lately(request.tenant.id))
    }
  })

  /**
   * Reads what a request brings. When some of it breaks a rule, and its source is let do so, the rest comes with the lane
   * that takes care of it (docs/operate/records-quarantine.md).
   * @param id of a PUT.
   */
  async function read(request: FastifyRequest, id?: string): Promise<SentStatements & { lane?: QuarantineLane }> {
    const version = versionOf(request)
    try {
      return readStatements(request, version)
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      const credential = await getCredential(services, request.tenant.id, clientOf(request).id)
      const lane = await openLane(services, request.tenant.id, credential, version)
      if (!lane) throw error
      const admit = (values: unknown[]) => lane.admit(values, id)
      return { ...readStatements(request, version, admit), lane }
    }
  }

  function store(request: FastifyRequest, sent: SentStatements & { lane?: QuarantineLane }): Promise<string[]> {
    return sent.lane ? sent.lane.settle(sent.attachments, () => write(request, sent)) : write(request, sent)
  }

  async function write(request: FastifyRequest, { statements, attachments }: SentStatements): Promise<string[]> {
    // An empty list is a list.
    if (statements.length === 0) return []
    const client = clientOf(request)
    const tenantId = request.tenant.id
    const { authority } = await getCredential(services, tenantId, client.id)
    return writer.store({
      tenantId,
      credentialId: client.id,
      authority,
      version: versionOf(request),
      statements,
      attachments,
      defines: mayDefine(client),
    })
  }

  scope.put(
    paths.statements,
    {
      config: { access: recordAccess.writeStatements },
      schema: { operationId: 'putXapiStatement', summary: 'xAPI, Statement resource: store a statement under an id' },
    },
    async (request, reply) => {
      const query = new QueryParameters(request, versionOf(request), ['statementId'])
      const id = required(query.uuid('statementId'), 'statementId')
      const sent = await read(request, id)
      if (sent.several) throw new Problem(400, 'statement_invalid', 'A PUT brings one statement, not a list.')
      // None, when it is set aside.
      const [statement] = sent.statements
      if (statement?.id !== undefined && statement.id.toLowerCase() !== id) {
        throw invalid('statementId', 'not the id of the statement')
      }
      if (statement) statement.id ??= id
      await store(request, sent)
      return reply.status(204).send()
    },
  )

  scope.post(
    paths.statements,
    {
      config: { access: recordAccess.writeStatements },
      schema: { operationId: 'postXapiStatements', summary: 'xAPI, Statement resource: store statements' },
    },
    async (request) => {
      refuseParameters(request)
      return store(request, await read(request))
    },
  )

  scope.get(
    paths.statements,
    {
      config: { access: recordAccess.readStatements },
      schema: {
        operationId: 'getXapiStatements',
        summary: 'xAPI, Statement resource: one statement, or those that filters let through',
      },
    },
    async (request, reply) => {
      const version = versionOf(request)
      const query = new QueryParameters(request, version, known)
      const wish = {
        format: query.word('format', formats) ?? 'exact',
        version,
        attachments: query.boolean('attachments'),
      }
      const tenantId = request.tenant.id
      const client = clientOf(request)
      const own = readsOwnOnly(client) ? (await getCredential(services, tenantId, client.id)).authority : undefined
      const one = readSingle(query)
      // Before the statements are read: what becomes consistent meanwhile may not be among them. Of a single one the time
      // of the note is enough: it waits for no list.
      const through = one ? consistency.lately(tenantId) : writer.consistentThrough(tenantId).then(toTimestamp)
      reply.header(consistentThrough, await through)

      if (one) {
        const { id, voided } = one
        const kept = await inTenant(services.db, tenantId, (tx) =>
          findStatement(tx, id, { tenantId, voided, authority: own }),
        )
        if (!kept) throw new Problem(404, 'statement_unknown', 'There is no such statement.')
        const [json = ''] = await writeStatements(services, request, [kept.body], wish)
        reply.header('last-modified', new Date(Math.floor(kept.seq / 1000)).toUTCString())
        return answerStatements(services, request, reply, { json, bodies: [kept.body], wish })
      }

      const filter = readFilter(query, tenantId)
      const page = await inTenant(services.db, tenantId, (tx) => listStatements(tx, { ...filter, authority: own }))
      const bodies = page.statements.map(({ body }) => body)
      const texts = await writeStatements(services, request, bodies, wish)
      const more = page.next === undefined ? '' : writeMore(query, page.next)
      const json = `{"statements":[${texts.join(',')}],"more":${JSON.stringify(more)}}`
      return answerStatements(services, request, reply, { json, bodies, wish })
    },
  )
}

const consistentThrough = 'x-experience-api-consistent-through'

/** The one statement that is asked by its identifier; then nothing else is, but its form (1.0.3 Communication 2.1.3). */
function readSingle(query: QueryParameters): { id: string; voided: boolean } | undefined {
  const id = query.uuid('statementId')
  const voidedId = query.uuid('voidedStatementId')
  if (id === undefined && voidedId === undefined) return undefined
  if (id !== undefined && voidedId !== undefined) throw invalid('voidedStatementId', 'given together with statementId')
  const other = query.names.find(
    (name) => !['statementId', 'voidedStatementId', 'attachments', 'format'].includes(name),
  )
  if (other !== undefined) throw invalid(other, 'given together with an identifier')
  return voidedId === undefined ? { id: id ?? '', voided: false } : { id: voidedId, voided: true }
}

function readFilter(query: QueryParameters, tenantId: string): StatementFilter {
  return {
    tenantId,
    agent: query.actor('agent'),
    relatedAgents: query.boolean('related_agents'),
    verb: query.iri('verb'),
    activity: query.iri('activity'),
    relatedActivities: query.boolean('related_activities'),
    registration: query.uuid('registration'),
    since: query.timestamp('since'),
    until: query.timestamp('until'),
    ascending: query.boolean('ascending'),
    // 0 is as many as the server gives.
    limit: Math.min(query.number('limit') || largestPage, largestPage),
    cursor: query.text('cursor'),
  }
}

/** The address of the next page, without scheme and host (1.0.3 Data 2.5): everything is in it, nothing is kept for it. */
function writeMore(query: QueryParameters, cursor: string): string {
  const parameters = new URLSearchParams(query.names.map((name): [string, string] => [name, query.text(name) ?? '']))
  parameters.set('cursor', cursor)
  return `${paths.statements}?${parameters.toString()}`
}

const toTimestamp = (moment: Date): string => moment.toISOString()

/** What is consistent, asked at most once a second: an older answer is as true, only less. */
function noteConsistency(writer: StatementWriter): { lately: (tenantId: string) => Promise<string> } {
  const notes = new Map<string, { until: number; text: Promise<string> }>()
  return {
    lately(tenantId) {
      const known = notes.get(tenantId)
      if (known && known.until > Date.now()) return known.text
      const text = writer.consistentThrough(tenantId).then(toTimestamp)
      // A failure is told once, and asked again.
      text.catch(() => notes.delete(tenantId))
      notes.set(tenantId, { until: Date.now() + noteKept, text })
      return text
    },
  }
}
