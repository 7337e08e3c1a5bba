import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import type { Standing } from '../standing.ts'

/** Keeps in the trail what was done about a meeting. @param act without the module's name. */
export async function auditMeeting(
  tx: Tx,
  standing: Standing,
  act: string,
  meetingId: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await recordAudit(tx, {
    action: `governance.${act}`,
    actorPersonId: standing.personId,
    subjectKind: 'governance.meeting',
    subjectId: meetingId,
    detail,
  })
}
