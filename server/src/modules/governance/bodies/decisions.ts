import { createHash, randomUUIDv7 } from 'node:crypto'
import canonicalize from 'canonicalize'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findToday } from '#modules/identity'
import { lockJournal } from '../journal/journal-lock.ts'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import { type JournalContent, recordInJournal } from '../journal/journal.ts'
import { tables } from '../tables.ts'

/** What a body decided or advised. */
export interface NewDecision {
  agreementId: string
  versionId: string
  kind: 'decision' | 'opinion' | 'crisis'
  body: string
  meetingId: string | null
  agendaItemId: string | null
  title: string
  text: string
  outcome: 'adopted' | 'rejected' | 'none'
  /** Its steps, each with its figure and its article; JSON. */
  verdict: unknown
  /** Day by which what was decided is to be done. */
  dueOn: Day | null
  subjectKind: string | null
  subjectId: string | null
  /** Who closed the vote, or decided for the crisis cell. */
  actorPersonId: string | null
}

/** What a vote decided, for the part of the module whose subject it was about. */
export interface DecisionMade {
  subjectId: string
  decisionId: string
  outcome: 'adopted' | 'rejected' | 'none'
  /** The votes as they counted. */
  votes: readonly { party: string; choice: string }[]
  agreement: AgreementInForce
}

/**
 * Keeps a decision or an opinion: numbers it (`2026-014`, of the agreement, in the order they are made), audits it, and
 * enters it in the journal. The journal's lock is held until the transaction ends, so this comes last in it.
 * @throws Problem 422 `body_unknown`; `opinion_only` for a decision of an advisory body; `crisis_only` for a decision of
 * the crisis cell that is none, and the reverse; 409 `already_decided` when the agenda item has a decision.
 */
export async function recordDecision(tx: Tx, input: NewDecision, now: Date): Promise<{ id: string; number: string }> {
  await requireKind(tx, input)
  // Numbers follow one another as the entries of the journal do: one lock for both, whoever took it first.
  await lockJournal(tx, input.agreementId)
  if (input.agendaItemId !== null && (await isDecided(tx, input.agendaItemId)))
    throw new Problem(409, 'already_decided', 'This agenda item has been decided.')
  const year = (await findToday(tx, now)).slice(0, 4)
  const earlier = await tables(tx)
    .selectFrom('governance.decision')
    .select((each) => each.fn.countAll<number>().as('count'))
    .where('agreement_id', '=', input.agreementId)
    .where('number', 'like', `${year}-%`)
    .executeTakeFirstOrThrow()
  const number = `${year}-${String(earlier.count + 1).padStart(3, '0')}`
  const id = randomUUIDv7()
  const { salt } = await tables(tx)
    .insertInto('governance.decision')
    .values({
      id,
      agreement_id: input.agreementId,
      version_id: input.versionId,
      number,
      kind: input.kind,
      body: input.body,
      meeting_id: input.meetingId,
      agenda_item_id: input.agendaItemId,
      title: input.title,
      text: input.text,
      outcome: input.outcome,
      verdict: input.verdict === null ? null : JSON.stringify(input.verdict),
      decided_at: now,
      due_on: input.dueOn,
      subject_kind: input.subjectKind,
      subject_id: input.subjectId,
    })
    .returning('salt')
    .executeTakeFirstOrThrow()
  const { agreementId, kind, body, meetingId, agendaItemId, versionId, outcome } = input
  await recordAudit(tx, {
    action: 'governance.decision_recorded',
    actorPersonId: input.actorPersonId,
    subjectKind: 'governance.decision',
    subjectId: id,
    detail: { number, kind, body, outcome },
  })
  const words = { title: input.title, text: input.text, verdict: input.verdict }
  const content: JournalContent = {
    number,
    nature: kind,
    body,
    meeting: meetingId,
    agendaItem: agendaItemId,
    version: versionId,
    outcome,
    digest: digestOf(salt, words),
  }
  await recordInJournal(tx, { agreementId, kind: 'decision', subjectId: id, content }, now)
  return { id, number }
}

/**
 * Sees that what is cited as the decision behind an act is one, of this agreement.
 * @returns its kind, and the parties that voted for; null when it was not voted.
 * @throws Problem 404 `decision_not_found`; 422 `decision_not_adopted` for one that was rejected, or an opinion.
 */
export async function requireAdopted(
  tx: Tx,
  agreementId: string,
  decisionId: string,
): Promise<{ kind: string; inFavour: string[] | null }> {
  const decision = await tables(tx)
    .selectFrom('governance.decision')
    .select([
      'outcome',
      'kind',
      sql<string[] | null>`case when verdict -> 'roll' is not null then array(
        select vote ->> 'party' from jsonb_array_elements(verdict -> 'roll') as vote where vote ->> 'choice' = 'for')
        end`.as('inFavour'),
    ])
    .where('agreement_id', '=', agreementId)
    .where('id', '=', decisionId)
    .executeTakeFirst()
  if (!decision) throw new Problem(404, 'decision_not_found', 'There is no such decision.')
  if (decision.outcome === 'adopted' && decision.kind !== 'opinion') return decision
  throw new Problem(422, 'decision_not_adopted', 'Only an adopted decision allows this; an opinion decides nothing.')
}

/**
 * Digest under which the journal keeps what may name somebody: SHA-256 of the salt, then of the canonical JSON (RFC 8785).
 * Who holds the salt and the words can show that they are those; once both are erased, nothing is left of them.
 * @returns lower-case hexadecimal.
 */
export function digestOf(salt: Buffer, words: unknown): string {
  return createHash('sha256')
    .update(salt)
    .update(canonicalize(words) ?? 'null', 'utf8')
    .digest('hex')
}

/** Whether an agenda item has been put to the vote and decided. */
async function isDecided(tx: Tx, agendaItemId: string): Promise<boolean> {
  const found = await tables(tx)
    .selectFrom('governance.decision')
    .select('id')
    .where('agenda_item_id', '=', agendaItemId)
    .executeTakeFirst()
  return found !== undefined
}

async function requireKind(tx: Tx, input: NewDecision): Promise<void> {
  const version = await tables(tx)
    .selectFrom('governance.agreement_version')
    .select('content')
    .where('id', '=', input.versionId)
    .where('agreement_id', '=', input.agreementId)
    .executeTakeFirst()
  const body = version?.content.bodies.find(({ key }) => key === input.body)
  if (!body) throw new Problem(422, 'body_unknown', 'The agreement knows no such body.')
  const { article, shortName } = body
  if (body.kind === 'advisory' && input.kind !== 'opinion')
    throw new Problem(422, 'opinion_only', `${shortName} only gives opinions (article ${article}).`, { article })
  if ((body.kind === 'crisis') !== (input.kind === 'crisis'))
    throw new Problem(422, 'crisis_only', `Only a crisis body decides at once (article ${article}).`, { article })
}
