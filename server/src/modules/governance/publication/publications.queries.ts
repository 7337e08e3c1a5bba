import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Verdict } from '../votes/ballot.ts'
import { tables } from '../tables.ts'
import type { PublishedVote } from './open-data.ts'

/** Who publishes for a consortium. */
export interface Publisher {
  name: string
  siret: string
}

export async function findPublisher(tx: Tx, agreementId: string): Promise<Publisher | undefined> {
  return tables(tx)
    .selectFrom('governance.publisher')
    .select(['name', 'siret'])
    .where('agreement_id', '=', agreementId)
    .executeTakeFirst()
}

export async function writePublisher(tx: Tx, agreementId: string, publisher: Publisher): Promise<void> {
  await tables(tx)
    .insertInto('governance.publisher')
    .values({ agreement_id: agreementId, ...publisher })
    .onConflict((conflict) => conflict.column('agreement_id').doUpdateSet(publisher))
    .execute()
}

/** A decision or an opinion, published or not. */
export interface DecisionRow {
  id: string
  number: string
  kind: 'decision' | 'opinion' | 'crisis'
  body: string
  title: string
  text: string
  outcome: 'adopted' | 'rejected' | 'none'
  verdict: Verdict | null
  /** Day in the zone of the workspace. */
  decidedOn: Day
  /** What the journal's digest of the words is salted with; told once the words are public. */
  salt: Buffer
  matterCode: string | null
  matterName: string | null
  publishedAt: Date | null
}

/** A decision that everybody may read. */
export interface PublishedDecision extends DecisionRow {
  matterCode: string
  matterName: string
  publishedAt: Date
}

const decisions = (tx: Tx, agreementId: string) =>
  tables(tx)
    .selectFrom('governance.decision')
    .leftJoin('governance.publication', 'governance.publication.decision_id', 'governance.decision.id')
    .select([
      'id',
      'number',
      'kind',
      'body',
      'title',
      'text',
      'outcome',
      sql<Verdict | null>`verdict`.as('verdict'),
      sql<Day>`(decided_at at time zone (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date`.as(
        'decidedOn',
      ),
      'salt',
      'matter_code as matterCode',
      'matter_name as matterName',
      'governance.publication.published_at as publishedAt',
    ])
    .where('agreement_id', '=', agreementId)

/**
 * The decisions of an agreement, newest first.
 * @param page.bodies only what is public or of these; null for all.
 */
export async function listDecisions(
  tx: Tx,
  agreementId: string,
  page: { bodies: readonly string[] | null; before?: string | undefined; adopted?: boolean; limit: number },
): Promise<DecisionRow[]> {
  const { bodies } = page
  let query = decisions(tx, agreementId).orderBy('decided_at', 'desc').orderBy('id', 'desc').limit(page.limit)
  if (bodies !== null)
    query = query.where((where) =>
      where.or([
        where('body', '=', sql<string>`any(${bodies}::text[])`),
        where('governance.publication.published_at', 'is not', null),
      ]),
    )
  if (page.before !== undefined) query = query.where(isBefore(page.before))
  if (page.adopted) query = query.where('outcome', '=', 'adopted').where('kind', '<>', 'opinion')
  return query.execute()
}

/** The published decisions of an agreement, newest first. */
export async function listPublished(
  tx: Tx,
  agreementId: string,
  page: { before: string | undefined; limit: number },
): Promise<PublishedDecision[]> {
  let query = decisions(tx, agreementId)
    .where('governance.publication.published_at', 'is not', null)
    .orderBy('decided_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .$narrowType<{ matterCode: string; matterName: string; publishedAt: Date }>()
  if (page.before !== undefined) query = query.where(isBefore(page.before))
  return query.execute()
}

const isBefore = (id: string) =>
  sql<boolean>`(decided_at, id) < (select decided_at, id from governance.decision where id = ${id})`

export async function findDecision(tx: Tx, agreementId: string, number: string): Promise<DecisionRow | undefined> {
  return decisions(tx, agreementId).where('number', '=', number).executeTakeFirst()
}

/** Makes a decision public. @returns false when it was already. */
export async function insertPublication(
  tx: Tx,
  input: { decisionId: string; matterCode: string; matterName: string; publishedBy: string | null },
  now: Date,
): Promise<boolean> {
  const result = await tables(tx)
    .insertInto('governance.publication')
    .values({
      decision_id: input.decisionId,
      matter_code: input.matterCode,
      matter_name: input.matterName,
      published_at: now,
      published_by: input.publishedBy,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Every voter of the closed ballots on some decisions, by decision, round by round, with the last of its votes. */
export async function listPublishedVotes(
  tx: Tx,
  decisionIds: readonly string[],
): Promise<Omit<PublishedVote, 'partyName'>[]> {
  const { rows } = await sql<Omit<PublishedVote, 'partyName'>>`
    select decision.number, ballot.round, voter.party, voter.voices, voter.state, (
      select choice from governance.ballot_vote as vote
      where vote.ballot_id = ballot.id and vote.party = voter.party order by version desc limit 1
    ) as choice
    from governance.decision
    join governance.ballot on ballot.agenda_item_id = decision.agenda_item_id and ballot.closed_at is not null
    join governance.ballot_voter as voter on voter.ballot_id = ballot.id
    where decision.id = any(${decisionIds}::uuid[])
    order by decision.id, ballot.round, voter.position`.execute(tx)
  return rows
}
