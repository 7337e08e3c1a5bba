import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import type { BallotRule, Body } from '../agreements/agreement-schema.ts'
import { listAmendmentBallots, listVotableAmendments } from '../agreements/amendments.ts'
import { type ChangeReadiness, findChangeReadiness } from '../changes/change-decisions.ts'
import { findBallotRule, listAdvisers } from '../changes/qualification.ts'
import { findPreparation } from '../bodies/preparation.ts'
import { addDays } from '../days.ts'
import { isListAwaited } from '../deliverables/list-decisions.ts'
import { findNextStep } from '../membership/joining-steps.ts'
import { listMembershipActs } from '../membership/membership.queries.ts'
import { listRegularisations } from '../money/proposals.queries.ts'
import { awaitsVote } from '../services/dossier-decisions.ts'
import { makeStep, type Step, tellDay, tellNames } from './step.ts'

/** What an agenda item is about, where the rules ask something of it. */
export interface Subject {
  kind: string | null
  id: string | null
  /** Whether it is decided, and not only advised on. */
  decides: boolean
}

/**
 * What must have happened before an agenda item is put to the vote: each a step that holds or not, with its article. What
 * the rule asks, and the meetings that prepare those of the body.
 */
export async function checkRequirements(
  tx: Tx,
  agreement: AgreementInForce,
  body: Body,
  rule: BallotRule,
  meeting: { id: string; day: Day },
  subject: Subject,
): Promise<Step[]> {
  const change =
    subject.kind === 'change' && subject.id !== null ? await findChangeReadiness(tx, agreement, subject.id) : undefined
  const steps: Step[] = []
  for (const requirement of rule.requires) {
    if (requirement.kind === 'opinion') steps.push(explainOpinions(agreement, requirement, change))
    else if (requirement.kind === 'configurationSheet') steps.push(explainSheet(requirement, change))
    else steps.push(await explainPreparation(tx, agreement, body, requirement, meeting))
  }
  for (const prepared of body.preparedBy) {
    const said = rule.requires.some(
      (each) => each.kind === 'meeting' && each.body === prepared.body && each.weeks >= prepared.weeks,
    )
    if (!said) steps.push(await explainPreparation(tx, agreement, body, prepared, meeting))
  }
  if (subject.decides && subject.id !== null) {
    const own = await findOwnRule(tx, agreement, { kind: subject.kind, id: subject.id }, change, rule)
    if (own && (!own.awaited || own.key !== rule.key)) steps.push(explainOwnRule(agreement, own))
  }
  return steps
}

/** By which rule the agreement lets a matter with a course of its own be decided. */
interface OwnRule {
  /** Undefined when no vote decides it. */
  key: string | undefined
  article: string
  /** Whether the matter is there, in this agreement, and where a vote comes next. */
  awaited: boolean
}

/** The rule of a matter that a vote moves on; undefined for one that has no course of its own. */
async function findOwnRule(
  tx: Tx,
  agreement: AgreementInForce,
  subject: { kind: string | null; id: string },
  change: ChangeReadiness | undefined,
  rule: BallotRule,
): Promise<OwnRule | undefined> {
  const { id: agreementId, rules } = agreement
  if (change && rules.changes) {
    const key = findBallotRule(rules, change.structuring === true)?.key
    return { key, article: rules.changes.article, awaited: change.structuring !== null }
  }
  if (subject.kind === 'joining') {
    const { article, approvedBy, steps } = rules.membership.joining
    const key = rules.ballots.find(({ body, subjects }) => body === approvedBy && subjects.includes('joining'))?.key
    const act = (await listMembershipActs(tx, agreementId)).find(
      ({ id, kind }) => id === subject.id && kind === 'joining',
    )
    return { key, article, awaited: act !== undefined && findNextStep(steps, act.state) === 'approval' }
  }
  if (subject.kind === 'regularisation') {
    const { article, votedBy } = rules.money.regularisation
    const proposed = (await listRegularisations(tx, agreementId)).some(
      ({ id, state }) => id === subject.id && state === 'proposed',
    )
    return { key: votedBy, article, awaited: proposed }
  }
  if (subject.kind === 'amendment') {
    // Any of the rules for amendments, if there are several.
    const ballots = listAmendmentBallots(rules)
    const own = ballots.find(({ key }) => key === rule.key) ?? ballots[0]
    const votable = (await listVotableAmendments(tx, agreement)).some(({ id }) => id === subject.id)
    return { key: own?.key, article: (own ?? rule).article, awaited: votable }
  }
  if (subject.kind === 'impactDossier' && rules.services) {
    const { article, ballot } = rules.services.review
    return { key: ballot, article, awaited: await awaitsVote(tx, agreementId, subject.id) }
  }
  if (subject.kind === 'deliverableList' && rules.deliverables) {
    const { article, ballot } = rules.deliverables.validation
    return { key: ballot, article, awaited: await isListAwaited(tx, agreementId, subject.id) }
  }
  return undefined
}

function explainOwnRule({ rules }: AgreementInForce, { key, article, awaited }: OwnRule): Step {
  const name = rules.ballots.find((each) => each.key === key)?.name
  const text = !awaited
    ? { fr: 'Ce sur quoi porte le vote n’attend pas de vote.', en: 'What the vote is about awaits no vote.' }
    : name === undefined
      ? { fr: 'Aucun vote n’en décide.', en: 'No vote decides on it.' }
      : { fr: `La règle de vote est : ${name}.`, en: `The ballot rule for this is: ${name}.` }
  return makeStep({ key: 'requires.rule', text, cited: { article }, holds: false })
}

type Cited = { article: string; interpretation?: string | undefined }

function explainOpinions(
  { rules }: AgreementInForce,
  requirement: Cited & { of: string },
  change: ChangeReadiness | undefined,
): Step {
  const asked =
    requirement.of === 'everyAcademicAuthority'
      ? rules.parties.filter(({ roles }) => roles.includes('academicAuthority')).map(({ key }) => key)
      : [requirement.of]
  const given = change ? listAdvisers(rules).filter((party) => !change.missingOpinions.includes(party)) : []
  const missing = asked.filter((party) => !given.includes(party))
  const names = (parties: string[]) =>
    tellNames(rules.parties.filter(({ key }) => parties.includes(key)).map(({ name }) => name))
  const text =
    missing.length === 0
      ? { fr: `Avis demandés et rendus : ${names(asked)}.`, en: `Opinions asked for and given: ${names(asked)}.` }
      : { fr: `Il manque l’avis de : ${names(missing)}.`, en: `The opinion is missing of: ${names(missing)}.` }
  const figures = { asked: asked.length, missing: missing.length }
  return makeStep({ key: 'requires.opinion', text, figures, cited: requirement, holds: missing.length === 0 })
}

function explainSheet(requirement: Cited, change: ChangeReadiness | undefined): Step {
  const holds = change?.sheet === true
  const text = holds
    ? { fr: 'La fiche de configuration est remise.', en: 'The configuration sheet is submitted.' }
    : { fr: 'Il manque la fiche de configuration.', en: 'The configuration sheet is missing.' }
  return makeStep({ key: 'requires.configurationSheet', text, cited: requirement, holds })
}

async function explainPreparation(
  tx: Tx,
  agreement: AgreementInForce,
  body: Body,
  requirement: Cited & { body: string; weeks: number },
  meeting: { id: string; day: Day },
): Promise<Step> {
  const limit = addDays(meeting.day, -7 * requirement.weeks)
  const held = await findPreparation(
    tx,
    agreement.id,
    { ...meeting, body: body.key },
    { body: requirement.body, limit, counting: ['closed'] },
  )
  const by = agreement.rules.bodies.find(({ key }) => key === requirement.body)?.shortName ?? requirement.body
  const last = tellDay(limit)
  const on = held === undefined ? undefined : tellDay(held)
  const text = on
    ? {
        fr: `Réunion préparatoire (${by}) tenue le ${on.fr}, au plus tard le ${last.fr} : ${requirement.weeks} semaines avant.`,
        en: `Preparatory meeting (${by}) held on ${on.en}, by ${last.en}: ${requirement.weeks} weeks before.`,
      }
    : {
        fr: `Il manque la réunion préparatoire (${by}), au plus tard le ${last.fr} : ${requirement.weeks} semaines avant.`,
        en: `The preparatory meeting (${by}) is missing, by ${last.en}: ${requirement.weeks} weeks before.`,
      }
  return makeStep({
    key: 'requires.meeting',
    text,
    figures: { weeks: requirement.weeks, limit, ...(held === undefined ? {} : { held }) },
    cited: requirement,
    holds: held !== undefined,
  })
}
