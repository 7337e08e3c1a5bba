import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findOpenItemAbout } from '../bodies/agenda.queries.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { type JournalContent, recordInJournal } from '../journal/journal.ts'
import { doOnce } from '../request-once.ts'
import type { Standing } from '../standing.ts'
import { listMembers } from '../money/weights.ts'
import { listSheetGaps, type Qualification, type Sheet } from './change-schema.ts'
import { changeSteps, type ChangeState, type ChangeStep, isStepOpen, mayTake } from './change-steps.ts'
import {
  type Change,
  createChange,
  createSheet,
  getChange,
  listSheets,
  lockChange,
  moveChange,
  submitSheetVersion,
} from './changes.queries.ts'
import { type ChangeRules, findSharingKey, listAdvisers, qualifyChange } from './qualification.ts'
import { tables } from './tables.ts'

/** @throws Problem 409 `changes_not_agreed` when the agreement has no chapter about changes. */
export function getChangeRules({ agreement }: Standing): ChangeRules {
  const { changes } = agreement.rules
  if (!changes) throw new Problem(409, 'changes_not_agreed', 'This agreement says nothing of changes.')
  return changes
}

/**
 * Takes a change for a step: nobody else takes one of it before the transaction ends.
 * @throws Problem 404 `change_not_found`; 403 `step_not_yours`, whatever state it is in; 409 `step_out_of_turn`, with
 *   the step and the state it is in; 409 `change_on_agenda` for what would change what is about to be voted.
 */
export async function beginStep(tx: Tx, standing: Standing, id: string, step: ChangeStep): Promise<Change> {
  getChangeRules(standing)
  // Before the change: whoever closes a vote holds the journal already when it comes to the change.
  await lockJournal(tx, standing.agreement.id)
  const change = await lockChange(tx, standing.agreement.id, id)
  if (!mayTake(step, change, standing)) {
    throw new Problem(403, 'step_not_yours', `This step is for: ${changeSteps[step].by.join(', ')}.`, { step })
  }
  if (!isStepOpen(step, change, standing)) {
    const detail = `The change is ${change.state}; this step is taken from: ${changeSteps[step].from.join(', ')}.`
    throw new Problem(409, 'step_out_of_turn', detail, { step, state: change.state })
  }
  if ((step === 'reviseSheet' || step === 'withdraw') && (await findOpenItemAbout(tx, { kind: 'change', id }))) {
    throw new Problem(409, 'change_on_agenda', 'The change is on an agenda: it is taken off it first.')
  }
  return change
}

/** Ends a step: moves the change, audits, and enters the journal. The last statement of its transaction. */
export async function endStep(
  tx: Tx,
  standing: Standing,
  change: Change,
  step: {
    name: ChangeStep
    to: ChangeState
    party?: string | null
    note?: string
    article?: string
    values?: Parameters<typeof moveChange>[3]
    figures?: JournalContent
  },
  now: Date,
): Promise<ChangeState> {
  const { agreement, personId } = standing
  const party = step.party ?? null
  const move = { ...step, party, note: step.note ?? '', versionId: agreement.versionId, personId }
  await moveChange(tx, change, move, step.values ?? {}, now)
  await recordStep(
    tx,
    { agreementId: agreement.id, version: agreement.version, actor: personId },
    change,
    {
      step: step.name,
      to: step.to,
      party,
      article: step.article ?? agreement.rules.changes?.article ?? null,
      ...step.figures,
    },
    now,
  )
  return step.to
}

/** A member commits itself to what it knew: by itself, at the price of that sheet. */
const uncommitted = { committed_by: null, committed_at: null }

/** Audits a step of a change and enters it in the journal: codes and figures, no words of anyone. */
export async function recordStep(
  tx: Tx,
  by: { agreementId: string; version: number; actor: string | null },
  change: { id: string; number: number; state: ChangeState | null },
  content: JournalContent,
  now: Date,
): Promise<void> {
  await recordAudit(tx, {
    action: 'governance.change_step_taken',
    actorPersonId: by.actor,
    subjectKind: 'change',
    subjectId: change.id,
    detail: { number: change.number, ...content },
  })
  await recordInJournal(
    tx,
    {
      agreementId: by.agreementId,
      kind: 'change',
      subjectId: change.id,
      content: { number: change.number, from: change.state, version: by.version, ...content },
    },
    now,
  )
}

/**
 * Asks for a change, for a party the reader sits for; the pilot's manager may for the pilot. Once for each request key.
 * @throws Problem 403 `party_not_yours`; 409 `changes_not_agreed`, `request_key_reused`.
 */
export async function requestChange(
  tx: Tx,
  standing: Standing,
  { requestKey, ...input }: ChangeRequest & { requestKey: string },
  now: Date,
): Promise<{ id: string; number: number }> {
  const rules = getChangeRules(standing)
  const sits = standing.seats.some(({ party }) => party === input.party)
  if (!sits && !(standing.manages && input.party === rules.qualifiedBy)) {
    throw new Problem(403, 'party_not_yours', 'A change is asked for a party one sits for.')
  }
  const agreementId = standing.agreement.id
  const id = await doOnce(tx, { agreementId, key: requestKey, request: input }, () =>
    makeRequest(tx, standing, input, now),
  )
  return { id, number: (await getChange(tx, agreementId, id)).number }
}

interface ChangeRequest {
  title: string
  need: string
  party: string
}

async function makeRequest(
  tx: Tx,
  standing: Standing,
  { title, need, party }: ChangeRequest,
  now: Date,
): Promise<string> {
  const { agreement, personId } = standing
  const created = await createChange(
    tx,
    { agreementId: agreement.id, title, need, requestedBy: party, requesterId: personId },
    now,
  )
  await tables(tx)
    .insertInto('governance.change_step')
    .values({
      change_id: created.id,
      position: 1,
      step: 'request',
      to_state: 'requested',
      version_id: agreement.versionId,
      person_id: personId,
      party,
      note: '',
      recorded_at: now,
    })
    .execute()
  await recordStep(
    tx,
    { agreementId: agreement.id, version: agreement.version, actor: personId },
    { ...created, state: null },
    { step: 'request', to: 'requested', party, article: getChangeRules(standing).article },
    now,
  )
  return created.id
}

/**
 * Qualifies a change by the answers given: the rule of the agreement says whether it is structuring. A member that had
 * committed itself to pay does so anew.
 * @throws Problem as `beginStep`; 422 `separable_to_stranger`; 422 `sharing_not_agreed` when the agreement does not say
 *   who pays for such a change.
 */
export async function qualify(
  tx: Tx,
  standing: Standing,
  id: string,
  answers: Qualification,
  now: Date,
): Promise<{ structuring: boolean; because: string[]; article: string }> {
  const change = await beginStep(tx, standing, id, 'qualify')
  const { rules } = standing.agreement
  const verdict = qualifyChange(getChangeRules(standing), answers)
  const { separableTo } = answers
  if (separableTo !== null && !listMembers(rules, standing.today).includes(separableTo)) {
    throw new Problem(422, 'separable_to_stranger', 'A change is separable to a member.')
  }
  if (answers.paid && !findSharingKey(rules, { structuring: verdict.structuring, separableTo })) {
    throw new Problem(422, 'sharing_not_agreed', 'The agreement does not say who pays for such a change.')
  }
  await endStep(
    tx,
    standing,
    change,
    {
      name: 'qualify',
      to: 'qualified',
      values: {
        paid: answers.paid,
        whole_establishment: answers.wholeEstablishment,
        technical_frame: answers.technicalFrame,
        separable_to: separableTo,
        structuring: verdict.structuring,
        ...uncommitted,
      },
      figures: { ...answers, structuring: verdict.structuring },
    },
    now,
  )
  return verdict
}

/** Saves a version of the configuration sheet, not submitted yet. @throws Problem as `beginStep`. */
export async function writeSheet(
  tx: Tx,
  standing: Standing,
  id: string,
  sheet: Sheet,
  now: Date,
): Promise<{ number: number }> {
  const change = await beginStep(tx, standing, id, 'writeSheet')
  const saved = await createSheet(tx, change.id, sheet, standing.personId, now)
  await recordAudit(tx, {
    action: 'governance.change_sheet_saved',
    actorPersonId: standing.personId,
    subjectKind: 'change',
    subjectId: change.id,
    detail: { sheet: saved.number, cents: sheet.amountCents },
  })
  return saved
}

/**
 * Submits the last version of the configuration sheet, which is frozen from then on.
 * @param number version the contractor has before them.
 * @throws Problem as `beginStep`; 409 `sheet_outdated` when it is not the last; 422 `sheet_missing`, `sheet_incomplete`
 *   with the names of the fields, `sheet_cost_unforeseen` when a change that was qualified as free has a cost.
 */
export async function submitSheet(
  tx: Tx,
  standing: Standing,
  id: string,
  number: number,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'submitSheet')
  const [sheet] = await listSheets(tx, change.id)
  if (!sheet) throw new Problem(422, 'sheet_missing', 'No configuration sheet was written.')
  if (sheet.number !== number || sheet.submittedAt) {
    const detail = `Version ${sheet.number} is the last${sheet.submittedAt ? ', and was submitted' : ''}.`
    throw new Problem(409, 'sheet_outdated', detail, { number: sheet.number })
  }
  const fields = listSheetGaps(sheet.content)
  if (fields.length > 0) {
    throw new Problem(422, 'sheet_incomplete', `The sheet lacks: ${fields.join(', ')}.`, { fields })
  }
  const { amountCents } = sheet.content
  if (BigInt(amountCents) > 0n && !change.paid) {
    throw new Problem(
      422,
      'sheet_cost_unforeseen',
      'This change was qualified as free; with a cost it is qualified again.',
    )
  }
  await submitSheetVersion(tx, sheet.id, now)
  const to = listAdvisers(standing.agreement.rules).length === 0 ? 'advised' : 'submitted'
  const party = getChangeRules(standing).sheetBy
  const figures = { sheet: number, cents: amountCents, results: sheet.content.results.length }
  return endStep(tx, standing, change, { name: 'submitSheet', to, party, figures }, now)
}

/**
 * Takes a submitted sheet back to write another version: opinions are asked anew, and the commitment of who pays.
 * @throws Problem as `beginStep`.
 */
export async function reviseSheet(
  tx: Tx,
  standing: Standing,
  id: string,
  note: string,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'reviseSheet')
  const party = getChangeRules(standing).sheetBy
  return endStep(tx, standing, change, { name: 'reviseSheet', to: 'qualified', party, note, values: uncommitted }, now)
}

/** Withdraws a change that is not on an agenda yet. @throws Problem as `beginStep`. */
export async function withdrawChange(
  tx: Tx,
  standing: Standing,
  id: string,
  note: string,
  now: Date,
): Promise<ChangeState> {
  const change = await beginStep(tx, standing, id, 'withdraw')
  return endStep(tx, standing, change, { name: 'withdraw', to: 'withdrawn', note }, now)
}
