import type { Services } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import {
  type OpenDecision,
  scdlColumns,
  toScdlRow,
  toWeightedVoteRows,
  weightedVoteColumns,
  writeOpenCsv,
} from './open-data.ts'
import { listPublished, listPublishedVotes, type PublishedDecision, type Publisher } from './publications.queries.ts'
import { writePages } from '../write-pages.ts'

/** What a file of open data is about. */
export interface OpenFile {
  tenantId: string
  agreement: AgreementInForce
  publisher: Publisher
  /** Page where everybody reads a decision, by its number. */
  addressOf: (number: string) => string
}

/** Decisions read at once: few enough to hold with their verdicts, enough to ask seldom. */
const pageSize = 200

/** The published decisions as SCDL asks for them, newest first, in pieces. */
export function writeDeliberations(services: Pick<Services, 'db'>, file: OpenFile): AsyncGenerator<string> {
  return writeTable(services, file, scdlColumns, async (_, decisions) =>
    decisions.map((each) => toScdlRow(each, file.publisher)),
  )
}

/** Who voted what on the published decisions, newest first, in pieces. */
export function writeWeightedVotes(services: Pick<Services, 'db'>, file: OpenFile): AsyncGenerator<string> {
  const names = new Map(file.agreement.rules.parties.map(({ key, name }) => [key, name]))
  return writeTable(services, file, weightedVoteColumns, async (tx, decisions) => {
    const votes = await listPublishedVotes(
      tx,
      decisions.map(({ id }) => id),
    )
    const byDecision = Map.groupBy(
      votes.map((vote) => ({ ...vote, partyName: names.get(vote.party) ?? vote.party })),
      ({ number }) => number,
    )
    return decisions.flatMap((each) => toWeightedVoteRows(each, file.publisher, byDecision.get(each.number) ?? []))
  })
}

async function* writeTable(
  { db }: Pick<Services, 'db'>,
  { tenantId, agreement, addressOf }: OpenFile,
  columns: string[],
  toRows: (tx: Tx, decisions: OpenDecision[]) => Promise<string[][]>,
): AsyncGenerator<string> {
  yield writeOpenCsv([columns])
  const shortNames = new Map(agreement.rules.bodies.map(({ key, shortName }) => [key, shortName]))
  yield* writePages<PublishedDecision>(db, tenantId, {
    pageSize,
    read: (tx, last) => listPublished(tx, agreement.id, { before: last?.id, limit: pageSize }),
    write: async (decisions, tx) => {
      const open = decisions.map((each) => ({
        ...each,
        bodyName: shortNames.get(each.body) ?? each.body,
        address: addressOf(each.number),
      }))
      return writeOpenCsv(await toRows(tx, open))
    },
  })
}
