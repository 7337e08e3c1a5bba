import { findDefinitions, getPerson, recordAccess } from '#modules/records'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { answerJson } from './answers.ts'
import { paths } from './paths.ts'
import { QueryParameters, required } from './query-parameters.ts'
import { versionOf } from './versions.ts'

/** What is known of an activity and of an agent: both are answered even when it is nothing but what was asked. */
export function registerObjects(scope: App, services: Services): void {
  const config = { access: recordAccess.readObjects }

  scope.get(
    paths.activities,
    {
      config,
      schema: {
        operationId: 'getXapiActivity',
        summary: 'xAPI, Activities resource: an activity with all that was said of it',
      },
    },
    async (request, reply) => {
      const query = new QueryParameters(request, versionOf(request), ['activityId'])
      const id = required(query.iri('activityId'), 'activityId')
      const tenantId = request.tenant.id
      const definition = (await inTenant(services.db, tenantId, (tx) => findDefinitions(tx, tenantId, [id]))).get(id)
      return answerJson(reply, { objectType: 'Activity', id, ...(definition && { definition }) })
    },
  )

  scope.get(
    paths.agents,
    {
      config,
      schema: { operationId: 'getXapiPerson', summary: 'xAPI, Agents resource: an agent with the names it was given' },
    },
    async (request, reply) => {
      const query = new QueryParameters(request, versionOf(request), ['agent'])
      const agent = required(query.agent('agent'), 'agent')
      const person = await inTenant(services.db, request.tenant.id, (tx) => getPerson(tx, request.tenant.id, agent))
      return answerJson(reply, person)
    },
  )
}
