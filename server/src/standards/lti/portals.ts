import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { digest } from '#modules/identity'
import { endLaunches } from '#modules/insight'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { newSecret } from './platforms.ts'
import { insertPortal, type Portal, withdrawPortal } from './portals.queries.ts'

/** What is said of a portal to let it frame indicators. */
export const portalFields = z.object({
  name: z.string().trim().min(1).max(100),
  origin: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .transform((url) => new URL(url).origin),
})

/** Lets a portal frame indicators. @returns it with its secret, of which only the digest is kept. */
export async function createPortal(
  tx: Tx,
  fields: z.infer<typeof portalFields>,
  by: string | null,
  now: Date,
): Promise<Portal & { secret: string }> {
  const secret = newSecret()
  const portal = { id: randomUUIDv7(), ...fields, createdAt: now, lastUsedAt: null }
  await insertPortal(tx, { ...portal, secretDigest: digest(secret), createdBy: by })
  const subject = { subjectKind: 'lti.portal', subjectId: portal.id }
  await recordAudit(tx, { action: 'lti.portal_created', actorPersonId: by, ...subject })
  return { ...portal, secret }
}

/** Ends what a portal may frame, and what it frames now. @throws Problem 404 `portal_unknown`. */
export async function endPortal(tx: Tx, id: string, by: string | null, now: Date): Promise<void> {
  if (!(await withdrawPortal(tx, id, now))) throw new Problem(404, 'portal_unknown', 'There is no such portal.')
  await endLaunches(tx, id)
  const subject = { subjectKind: 'lti.portal', subjectId: id }
  await recordAudit(tx, { action: 'lti.portal_withdrawn', actorPersonId: by, ...subject })
}
