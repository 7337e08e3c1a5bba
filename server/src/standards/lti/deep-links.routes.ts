import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { digest } from '#modules/identity'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { linkClaims } from './claims.ts'
import { takeDeepLink } from './deep-links.queries.ts'
import { launchUrlOf, writeIndicator } from './launch.ts'
import { getPlatform, newSecret } from './platforms.ts'
import { signMessage } from './signing-keys.ts'

/** Answers to platforms that ask what a link is to show. */
export function registerDeepLinks(app: App, services: Services): void {
  app.post(
    '/api/lti/deep-links',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'answerDeepLink',
        summary: 'Signs what somebody chose to embed, for the form that tells the platform (LTI Deep Linking 2.0)',
        body: z.object({
          ticket: z.string().min(1).max(100),
          title: z.string().trim().min(1).max(200),
          indicator: z
            .object({
              name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/),
              parameters: z.record(z.string().regex(/^[a-zA-Z]\w{0,39}$/), z.string().max(300)).default({}),
            })
            .nullable()
            .describe('null for the whole dashboard of the course'),
        }),
        response: { 200: z.object({ url: z.string(), jwt: z.string().describe('the field `JWT` of the form') }) },
      },
    },
    async ({ tenant, body }) =>
      inTenant(services.db, tenant.id, async (tx) => {
        const now = services.now()
        const link = await takeDeepLink(tx, digest(body.ticket), now)
        if (!link) throw new Problem(410, 'deep_link_over', 'This choice was sent already, or waited too long.')
        const platform = await getPlatform(tx, link.platformId)
        const item = {
          type: 'ltiResourceLink',
          title: body.title,
          url: launchUrlOf(services, tenant),
          // Left out when there is none: Moodle takes an empty object for an array, and fails.
          ...(body.indicator ? { custom: writeIndicator(body.indicator) } : {}),
        }
        const claims = {
          iss: platform.clientId,
          aud: platform.issuer,
          nonce: newSecret(),
          jti: randomUUIDv7(),
          [linkClaims.messageType]: 'LtiDeepLinkingResponse',
          [linkClaims.version]: '1.3.0',
          [linkClaims.deploymentId]: link.deploymentId,
          [linkClaims.items]: [item],
          ...(link.data === null ? {} : { [linkClaims.data]: link.data }),
        }
        return { url: link.returnUrl, jwt: await signMessage(tx, services.secrets, claims, now) }
      }),
  )
}
