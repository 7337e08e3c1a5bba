import { LineCounter, parseDocument } from 'yaml'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { lockJournal } from '../journal/journal-lock.ts'
import { requireManager, type Standing } from '../standing.ts'
import { changedParts, compareAgreements, type RuleChange, writeRule } from './agreement-diff.ts'
import { rewriteAgreement } from './agreement-draft.ts'
import { locateFault, type LocatedFault } from './agreement-faults.ts'
import { getLastVersion, getVersion, type Version } from './agreements.queries.ts'
import { findProposal, proposeAmendment, withdrawAmendment } from './amendments.ts'
import { type Amendment, findAmendment } from './amendments.queries.ts'
import { type Conflict, mergeAgreements, readRuleKey } from './merge-agreements.ts'
import { checkAgreementText, refuseAgreement } from './read-agreement.ts'

/** A rule on which an amendment and the last version disagree, and where each says so. */
export interface NamedConflict extends Pick<RuleChange, 'part' | 'key' | 'name' | 'field' | 'article'> {
  /** In the words of the file; null for what is not there. */
  base: string | null
  proposed: string | null
  present: string | null
  /** Of the amendment's file and of the last version's, from 1; of what is around, where the rule is not there. */
  proposedLine: number
  presentLine: number
}

export interface CarryingOver {
  /** Version onto which it is carried: the last one. */
  onto: number
  /** The file that the amendment would be; where there are conflicts, it says what the last version does. */
  source: string
  /** Of the last version. */
  changes: RuleChange[]
  conflicts: NamedConflict[]
  /** What makes that file none of an agreement. */
  faults: LocatedFault[]
  /** Proposal that was made of it already, awaiting its vote. */
  carriedOver: number | null
}

/**
 * What an amendment that another version overtook comes to when its own change is made of that version.
 * @throws Problem 409 `amendment_settled` for one that was adopted, rejected or withdrawn; `amendment_not_overtaken`.
 */
export async function planCarryingOver(
  tx: Tx,
  agreementId: string,
  amendment: Amendment & { source: string },
): Promise<CarryingOver> {
  const { state, basedOn, source } = amendment
  if (state !== 'proposed' && state !== 'stale')
    throw new Problem(409, 'amendment_settled', `The amendment is ${state}.`, { state })
  const last = await getLastVersion(tx, agreementId)
  if (basedOn === last.number)
    throw new Problem(409, 'amendment_not_overtaken', 'The amendment was written from the last version.')
  const onto = last.number
  const read = checkAgreementText(source)
  // Rules have been added since, which a file of then does not know.
  if ('faults' in read) return { onto, source, changes: [], conflicts: [], faults: read.faults, carriedOver: null }
  const base = await getVersion(tx, agreementId, basedOn)
  const { rules, conflicts } = mergeAgreements(base.rules, read.rules, last.rules)
  const merged = rewriteAgreement(last.source, rules)
  const checked = checkAgreementText(merged)
  return {
    onto,
    source: merged,
    changes: 'rules' in checked ? compareAgreements(last.rules, checked.rules) : [],
    conflicts: nameConflicts(conflicts, { source, rules: read.rules }, last),
    faults: 'faults' in checked ? checked.faults : [],
    carriedOver: await findProposal(tx, agreementId, onto, merged),
  }
}

/**
 * Proposes an amendment again, its own change made of the last version. One that still awaited a vote is withdrawn.
 * @param onto version that the reader looked at
 * @returns number of the new proposal.
 * @throws Problem 403 `not_allowed`; 404 `amendment_not_found`; 409 as `planCarryingOver`, `amendment_conflicts`,
 *   `amendment_holds` when the last version says all of it already, `amendment_carried_over`, `amendment_voted`; as
 *   `proposeAmendment`.
 */
export async function carryOver(
  tx: Tx,
  standing: Standing,
  number: number,
  onto: number,
  now: Date,
): Promise<{ number: number }> {
  requireManager(standing)
  const { id: agreementId } = standing.agreement
  await lockJournal(tx, agreementId)
  const amendment = await findAmendment(tx, agreementId, number)
  if (!amendment) throw new Problem(404, 'amendment_not_found', 'There is no such amendment.')
  const plan = await planCarryingOver(tx, agreementId, amendment)
  const { conflicts, faults, changes, source } = plan
  if (conflicts.length > 0) {
    const detail = `The last version changes ${conflicts.length} of the same rules.`
    throw new Problem(409, 'amendment_conflicts', detail, { conflicts })
  }
  if (faults.length > 0) throw refuseAgreement(faults)
  if (changes.every(({ part, field }) => part === 'agreement' && field[0] === 'validFrom'))
    throw new Problem(409, 'amendment_holds', `Version ${plan.onto} says all that the amendment does.`)
  if (plan.carriedOver !== null) {
    const detail = `It is proposed again already, as amendment ${plan.carriedOver}.`
    throw new Problem(409, 'amendment_carried_over', detail, { number: plan.carriedOver })
  }
  if (amendment.state === 'proposed') await withdrawAmendment(tx, standing, number, now)
  return proposeAmendment(tx, standing, { source, reason: amendment.reason, basedOn: onto, carriedFrom: number }, now)
}

function nameConflicts(
  conflicts: Conflict[],
  amendment: Pick<Version, 'source' | 'rules'>,
  last: Version,
): NamedConflict[] {
  const proposedLine = findLines(amendment)
  const presentLine = findLines(last)
  return conflicts
    .map(({ path, base, proposed, present }) => ({
      ...placeOf(path, amendment.rules, last.rules),
      base: writeRule(base),
      proposed: writeRule(proposed),
      present: writeRule(present),
      proposedLine: proposedLine(path),
      presentLine: presentLine(path),
    }))
    .toSorted((a, b) => a.presentLine - b.presentLine)
}

/** Where a rule is, as the comparison of versions says it; named as in the last of the sides. */
function placeOf(path: string[], ...sides: unknown[]): Pick<RuleChange, 'part' | 'key' | 'name' | 'field' | 'article'> {
  const [first, second] = path
  const part =
    first === 'money' && second === 'sharing' ? 'sharing' : (changedParts.find((each) => each === first) ?? 'agreement')
  const own = part === 'agreement' ? path : path.slice(part === 'sharing' ? 2 : 1)
  const walks = sides.map((side) => walk(side, path))
  const keyed = walks.flatMap(({ steps }) => steps).some(({ index }) => index !== undefined)
  const among = walks.flatMap(({ steps }) => steps.map(({ value }) => value)).filter((value) => value !== undefined)
  const textOf = (value: unknown, name: string) => {
    const text = typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name) : []
    return typeof text?.[1] === 'string' ? text[1] : undefined
  }
  const thing = among.findLast((value) => readRuleKey(value) === own[0])
  return {
    part,
    key: keyed ? (own[0] ?? null) : null,
    name: keyed ? (textOf(thing, 'name') ?? textOf(thing, 'title') ?? null) : null,
    field: keyed ? own.slice(1) : own,
    article: among.map((value) => textOf(value, 'article')).findLast((article) => article !== undefined) ?? null,
  }
}

/** What one meets on a path: each value, with its place where it is in a list. */
function walk(rules: unknown, path: string[]) {
  let value = rules
  const steps = path.map((step) => {
    const index = Array.isArray(value) ? value.findIndex((each) => readRuleKey(each) === step) : undefined
    if (Array.isArray(value)) value = value[index ?? 0]
    else value = typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(step) : undefined
    return { step, index, value }
  })
  return { steps }
}

/** Tells on which line of a file a rule is, or what is nearest around it. */
function findLines({ source, rules }: Pick<Version, 'source' | 'rules'>): (path: string[]) => number {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  return (path) => {
    const places = walk(rules, path).steps.map(({ step, index }) => index ?? step)
    const missing = places.indexOf(-1)
    const known = missing === -1 ? places : places.slice(0, missing)
    return locateFault(document, lines, { path: known, code: '', values: {}, reason: '' }).line
  }
}
