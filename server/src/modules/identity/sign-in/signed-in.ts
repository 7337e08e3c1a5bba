import { randomUUIDv7 } from 'node:crypto'
import { defineEvent } from '#kernel/events'
import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import type { SignInMethod } from '../tables.ts'

/** Someone signed in. `occurredAt` in ISO 8601; `eventId` tells a second delivery from a second sign-in. */
export const signedIn = defineEvent<{
  tenantId: string
  eventId: string
  occurredAt: string
  personId: string
  method: SignInMethod
}>('identity.signed_in')

export async function announceSignIn(
  services: Services,
  tx: Tx,
  input: { tenantId: string; personId: string; method: SignInMethod },
): Promise<void> {
  const eventId = randomUUIDv7()
  await services.events.publish(tx, signedIn, {
    ...input,
    eventId,
    occurredAt: services.now().toISOString(),
  })
}
