import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import type { BallotRule } from '../agreements/agreement-schema.ts'
import type { Standing } from '../standing.ts'
import { toVoters } from './assembly.ts'
import type { BallotInput } from './ballot.ts'
import { type Ballot, listRoll, listVotes } from './ballots.queries.ts'
import { tables } from './tables.ts'

/** The agreement whose rules a ballot goes by: the version of its opening. */
export async function getBallotAgreement(tx: Tx, standing: Standing, ballot: Ballot): Promise<AgreementInForce> {
  const { agreement } = standing
  if (ballot.versionId === agreement.versionId) return agreement
  const version = await tables(tx)
    .selectFrom('governance.agreement_version')
    .select(['id as versionId', 'number as version', 'content as rules'])
    .where('id', '=', ballot.versionId)
    .executeTakeFirstOrThrow()
  return { ...agreement, ...version }
}

/** @throws Problem 404 `ballot_rule_unknown` when the version has no such rule. */
export function getBallotRule({ rules }: Pick<AgreementInForce, 'rules'>, key: string): BallotRule {
  const rule = rules.ballots.find((each) => each.key === key)
  if (!rule) throw new Problem(404, 'ballot_rule_unknown', 'The agreement has no such ballot rule.')
  return rule
}

/** What a ballot is decided from: its frozen roll, and the votes that count. */
export async function readBallotInput(tx: Tx, agreement: AgreementInForce, ballot: Ballot): Promise<BallotInput> {
  const votes = await listVotes(tx, ballot.id)
  return {
    rule: getBallotRule(agreement, ballot.rule),
    round: ballot.round,
    options: ballot.options,
    voters: toVoters(agreement, await listRoll(tx, ballot.id)),
    votes: new Map(votes.map(({ party, choice }) => [party, choice])),
    chair: ballot.chairParty,
  }
}
