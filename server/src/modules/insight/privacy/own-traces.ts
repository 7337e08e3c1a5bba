import type { ClickHouseClient } from '#kernel/clickhouse'
import { toCsv } from '#kernel/csv'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listOwnDocuments, listOwnStatements, parseJson, type Statement } from '#modules/records'
import type { LearningEvent } from '../events/learning-event.ts'
import { understandStatement } from '../events/understanding.ts'
import { listIdentities } from './erasures.queries.ts'
import { findObjection, listLooks, listOwnFollowUps, listPlans } from './own.queries.ts'

/** One thing somebody did, as it is kept and as it is understood. */
export interface Trace {
  id: string
  storedAt: Date
  happenedAt: Date
  /** Name of the tool or platform that told it. */
  source: string | null
  /** As the dashboards understand it; empty when they do not. */
  action: LearningEvent['action']
  /** The words of the tool, by language. */
  verb: Record<string, string>
  object: LearningEvent['object']
  course: LearningEvent['course']
  score: number | null
  success: boolean | null
  completed: boolean | null
  /** Duration told, in seconds. */
  seconds: number | null
  /** The statement, word for word. */
  body: string
}

const pageSize = 50

/** A page of what a learner did, the latest told first. @returns `next`: what the following page is asked by. */
export async function listTraces(
  tx: Tx,
  { tenantId, learner }: { tenantId: string; learner: string },
  before: number | undefined,
): Promise<{ traces: Trace[]; next: number | null }> {
  const identities = await listIdentities(tx, [learner])
  const rows = await listOwnStatements(tx, { tenantId, identities }, before, pageSize + 1)
  const page = rows.slice(0, pageSize)
  return {
    traces: page.map(({ id, seq, body, source }) => {
      const statement = parseJson(body) as Statement
      const event = understandStatement(statement, seq / 1000)
      const { action, object, course, score, success, completed, seconds } = event
      return {
        id,
        storedAt: new Date(seq / 1000),
        happenedAt: new Date(event.occurredAt),
        source,
        action,
        verb: statement.verb.display ?? {},
        object,
        course,
        score,
        success,
        completed,
        seconds,
        body,
      }
    }),
    next: rows.length > pageSize ? (page.at(-1)?.seq ?? null) : null,
  }
}

type ExportServices = Pick<Services, 'db' | 'clickhouse'>
interface Own {
  tenantId: string
  learner: string
}

/**
 * All that is kept about a learner, as one JSON text in pieces: who they are known as, what they decided, who looked, what
 * became of flags, documents (in base64 when they are no JSON), statements word for word, and the events that the
 * dashboards count.
 */
export async function* exportJson(services: ExportServices, own: Own, now: Date): AsyncGenerator<string> {
  const { tenantId, learner } = own
  const about = await inTenant(services.db, tenantId, async (tx) => {
    const identities = await listIdentities(tx, [learner])
    const documents = await listOwnDocuments(tx, { tenantId, identities })
    return {
      exportedAt: now,
      identifiers: identities,
      objectsSince: (await findObjection(tx, learner)) ?? null,
      plans: await listPlans(tx, learner),
      lookedBy: await listLooks(tx, learner, 500),
      followUps: await listOwnFollowUps(tx, learner),
      documents: documents.map(({ content, ...document }) => ({
        ...document,
        content: /^(application\/json|text\/)/.test(document.contentType)
          ? content.toString()
          : content.toString('base64'),
      })),
    }
  })
  yield `${JSON.stringify(about).slice(0, -1)},"events":[`
  yield await readEvents(await services.clickhouse(), own)
  yield '],"statements":['
  let first = true
  for await (const page of walkTraces(services, own)) {
    yield `${first ? '' : ',\n'}${page.map(({ body }) => body).join(',\n')}`
    first = false
  }
  yield ']}\n'
}

const csvHeads = {
  fr: [
    'Date',
    'Ce que vous avez fait',
    'Activité',
    'Adresse',
    'Cours',
    'Score (0 à 1)',
    'Durée (s)',
    'Dit par',
    'Reçu le',
  ],
  en: [
    'Date',
    'What you did',
    'Activity',
    'Address',
    'Course',
    'Score (0 to 1)',
    'Duration (s)',
    'Told by',
    'Received',
  ],
}

/** What a learner did, one row each, for office programs: in pieces of one text. */
export async function* exportCsv(services: ExportServices, own: Own, language: 'fr' | 'en'): AsyncGenerator<string> {
  const pick = (texts: Record<string, string> | undefined) =>
    Object.entries(texts ?? {}).find(([tag]) => tag.toLowerCase().startsWith(language))?.[1] ??
    Object.values(texts ?? {})[0] ??
    ''
  const number = (value: number | null) =>
    value === null ? '' : language === 'fr' ? String(value).replace('.', ',') : String(value)
  yield toCsv([csvHeads[language]])
  for await (const page of walkTraces(services, own)) {
    // The mark of the first piece is enough.
    yield toCsv(
      page.map((trace) => [
        trace.happenedAt.toISOString(),
        pick(trace.verb) || trace.action,
        pick(trace.object?.name),
        trace.object?.iri ?? '',
        pick(trace.course?.name) || (trace.course?.iri ?? ''),
        number(trace.score),
        number(trace.seconds),
        trace.source ?? '',
        trace.storedAt.toISOString(),
      ]),
    ).replace(/^\uFEFF/, '')
  }
}

async function* walkTraces({ db }: ExportServices, own: Own): AsyncGenerator<Trace[]> {
  for (let before: number | undefined; ;) {
    const { traces, next } = await inTenant(db, own.tenantId, (tx) => listTraces(tx, own, before))
    if (traces.length > 0) yield traces
    if (next === null) return
    before = next
  }
}

/** Rows of the analytics, each as JSON, with commas between. */
async function readEvents(clickhouse: ClickHouseClient, { tenantId, learner }: Own): Promise<string> {
  const result = await clickhouse.query({
    query: `select * except (tenant_id, build) from learning_event_v1
      where tenant_id = {tenant: UUID} and learner = {learner: Int64}
        and build = (select max(build) from learning_event_v1 where tenant_id = {tenant: UUID} and learner = {learner: Int64})
      order by occurred_at`,
    query_params: { tenant: tenantId, learner },
    format: 'JSONEachRow',
  })
  return (await result.text()).trim().replaceAll('\n', ',\n')
}
