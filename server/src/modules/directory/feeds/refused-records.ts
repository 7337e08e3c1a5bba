import type { RecordKind } from '../tables.ts'
import { rereadAaf } from './aaf-delta.ts'
import type { RefusedAaf } from './aaf-records.ts'
import { type RefusedCsv, rereadCsv } from './csv-refused.ts'
import type { Day } from '#kernel/time'
import { type RefusedClass, type RefusedCourse, rereadClass, rereadCourse } from './oneroster-records.ts'
import { type RefusedUser, rereadUser } from './oneroster-users.ts'
import { guardiansOf } from './kept-guardians.ts'
import type { AcceptedState, FeedContext, NamedGroup, Outcome, RecordBody } from './records.ts'
import { type RefusedNamedCode, type RefusedSiecle, rereadNamedCode, rereadSiecle } from './siecle-records.ts'
import { type RefusedIndividual, rereadIndividual } from './sts-records.ts'
import { type RefusedEntry, rereadSupann } from './supann.ts'
import { type RefusedGroup, rereadGroup } from './xml-structures.ts'

/** What is kept of a record that was set aside: what its reader had of it, or, read well, what became of it. */
export type RefusedRecord =
  | RefusedAaf
  | RefusedCsv
  | RefusedSiecle
  | RefusedIndividual
  | RefusedEntry
  | RefusedUser
  | RefusedCourse
  | RefusedClass
  | RefusedNamedCode
  | RefusedGroup
  | RefusedStaged

/** One that was read well, and that the others, or those accepted before, kept from being taken. */
interface RefusedStaged {
  of: 'staged'
  change: 'added' | 'removed'
  body: RecordBody
  establishmentRef: string | null
  familyKey: string | null
  givenKey: string | null
}

/** What refused records are read again with. */
export interface RereadContext extends FeedContext {
  exportedOn: Day
  /** The last accepted state of the record's identifier. */
  accepted: AcceptedState | undefined
}

/** Reads a record again that was set aside; what still cannot be used of it is kept as it was. */
export function rereadRefused(
  kind: RecordKind,
  externalId: string | null,
  refused: RefusedRecord,
  context: RereadContext,
): { kind: RecordKind; outcome: Outcome }[] {
  const [own, ...others] = reread(kind, externalId, refused, context)
  if (own?.outcome.fate !== 'quarantined') return own ? [own, ...others] : []
  return [{ ...own, outcome: { ...own.outcome, refused: own.outcome.refused ?? refused } }, ...others]
}

function reread(
  kind: RecordKind,
  externalId: string | null,
  refused: RefusedRecord,
  context: RereadContext,
): { kind: RecordKind; outcome: Outcome }[] {
  if (refused.of === 'oneroster') return rereadUser(refused, context)
  if (refused.of === 'onerosterClass') return [rereadClass(refused, context)]
  if (refused.of === 'csv') {
    const [own, ...guardians] = rereadCsv(refused, context)
    const others = guardians.map((outcome) => ({ kind: 'guardian' as const, outcome }))
    return [{ kind, outcome: keepGuardians(own, context) }, ...others]
  }
  return [{ kind, outcome: read(externalId, refused, context) }]
}

function read(
  externalId: string | null,
  refused: Exclude<RefusedRecord, RefusedUser | RefusedClass | RefusedCsv>,
  context: RereadContext,
): Outcome {
  if (refused.of === 'aaf') return rereadAaf(refused, context, context.accepted)
  if (refused.of === 'siecle') return keepGuardians(rereadSiecle(refused, context), context)
  if (refused.of === 'sts') return rereadIndividual(refused, context)
  if (refused.of === 'supann') return rereadSupann(refused, context)
  if (refused.of === 'onerosterCourse') return rereadCourse(refused)
  if (refused.of === 'namedCode') return rereadNamedCode(refused)
  if (refused.of === 'group') return rereadGroup(refused, context)
  return restage(externalId ?? '', refused)
}

/** Of formats whose feeds may say nothing of guardians: a pupil without any keeps those accepted before. */
function keepGuardians(outcome: Outcome, { accepted }: RereadContext): Outcome {
  if (outcome.fate !== 'accepted' || !('guardians' in outcome.body) || outcome.body.guardians.length > 0) return outcome
  return { ...outcome, body: { ...outcome.body, guardians: guardiansOf(accepted) ?? [] } }
}

function restage(externalId: string, refused: RefusedStaged): Outcome {
  if (refused.change === 'removed') return { fate: 'removed', externalId }
  const { body, establishmentRef, familyKey, givenKey } = refused
  return {
    fate: 'accepted',
    externalId,
    establishmentRef,
    body,
    ...(familyKey !== null && { familyKey }),
    ...(givenKey !== null && { givenKey }),
    groups: listGroups(body),
    warnings: [],
  }
}

/** The classes and groups that a body refers to: whoever declared them may be gone. */
function listGroups(body: RecordBody): NamedGroup[] {
  const refs = (kind: 'class' | 'group', list: string[]) => list.map((ref) => ({ kind, ref }))
  const ofPupil = 'classes' in body ? [...refs('class', body.classes), ...refs('group', body.groups)] : []
  const ofStaff = 'teachings' in body ? body.teachings : []
  return [...ofPupil, ...ofStaff].map(({ kind, ref }) => {
    const code = ref.slice(ref.indexOf('$') + 1)
    return { kind, establishment: ref.slice(0, ref.indexOf('$')), code, name: code, referred: true }
  })
}
