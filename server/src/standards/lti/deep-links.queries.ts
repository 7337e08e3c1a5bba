import type { Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

/** Somebody looks around before they choose. */
const choiceMinutes = 120

export interface DeepLink {
  platformId: string
  deploymentId: string
  returnUrl: string
  data: string | null
}

export async function insertDeepLink(tx: Tx, link: DeepLink & { launchId: string }, now: Date): Promise<void> {
  await tables(tx)
    .insertInto('lti.deep_link')
    .values({
      launch_id: link.launchId,
      ticket_digest: null,
      platform_id: link.platformId,
      deployment_id: link.deploymentId,
      return_url: link.returnUrl,
      data: link.data,
      expires_at: new Date(now.getTime() + choiceMinutes * 60_000),
    })
    .execute()
}

export async function attachTicket(tx: Tx, launchId: string, ticketDigest: Buffer): Promise<void> {
  await tables(tx)
    .updateTable('lti.deep_link')
    .set({ ticket_digest: ticketDigest })
    .where('launch_id', '=', launchId)
    .execute()
}

/** Answers a request to choose, once. @returns undefined when it was answered already, or is old. */
export async function takeDeepLink(tx: Tx, ticketDigest: Buffer, now: Date): Promise<DeepLink | undefined> {
  return tables(tx)
    .deleteFrom('lti.deep_link')
    .where('ticket_digest', '=', ticketDigest)
    .where('expires_at', '>', now)
    .returning(['platform_id as platformId', 'deployment_id as deploymentId', 'return_url as returnUrl', 'data'])
    .executeTakeFirst()
}
