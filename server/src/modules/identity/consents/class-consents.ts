import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findGroupCard, listGuardiansOf } from '#modules/directory'
import { listTextsInForce } from './consents.ts'
import { type ConsentText, listAnswersAbout } from './consents.queries.ts'

/** refused: by one guardian at least; partly: by some of those who must agree, the others have not answered. */
export type Agreement = 'accepted' | 'partly' | 'refused' | 'waiting'

export interface ClassConsents {
  texts: Pick<ConsentText, 'id' | 'slug' | 'wording'>[]
  pupils: { id: string; answers: { textId: string; agreement: Agreement }[] }[]
}

/** Why somebody sees a pupil whose photo they may have to show, or not to. */
const needing = new Set(['youTeach', 'youSupervise', 'youAdminister', 'youOperate'])

/**
 * What guardians chose for the pupils of a class or group, for who teaches, supervises or administers them. The image of
 * a child is shown when all its legal representatives agree and nobody in charge of it refuses (Civil Code, article 9;
 * articles 371-1 and 372 for parental authority, held together).
 * @throws Problem 404 `class_not_found`, also to whoever sees the class for another reason.
 */
export async function listClassConsents(tx: Tx, actor: Actor, classId: string, now: Date): Promise<ClassConsents> {
  const card = await findGroupCard(tx, actor, classId)
  const pupils = (card?.pupils ?? []).filter(({ because }) => because.some((code) => needing.has(code)))
  if (pupils.length === 0) throw new Problem(404, 'class_not_found', 'No class of yours has this identifier.')
  const texts = (await listTextsInForce(tx, now)).filter(({ kind, perChild }) => kind === 'choice' && perChild)
  const ids = pupils.map(({ id }) => id)
  const guardians = await listGuardiansOf(tx, ids)
  const answers = await listAnswersAbout(tx, ids)
  return {
    texts,
    pupils: ids.map((id) => ({
      id,
      answers: texts.map(({ id: textId, slug, version }) => ({
        textId,
        agreement: judge(
          guardians
            .filter(({ pupilId }) => pupilId === id)
            .map(({ guardianId, legal }) => {
              const answer = answers.find(
                (each) => each.childId === id && each.personId === guardianId && each.slug === slug,
              )
              // Agreeing to a former text is not agreeing to this one; refusing it stands until they say otherwise.
              const accepted = answer?.accepted && answer.version < version ? undefined : answer?.accepted
              return { legal, accepted }
            }),
        ),
      })),
    })),
  }
}

/** Whether the guardians of a pupil agree together; `accepted` is undefined for who has not answered. */
export function judge(guardians: { legal: boolean; accepted: boolean | undefined }[]): Agreement {
  if (guardians.some(({ accepted }) => accepted === false)) return 'refused'
  if (!guardians.some(({ accepted }) => accepted)) return 'waiting'
  const needed = guardians.some(({ legal }) => legal) ? guardians.filter(({ legal }) => legal) : guardians
  return needed.every(({ accepted }) => accepted) ? 'accepted' : 'partly'
}
