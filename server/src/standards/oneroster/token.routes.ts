import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { registerTokenEndpoint } from '#kernel/token-endpoint'
import { issueToken } from './clients.ts'

export const tokenPath = '/api/oneroster/token'

/** Where systems that read rosters get their tokens. */
export const registerToken = (app: App, services: Services): Promise<void> =>
  registerTokenEndpoint(app, {
    path: tokenPath,
    operationId: 'issueOneRosterToken',
    summary: 'An access token for the credentials of a client (RFC 6749 §4.4)',
    realm: 'OneRoster',
    issue: (tenant, request) => inTenant(services.db, tenant.id, (tx) => issueToken(tx, request, services.now())),
  })
