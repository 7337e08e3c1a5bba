import { randomBytes, randomUUID } from 'node:crypto'
import type { RecordRecipient } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { parseJson } from '../model/exact-json.ts'
import type { Agent, Statement } from '../model/statement.ts'
import { keyOf, keysOf } from '../model/statement-keys.ts'
import { identifyAgent } from '../model/agents.ts'
import { pseudonymise } from '../treatment/pseudonymising.ts'
import { readIdentity, replaceAgents } from './agents-within.ts'
import {
  countFaulty,
  deleteDocumentsOf,
  deleteMentions,
  deleteStatements,
  deleteUnused,
  dropFaulty,
  listDocumentsOf,
  listStatementsAbout,
  type StatementAbout,
  updateStatement,
} from './erasure.queries.ts'

/** `erase`: what somebody did is gone; `unlink`: it stays, and nothing says any more who did it. */
export type ErasureMode = 'erase' | 'unlink'

/** What the store held of somebody, or what became of it. */
export interface RecordsAbout {
  /** Statements of what they did. */
  statements: number
  /** Statements of what others did that speak of them. */
  mentions: number
  documents: number
  attachments: number
  quarantined: number
  /** By recipient: how many statements may have been sent there. */
  copies: { id: string; statements: number }[]
}

interface Person {
  tenantId: string
  /** All that the person is called by, as `identifyAgent` says. */
  identities: readonly string[]
}

/** Home page of the account that somebody unlinked is from then on. */
const nobody = 'urn:x-preau:nobody'
const pageSize = 500

const agentKeysOf = ({ tenantId, identities }: Person) => identities.map((each) => keyOf(tenantId, 'agent', each))
const mentionKeysOf = (person: Person) => [
  ...agentKeysOf(person),
  ...person.identities.map((each) => keyOf(person.tenantId, 'member', each)),
]

/**
 * Erases somebody from the store. Statements of what others did keep what they did, and name nobody instead. Attachments
 * that nothing else speaks of, documents about the person and statements set aside that hold an identifier go in
 * both modes. What sources send afterwards is kept as before.
 * @returns what was done; `replacement`: as `identifyAgent` says, who did what is kept; null when nothing is.
 */
export async function erasePerson(
  tx: Tx,
  input: Person & { mode: ErasureMode; recipients: readonly RecordRecipient[]; decidedBy: string | null },
  now: Date,
): Promise<RecordsAbout & { replacement: string | null }> {
  const { tenantId, mode } = input
  const replacement: Agent = { account: { homePage: nobody, name: randomUUID() } }
  // Thrown away: what it makes of others can be made by nobody again.
  const key = randomBytes(32)
  const identities = new Set(input.identities)
  const about = { statements: 0, mentions: 0 }
  const copies = createCopies(input)
  const sha2s = new Set<string>()
  const rewrite = async (told: StatementAbout, statement: Statement, become: Statement) => {
    const [before, after] = [keysOf(tenantId, statement), keysOf(tenantId, become)]
    await deleteMentions(tx, [{ seq: told.seq, keys: before.related }])
    await updateStatement(tx, told.seq, JSON.stringify(become), after)
  }

  for await (const page of walkStatements(tx, input)) {
    const gone: { told: StatementAbout; statement: Statement }[] = []
    for (const told of page) {
      const statement = parseJson(told.body) as Statement
      copies.count(told)
      if (!told.own) {
        about.mentions++
        await rewrite(told, statement, replaceAgents(statement, identities, replacement) as Statement)
        continue
      }
      about.statements++
      for (const { sha2 } of [...(statement.attachments ?? []), ...attachmentsWithin(statement)])
        sha2s.add(sha2.toLowerCase())
      if (mode === 'erase') gone.push({ told, statement })
      else await rewrite(told, statement, unlink(statement, identities, replacement, key))
    }
    if (gone.length === 0) continue
    await deleteMentions(
      tx,
      gone.map(({ told, statement }) => ({ seq: told.seq, keys: keysOf(tenantId, statement).related })),
    )
    await deleteStatements(
      tx,
      gone.map(({ told }) => told),
    )
  }
  return {
    ...about,
    documents: await deleteDocumentsOf(tx, agentKeysOf(input)),
    attachments: await deleteUnused(tx, [...sha2s]),
    quarantined: await dropFaulty(tx, spellingsOf(input), { decidedBy: input.decidedBy, note: 'erased', now }),
    copies: copies.read(),
    replacement:
      about.statements + about.mentions > 0 && mode === 'unlink' ? (identifyAgent(replacement) ?? null) : null,
  }
}

/** What the store holds of somebody, for who is about to erase it. Attachments are not counted. */
export async function countRecords(
  tx: Tx,
  input: Person & { recipients: readonly RecordRecipient[] },
): Promise<RecordsAbout> {
  const about = { statements: 0, mentions: 0 }
  const copies = createCopies(input)
  for await (const page of walkStatements(tx, input)) {
    for (const told of page) {
      copies.count(told)
      about[told.own ? 'statements' : 'mentions']++
    }
  }
  const documents = (await listDocumentsOf(tx, agentKeysOf(input))).length
  const quarantined = await countFaulty(tx, spellingsOf(input))
  return { ...about, documents, attachments: 0, quarantined, copies: copies.read() }
}

/** Documents kept about somebody, the oldest first. */
export const listOwnDocuments = (tx: Tx, person: Person) => listDocumentsOf(tx, agentKeysOf(person))

/** All statements of somebody or about them, in the order of storing, page by page. */
async function* walkStatements(tx: Tx, person: Person): AsyncGenerator<StatementAbout[]> {
  const [agents, mentions] = [agentKeysOf(person), mentionKeysOf(person)]
  for (let after = 0; ;) {
    const page = await listStatementsAbout(tx, agents, mentions, after, pageSize)
    const last = page.at(-1)
    if (!last) return
    yield page
    after = last.seq
  }
}

/** Who did it is nobody, who else is in it is nobody else, and what people wrote is gone. */
function unlink(statement: Statement, identities: ReadonlySet<string>, by: Agent, key: Buffer): Statement {
  const replaced = replaceAgents(statement, identities, by) as Statement
  const treated = pseudonymise(replaced, { homePage: nobody, key }) as Statement
  return {
    ...treated,
    actor: replaced.actor,
    ...(replaced.authority === undefined ? {} : { authority: replaced.authority }),
  }
}

const attachmentsWithin = ({ object }: Statement) =>
  object.objectType === 'SubStatement' && 'attachments' in object
    ? ((object.attachments ?? []) as { sha2: string }[])
    : []

/** The person's identifiers as a faulty statement may spell them. */
function spellingsOf({ identities }: Person): string[] {
  const values = identities.flatMap((identity) => {
    const agent = readIdentity(identity)
    const value = agent?.account?.name ?? agent?.mbox ?? agent?.mbox_sha1sum ?? agent?.openid
    return value === undefined ? [] : [agent?.account ? value : value.replace(/^mailto:/, '')]
  })
  return values.flatMap((value) => {
    // A whole name, quoted: `12` is in many a text.
    const quoted = JSON.stringify(value)
    const spelt = value.includes('@') ? [quoted.slice(1, -1)] : [quoted]
    return [...spelt, ...spelt.map((each) => each.replaceAll('/', '\\/'))]
  })
}

function createCopies({ tenantId, recipients }: Person & { recipients: readonly RecordRecipient[] }) {
  const found = recipients.map((recipient) => ({
    recipient,
    verbs: new Set(recipient.verbs.map((iri) => keyOf(tenantId, 'verb', iri))),
    activities: new Set(recipient.activities.map((iri) => keyOf(tenantId, 'activity', iri))),
    statements: 0,
  }))
  return {
    count({ seq, verb, activity, sourceId }: StatementAbout) {
      for (const each of found) {
        const { recipient, verbs, activities } = each
        const wanted =
          (verbs.size === 0 || verbs.has(verb)) &&
          (activities.size === 0 || (activity !== null && activities.has(activity))) &&
          (recipient.sourceIds.length === 0 || (sourceId !== null && recipient.sourceIds.includes(sourceId)))
        if (wanted && seq <= recipient.sentUntil) each.statements++
      }
    },
    read: () => found.map(({ recipient, statements }) => ({ id: recipient.id, statements })),
  }
}
