import { z } from 'zod'
import { departureDays } from '#modules/directory'
import { addressOf } from '#modules/identity'
import { type App, clientOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { findClient } from './clients.queries.ts'
import { describeService, discoveryPath, servicePath } from './discovery.ts'
import { type Endpoint, endpoints } from './endpoints.ts'
import { answerError, RosterRefusal } from './errors.ts'
import { describeLinks, readFields, readQuery, select } from './queries.ts'
import { contactColumns } from './resources.ts'

const text = z.string().max(500).optional()
const collectionQuery = z.object({ limit: text, offset: text, sort: text, orderBy: text, filter: text, fields: text })

const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const enrolmentForm = /^[0-9a-f-]{36}\.[0-9a-f-]{36}$/i

/** The rostering service, for systems that hold a token: each sees its perimeter and nothing else. */
export async function registerRostering(app: App, services: Services): Promise<void> {
  await app.register(
    async (scope: App) => {
      scope.setErrorHandler(answerError)
      // Before the pages of the web, which answer every other address.
      scope.get('/*', { config: { access: 'public' }, schema: { hide: true } }, () => {
        throw new RosterRefusal(404, 'unknownobject', 'The service has no such endpoint.')
      })
      scope.get(
        discoveryPath,
        {
          config: { access: 'public', ofTenant: true },
          schema: { operationId: 'discoverOneRoster', summary: 'What of OneRoster 1.2 is served, as OpenAPI' },
        },
        (request) => describeService(addressOf(services, request.tenant)),
      )
      for (const each of endpoints) registerEndpoint(scope, services, each)
    },
    { prefix: servicePath },
  )
}

function registerEndpoint(app: App, services: Services, endpoint: Endpoint): void {
  app.get(
    endpoint.path,
    {
      config: { access: { scopes: endpoint.scopes } },
      schema: {
        operationId: endpoint.operation,
        summary: 'OneRoster 1.2, rostering service',
        querystring: endpoint.single ? z.object({ fields: text }) : collectionQuery,
        params: readParameters(endpoint.path),
      },
    },
    async (request, reply) => {
      const client = clientOf(request)
      const { contactDetails } = client
      const ids = request.params
      checkIds(endpoint, ids)
      const columns = contactDetails ? { ...endpoint.columns, ...contactColumns } : endpoint.columns
      const query = readQuery(endpoint.single ? {} : request.query, columns)
      const sourcedId = ids['sourcedId']
      if (sourcedId !== undefined) query.conditions.push({ column: 'id', operator: '=', value: sourcedId })
      const fields = readFields(request.query.fields, endpoint.properties)
      const base = new URL(servicePath, addressOf(services, request.tenant)).href
      const { objects, total } = await inTenant(services.db, request.tenant.id, async (tx) => {
        const departedSince = await findDeparturesFor(tx, client.id, services.now())
        const scope = { perimeter: client.organisationId, departedSince }
        return endpoint.read({ tx, scope, query, ids }, { base, contactDetails })
      })
      const selected = objects.map((object) => select(object, fields))
      if (!endpoint.single) {
        reply.header('x-total-count', total).header('link', describeLinks(new URL(request.url, base), query, total))
        return reply.send({ [endpoint.plural]: selected })
      }
      const [object] = selected
      if (!object) throw new RosterRefusal(404, 'unknownobject', `There is no such ${endpoint.singular}.`)
      return reply.send({ [endpoint.singular]: object })
    },
  )
}

/** Since when a client is told of departures: for a while, and of none from before it could read anything. */
async function findDeparturesFor(tx: Tx, clientId: string, now: Date): Promise<Date> {
  const { createdAt = now } = (await findClient(tx, clientId)) ?? {}
  return new Date(Math.max(createdAt.getTime(), now.getTime() - departureDays * 86_400_000))
}

const readParameters = (path: string) =>
  z.object(Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, name]) => [name ?? '', z.string().max(300)])))

// What is no identifier of ours is nobody's.
function checkIds(endpoint: Endpoint, ids: Record<string, string>): void {
  for (const [name, id] of Object.entries(ids)) {
    const form = name === 'sourcedId' && endpoint.plural === 'enrollments' ? enrolmentForm : idForm
    if (!form.test(id)) throw new RosterRefusal(404, 'unknownobject', 'There is nothing under this identifier.')
  }
}
