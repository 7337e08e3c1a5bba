import { endpoints, type Endpoint } from './endpoints.ts'
import { rosterScopes } from './scopes.ts'
import { tokenPath } from './token.routes.ts'

export const servicePath = '/ims/oneroster/rostering/v1p2'

/** Under the service (OneRoster 1.2 REST binding §2.5). */
export const discoveryPath = '/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json'

/**
 * The service discovery document: the binding's OpenAPI description, with nothing in it but what is served, at the
 * addresses of one tenant.
 */
export function describeService(address: URL): object {
  return {
    openapi: '3.0.1',
    info: {
      title: 'OneRoster Rostering Service',
      version: '1.2',
      description: 'What this provider serves of the rostering service. Reading only.',
    },
    servers: [{ url: new URL(servicePath, address).href }],
    security: [{ [security]: [] }],
    paths: Object.fromEntries(endpoints.map((each) => [toPath(each), { get: describeOperation(each) }])),
    components: {
      securitySchemes: {
        [security]: {
          type: 'oauth2',
          flows: {
            clientCredentials: {
              tokenUrl: new URL(tokenPath, address).href,
              scopes: Object.fromEntries(Object.values(rosterScopes).map((scope) => [scope, descriptions[scope]])),
            },
          },
        },
      },
      schemas: {
        imsx_StatusInfo: {
          type: 'object',
          required: ['imsx_codeMajor', 'imsx_severity'],
          properties: {
            imsx_codeMajor: { type: 'string', enum: ['success', 'processing', 'failure', 'unsupported'] },
            imsx_severity: { type: 'string', enum: ['status', 'warning', 'error'] },
            imsx_description: { type: 'string' },
            imsx_CodeMinor: { type: 'object' },
          },
        },
      },
    },
  }
}

const security = 'OAuth2Security'
const descriptions: Record<string, string> = {
  [rosterScopes.core]: 'Collections and single objects, but demographics.',
  [rosterScopes.full]: 'These, and the objects of other objects.',
  [rosterScopes.demographics]: 'Demographics.',
}

/** An endpoint's path with the names of the binding: `/students/{studentSourcedId}/classes`. */
const toPath = ({ path }: Endpoint) =>
  path.replace(/:(\w+)/g, (_whole, name: string) => {
    // Users go by what they are asked as.
    const of = name === 'userId' ? path.split('/')[1]?.replace(/s$/, '') : name.replace(/Id$/, '')
    return name === 'sourcedId' ? '{sourcedId}' : `{${of}SourcedId}`
  })

const pageParameters = ['limit', 'offset', 'sort', 'orderBy', 'filter']

function describeOperation(endpoint: Endpoint): object {
  const { operation, scopes, single, plural, singular, properties } = endpoint
  const names = [...toPath(endpoint).matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const items = { type: 'object', properties: Object.fromEntries(properties.map((name) => [name, {}])) }
  const failure = (description: string) => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/imsx_StatusInfo' } } },
  })
  return {
    operationId: operation,
    security: scopes.map((scope) => ({ [security]: [scope] })),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...[...(single ? [] : pageParameters), 'fields'].map((name) => ({
        name,
        in: 'query',
        schema: name === 'limit' || name === 'offset' ? { type: 'integer', minimum: 0 } : { type: 'string' },
      })),
    ],
    responses: {
      200: {
        description: single ? 'The object.' : 'A page of the collection.',
        ...(single
          ? {}
          : { headers: { 'X-Total-Count': { schema: { type: 'integer' } }, Link: { schema: { type: 'string' } } } }),
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: single ? { [singular]: items } : { [plural]: { type: 'array', items } },
            },
          },
        },
      },
      400: failure('The request cannot be read.'),
      401: failure('There is no good token.'),
      403: failure('The token has not the scope.'),
      404: failure('There is no such object.'),
      500: failure('Something went wrong.'),
    },
  }
}
