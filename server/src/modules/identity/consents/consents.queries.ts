import { randomUUIDv7 } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type NewText } from './consent-texts.ts'
import { type ConsentKind, tables, type Wording } from '../tables.ts'
import type { Audience } from '#modules/directory'

/** A published text. */
export interface ConsentText {
  id: string
  slug: string
  version: number
  kind: ConsentKind
  audience: Audience
  levels: string[]
  perChild: boolean
  wording: Wording
}

/** The texts in force: the last version of each. */
export async function listTexts(tx: Tx): Promise<ConsentText[]> {
  return tables(tx)
    .selectFrom('identity.consent_text')
    .distinctOn('slug')
    .select(['id', 'slug', 'version', 'kind', 'audience', 'levels', 'per_child as perChild', 'wording'])
    .orderBy('slug')
    .orderBy('version', 'desc')
    .execute()
}

/** Publishes a text. @returns false when that version of it exists. */
export async function insertText(tx: Tx, text: NewText, now: Date): Promise<boolean> {
  const result = await tables(tx)
    .insertInto('identity.consent_text')
    .values({
      id: randomUUIDv7(),
      slug: text.slug,
      version: text.version,
      kind: text.kind,
      audience: text.audience,
      levels: text.levels,
      per_child: text.perChild,
      wording: JSON.stringify(text.wording),
      published_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Someone's latest answer to each text, of any version, for each child. */
export interface LatestAnswer {
  slug: string
  version: number
  childId: string | null
  accepted: boolean
  answeredAt: Date
}

export async function listLatestAnswers(tx: Tx, personId: string): Promise<LatestAnswer[]> {
  const { rows } = await sql<LatestAnswer>`
    select distinct on (t.slug, c.now) t.slug, t.version, c.now as "childId", a.accepted, a.answered_at as "answeredAt"
    from identity.consent_answer a join identity.consent_text t on t.id = a.text_id,
      lateral (select ${becameOf(sql.ref('a.child_id'))} as now) c
    where a.person_id in ${formerOf([personId])}
    order by t.slug, c.now, a.answered_at desc, a.id desc`.execute(tx)
  return rows
}

/** The latest answer of each guardian to each text about some children. */
export async function listAnswersAbout(
  tx: Tx,
  childIds: string[],
): Promise<(Pick<LatestAnswer, 'slug' | 'version' | 'accepted'> & { childId: string; personId: string })[]> {
  const { rows } = await sql<Awaited<ReturnType<typeof listAnswersAbout>>[number]>`
    select distinct on (t.slug, c.now, p.now) t.slug, t.version, c.now as "childId", p.now as "personId", a.accepted
    from identity.consent_answer a join identity.consent_text t on t.id = a.text_id,
      lateral (select ${becameOf(sql.ref('a.child_id'))} as now) c,
      lateral (select ${becameOf(sql.ref('a.person_id'))} as now) p
    where a.child_id in ${formerOf(childIds)}
    order by t.slug, c.now, p.now, a.answered_at desc, a.id desc`.execute(tx)
  return rows
}

/** Whoever some people were before they were found to be one: answers are never rewritten. */
const formerOf = (ids: string[]) => sql`(with recursive way (id) as (
  select unnest(${ids}::uuid[])
  union select m.merged_person_id from way w join identity.account_merge m on m.kept_person_id = w.id
) select id from way)`

const becameOf = (person: RawBuilder<unknown>) => sql`(with recursive way (id, step) as (
  select ${person}, 0
  union all select m.kept_person_id, w.step + 1 from way w join identity.account_merge m on m.merged_person_id = w.id
) select id from way order by step desc limit 1)`

export async function insertAnswer(
  tx: Tx,
  input: { textId: string; personId: string; childId: string | null; accepted: boolean },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('identity.consent_answer')
    .values({
      id: randomUUIDv7(),
      text_id: input.textId,
      person_id: input.personId,
      child_id: input.childId,
      accepted: input.accepted,
      answered_at: now,
    })
    .execute()
}

/** Asks everyone to come by the first-sign-in page again: a text changed. */
export async function forgetWelcomes(tx: Tx): Promise<void> {
  await tables(tx)
    .updateTable('identity.account')
    .set({ welcomed_at: null })
    .where('welcomed_at', 'is not', null)
    .execute()
}
