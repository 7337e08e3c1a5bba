import type { FastifyRequest } from 'fastify'
import {
  deleteDocument,
  deleteDocuments,
  type DocumentPlace,
  findDocument,
  findTreat,
  getCredential,
  listDocumentNames,
  mergeDocument,
  type NewDocument,
  type Preconditions,
  putDocument,
  readMoment,
  recordAccess,
  type XapiVersion,
} from '#modules/records'
import { type App, clientOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { answerJson } from './answers.ts'
import { paths } from './paths.ts'
import { invalid, QueryParameters, required } from './query-parameters.ts'
import { versionOf } from './versions.ts'

interface DocumentResource {
  kind: DocumentPlace['kind']
  path: string
  operation: string
  summary: string
  /** The parameter that names a document, and those that say what it is of. */
  name: string
  of: string[]
  place: (query: QueryParameters) => DocumentPlace
  access: { read: { scopes: string[] }; write: { scopes: string[] } }
  /** When a PUT must say by If-Match or If-None-Match what it replaces. */
  guarded: (version: XapiVersion) => Preconditions['needed']
}

// In 1.0.3 a client must say it even of a new document (Communication 3.1); 2.0 asks it of those that exist.
const guardedProfile = (version: XapiVersion) => (version === '2.0.0' ? 'to_replace' : 'always')

/** Characters of the longest name of a document: beyond, no index of PostgreSQL holds a text of three bytes each. */
const longestName = 800

const profileAccess = { read: recordAccess.readProfiles, write: recordAccess.writeProfiles }

const resources: DocumentResource[] = [
  {
    kind: 'state',
    path: paths.state,
    operation: 'State',
    summary: 'xAPI, State resource: what a tool keeps of an agent in an activity',
    name: 'stateId',
    of: ['activityId', 'agent', 'registration'],
    place: (query) => ({
      kind: 'state',
      activityId: required(query.iri('activityId'), 'activityId'),
      agent: required(query.agent('agent'), 'agent'),
      registration: query.uuid('registration'),
    }),
    access: { read: recordAccess.readState, write: recordAccess.writeState },
    // 1.0.3 excepts the State resource (Communication 3.1), 2.0 does not (IEEE 9274.1.1 4.1.4).
    guarded: (version) => (version === '2.0.0' ? 'to_replace' : undefined),
  },
  {
    kind: 'activity_profile',
    path: paths.activityProfile,
    operation: 'ActivityProfile',
    summary: 'xAPI, Activity Profile resource: documents about an activity',
    name: 'profileId',
    of: ['activityId'],
    place: (query) => ({
      kind: 'activity_profile',
      activityId: required(query.iri('activityId'), 'activityId'),
    }),
    access: profileAccess,
    guarded: guardedProfile,
  },
  {
    kind: 'agent_profile',
    path: paths.agentProfile,
    operation: 'AgentProfile',
    summary: 'xAPI, Agent Profile resource: documents about an agent',
    name: 'profileId',
    of: ['agent'],
    place: (query) => ({ kind: 'agent_profile', agent: required(query.agent('agent'), 'agent') }),
    access: profileAccess,
    guarded: guardedProfile,
  },
]

/** The three document resources (1.0.3 Communication 2.2): documents of any type, one at a time, and lists of their names. */
export function registerDocuments(scope: App, services: Services): void {
  for (const resource of resources) {
    const { path, operation, summary, access } = resource
    const inBase = <Result>(request: FastifyRequest, work: (tx: Tx) => Promise<Result>) =>
      inTenant(services.db, request.tenant.id, work)
    const options = (verb: string, held: { scopes: string[] }) => ({
      config: { access: held },
      schema: { operationId: `${verb}Xapi${operation}`, summary },
    })

    scope.get(path, options('get', access.read), async (request, reply) => {
      const { query, place, name } = readTarget(resource, request, ['since'])
      const tenantId = request.tenant.id
      if (name === undefined) {
        const timestamp = query.timestamp('since')
        const since = timestamp === undefined ? undefined : new Date(readMoment(timestamp) / 1000)
        const { names, updatedAt } = await inBase(request, (tx) => listDocumentNames(tx, tenantId, place, since))
        if (updatedAt) reply.header('last-modified', updatedAt.toUTCString())
        return answerJson(reply, names)
      }
      const document = await inBase(request, (tx) => findDocument(tx, tenantId, place, name))
      if (!document) throw new Problem(404, 'document_unknown', 'There is no such document.')
      return (
        reply
          .header('etag', `"${document.etag}"`)
          .header('last-modified', document.updatedAt.toUTCString())
          // A page that someone stored here is not one of ours: it runs nothing.
          .header('content-security-policy', "sandbox; default-src 'none'")
          .type(document.contentType)
          .send(document.content)
      )
    })

    /** A document says whose it is, in its address and often in its text. */
    async function refuseIfPseudonymised(request: FastifyRequest): Promise<void> {
      const tenantId = request.tenant.id
      const { id, authority } = await getCredential(services, tenantId, clientOf(request).id)
      if (await findTreat(services, tenantId, id, authority)) {
        throw new Problem(403, 'documents_not_kept', 'This source is pseudonymised: its documents are not kept.')
      }
    }

    scope.put(path, options('put', access.write), async (request, reply) => {
      await refuseIfPseudonymised(request)
      const { place, name } = readNamed(resource, request)
      const preconditions = { ...readPreconditions(request), needed: resource.guarded(versionOf(request)) }
      await inBase(request, (tx) =>
        putDocument(tx, request.tenant.id, place, name, readDocument(request), preconditions, services.now()),
      )
      return reply.status(204).send()
    })

    scope.post(path, options('merge', access.write), async (request, reply) => {
      await refuseIfPseudonymised(request)
      const { place, name } = readNamed(resource, request)
      await inBase(request, (tx) =>
        mergeDocument(
          tx,
          request.tenant.id,
          place,
          name,
          readDocument(request),
          readPreconditions(request),
          services.now(),
        ),
      )
      return reply.status(204).send()
    })

    scope.delete(path, options('delete', access.write), async (request, reply) => {
      // Only states are deleted all at once (1.0.3 Communication 2.3).
      const target = resource.kind === 'state' ? readTarget(resource, request) : readNamed(resource, request)
      const { place, name } = target
      await inBase(request, (tx) =>
        name === undefined
          ? deleteDocuments(tx, request.tenant.id, place)
          : deleteDocument(tx, request.tenant.id, place, name, readPreconditions(request)),
      )
      return reply.status(204).send()
    })
  }
}

/** What a request is about; without a name, all the documents of a place. */
function readTarget({ of, name, place }: DocumentResource, request: FastifyRequest, others: string[] = []) {
  const query = new QueryParameters(request, versionOf(request), [...of, name, ...others])
  return { query, place: place(query), name: query.text(name) }
}

function readNamed(resource: DocumentResource, request: FastifyRequest) {
  const { place, name } = readTarget(resource, request)
  if (name !== undefined && name.length > longestName) {
    throw invalid(resource.name, `longer than ${longestName} characters`)
  }
  return { place, name: required(name, resource.name) }
}

const readPreconditions = ({ headers }: FastifyRequest): Preconditions => ({
  ifMatch: headers['if-match'],
  ifNoneMatch: headers['if-none-match'],
})

const readDocument = ({ headers, body }: FastifyRequest): NewDocument => ({
  contentType: headers['content-type'] ?? 'application/octet-stream',
  content: body instanceof Buffer ? body : Buffer.alloc(0),
})
