import { isDay } from '#kernel/time'
import type { Agreement, Body } from './agreement-schema.ts'
import type { Fault, Path } from './agreement-faults.ts'

/** What an agreement says that contradicts itself, or that names what it does not hold. */
export function checkAgreement(rules: Agreement): Fault[] {
  const faults: Fault[] = []
  const refuse = (path: Path, code: string, values: Record<string, string>, reason: string) =>
    void faults.push({ path, code, values, reason })

  checkUniqueness(rules, refuse)
  checkEveryRule(rules, refuse)
  checkDates(rules, refuse)

  const parties = new Set(rules.parties.map(({ key }) => key))
  const bodies = new Map(rules.bodies.map((body) => [body.key, body]))
  const ballots = new Map(rules.ballots.map((ballot) => [ballot.key, ballot]))
  const needsParty = (path: Path, key: string | null) => {
    if (key !== null && !parties.has(key)) refuse(path, 'unknown_party', { key }, `“${key}” is not one of the parties.`)
  }
  const needsBody = (path: Path, key: string) => {
    if (!bodies.has(key)) refuse(path, 'unknown_body', { key }, `“${key}” is not one of the bodies.`)
  }
  const needsBallot = (path: Path, key: string, subject?: Agreement['ballots'][number]['subjects'][number]) => {
    const ballot = ballots.get(key)
    if (!ballot) refuse(path, 'unknown_ballot', { key }, `“${key}” is not one of the ballots.`)
    else if (subject && !ballot.subjects.includes(subject)) {
      refuse(path, 'ballot_subject', { key, subject }, `The ballot “${key}” is not for the subject ${subject}.`)
    }
  }

  for (const role of ['member', 'pilot'] as const) {
    if (!rules.parties.some(({ roles }) => roles.includes(role))) {
      refuse(['parties'], 'role_missing', { role }, `No party has the role ${role}.`)
    }
  }

  for (const [index, body] of rules.bodies.entries()) {
    const at = ['bodies', index]
    needsParty([...at, 'chairedBy'], body.chairedBy)
    needsParty([...at, 'convenedBy'], body.convenedBy)
    if (Array.isArray(body.composition.parties)) {
      for (const [i, key] of body.composition.parties.entries()) needsParty([...at, 'composition', 'parties', i], key)
    }
    if (Array.isArray(body.voters)) for (const [i, key] of body.voters.entries()) needsParty([...at, 'voters', i], key)
    checkVoices(rules, body, at, refuse)
    for (const [i, { body: other }] of body.preparedBy.entries()) {
      needsBody([...at, 'preparedBy', i, 'body'], other)
      if (prepares(bodies, body.key, other)) {
        const reason = `“${other}” cannot prepare “${body.key}”, which prepares it.`
        refuse([...at, 'preparedBy', i, 'body'], 'prepares_itself', { key: body.key, other }, reason)
      }
    }
  }

  for (const [index, ballot] of rules.ballots.entries()) {
    const at = ['ballots', index]
    needsBody([...at, 'body'], ballot.body)
    const body = bodies.get(ballot.body)
    const opinionOnly = ballot.subjects.every((subject) => subject === 'opinion')
    if (body?.kind === 'advisory' && !opinionOnly) {
      refuse([...at, 'subjects'], 'advisory_decides', { key: body.key }, `“${body.key}” can only give opinions.`)
    }
    if (body?.voters === 'none') {
      refuse([...at, 'body'], 'nobody_votes', { key: body.key }, `Nobody votes in “${body.key}”.`)
    }
    if (body?.voices === 'one' && ballot.weights === 'voices') {
      refuse([...at, 'weights'], 'voices_not_given', { key: body.key }, `“${body.key}” gives no voices to weigh by.`)
    }
    const ofPersons = ballot.subjects.every((subject) => subject === 'person' || subject === 'delegatedChair')
    if (ballot.method.kind === 'twoRounds' && !ofPersons) {
      refuse([...at, 'method'], 'rounds_of_persons', {}, 'A ballot in two rounds chooses a person.')
    }
    if (ballot.method.kind !== 'twoRounds' && ballot.tie === 'eldest') {
      refuse([...at, 'tie'], 'eldest_of_question', {}, 'A question has no age: the eldest cannot settle its tie.')
    }
    for (const [i, needed] of ballot.requires.entries()) {
      if (needed.kind === 'meeting') needsBody([...at, 'requires', i, 'body'], needed.body)
      if (needed.kind !== 'opinion') continue
      if (needed.of === 'everyAcademicAuthority') needsAcademicAuthority(rules, [...at, 'requires', i, 'of'], refuse)
      else needsParty([...at, 'requires', i, 'of'], needed.of)
    }
  }

  const { changes, membership, money } = rules
  if (changes) {
    needsParty(['changes', 'qualifiedBy'], changes.qualifiedBy)
    needsParty(['changes', 'sheetBy'], changes.sheetBy)
    if (changes.opinionOf === 'everyAcademicAuthority') needsAcademicAuthority(rules, ['changes', 'opinionOf'], refuse)
    else for (const [i, key] of changes.opinionOf.entries()) needsParty(['changes', 'opinionOf', i], key)
    needsBallot(['changes', 'structuringBallot'], changes.structuringBallot, 'structuringChange')
    if (changes.otherBallot !== null) needsBallot(['changes', 'otherBallot'], changes.otherBallot)
    const crisis = changes.crisis.body
    needsBody(['changes', 'crisis', 'body'], crisis)
    if (bodies.has(crisis) && bodies.get(crisis)?.kind !== 'crisis') {
      refuse(['changes', 'crisis', 'body'], 'not_crisis', { key: crisis }, `“${crisis}” is not a crisis body.`)
    }
  }
  needsBody(['membership', 'joining', 'approvedBy'], membership.joining.approvedBy)

  needsParty(['money', 'heldBy'], money.heldBy)
  needsBallot(['money', 'regularisation', 'votedBy'], money.regularisation.votedBy, 'regularisation')
  const uses = new Set<string>()
  for (const [index, sharing] of money.sharing.entries()) {
    const at = ['money', 'sharing', index]
    if (sharing.voicesOf !== undefined) needsBody([...at, 'voicesOf'], sharing.voicesOf)
    if ((sharing.by === 'voices') !== (sharing.voicesOf !== undefined)) {
      refuse(
        [...at, 'voicesOf'],
        'voices_of',
        { key: sharing.key },
        '“voicesOf” goes with “by: voices”, and only with it.',
      )
    }
    for (const [i, use] of sharing.usedFor.entries()) {
      if (uses.has(use)) refuse([...at, 'usedFor', i], 'two_keys', { use }, `Two sharing keys are used for ${use}.`)
      uses.add(use)
    }
  }

  const { services, deliverables } = rules
  if (services) {
    needsBody(['services', 'followedBy'], services.followedBy)
    needsBallot(['services', 'review', 'ballot'], services.review.ballot, 'impactDossier')
  }
  if (deliverables) {
    needsBallot(['deliverables', 'validation', 'ballot'], deliverables.validation.ballot, 'deliverableList')
    const { atLeast } = deliverables.acceptance
    const institutions = rules.parties.filter(({ roles }) => roles.includes('pilotInstitution')).length
    if (atLeast > institutions) {
      const reason = `${atLeast} pilot institutions cannot accept: the agreement has ${institutions}.`
      const values = { asked: String(atLeast), has: String(institutions) }
      refuse(['deliverables', 'acceptance', 'atLeast'], 'too_few_institutions', values, reason)
    }
  }
  return faults
}

type Refuse = (path: Path, code: string, values: Record<string, string>, reason: string) => void

function checkUniqueness(rules: Agreement, refuse: Refuse): void {
  const lists: [Path, string, string[]][] = [
    [['articles'], 'number', rules.articles.map(({ number }) => number)],
    [['parties'], 'key', rules.parties.map(({ key }) => key)],
    [['bodies'], 'key', rules.bodies.map(({ key }) => key)],
    [['ballots'], 'key', rules.ballots.map(({ key }) => key)],
    [['money', 'sharing'], 'key', rules.money.sharing.map(({ key }) => key)],
    [['services', 'phases'], 'key', rules.services?.phases.map(({ key }) => key) ?? []],
    [['review'], 'key', rules.review.map(({ key }) => key)],
  ]
  for (const [path, name, keys] of lists) {
    for (const [index, key] of keys.entries()) {
      if (keys.indexOf(key) < index) refuse([...path, index, name], 'twice', { key }, `“${key}” is there twice.`)
    }
  }
}

/** What every rule has: an article that exists, a period in its order, shares no greater than the whole. */
function checkEveryRule(rules: Agreement, refuse: Refuse): void {
  const articles = new Set(rules.articles.map(({ number }) => number))
  const walk = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) for (const [index, each] of value.entries()) walk(each, [...path, index])
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const rule: {
      article?: unknown
      validFrom?: unknown
      validUntil?: unknown
      share?: unknown
      comparator?: unknown
    } = value
    if (typeof rule.article === 'string' && !articles.has(rule.article)) {
      const { article } = rule
      refuse([...path, 'article'], 'unknown_article', { article }, `Article ${article} is not one of the articles.`)
    }
    const { validFrom, validUntil } = rule
    if (typeof validFrom === 'string' && typeof validUntil === 'string' && validUntil < validFrom) {
      refuse(
        [...path, 'validUntil'],
        'dates_order',
        { from: validFrom, until: validUntil },
        'It ends before it begins.',
      )
    }
    if (path.length > 0 && typeof validUntil === 'string' && validUntil < rules.validFrom) {
      const reason = `It ends before the agreement begins, on ${rules.validFrom}.`
      refuse([...path, 'validUntil'], 'dates_order', { from: rules.validFrom, until: validUntil }, reason)
    }
    if (typeof rule.share === 'string') {
      const [numerator = '', denominator = ''] = rule.share.split('/')
      const tooMuch = BigInt(numerator) > BigInt(denominator)
      if (tooMuch || (rule.comparator === '>' && BigInt(numerator) === BigInt(denominator))) {
        const reason = `A share of ${rule.share} can never be reached.`
        refuse([...path, 'share'], 'share_unreachable', { share: rule.share }, reason)
      }
    }
    for (const [name, each] of Object.entries(value)) walk(each, [...path, name])
  }
  walk(rules, [])
}

function checkDates(rules: Agreement, refuse: Refuse): void {
  // 2025 has no 29 February: a school year begins on a day that every year has.
  if (!isDay(`2025-${rules.schoolYear.beginsOn}`)) {
    const values = { got: rules.schoolYear.beginsOn }
    refuse(
      ['schoolYear', 'beginsOn'],
      'no_such_day',
      values,
      `${rules.schoolYear.beginsOn} is not a day of every year.`,
    )
  }
  for (const [index, { joinedOn, leavesOn, earlier = [] }] of rules.parties.entries()) {
    let left: string | undefined
    for (const [i, membership] of [...earlier, { joinedOn, leavesOn }].entries()) {
      const at = ['parties', index, ...(i < earlier.length ? ['earlier', i] : [])]
      const { joinedOn: from, leavesOn: until } = membership
      if (from !== undefined && until !== undefined && until < from) {
        refuse([...at, 'leavesOn'], 'dates_order', { from, until }, 'It leaves before it joins.')
      }
      if (left !== undefined && (from === undefined || from < left)) {
        const reason = `It joins again on a day from ${left} on, on which it had left.`
        refuse(from === undefined ? at : [...at, 'joinedOn'], 'joins_before_leaving', { left }, reason)
      }
      left = until
    }
  }
}

function checkVoices(rules: Agreement, body: Body, at: Path, refuse: Refuse): void {
  const members = rules.parties.filter(({ roles }) => roles.includes('member')).map(({ key }) => key)
  const voters = body.voters === 'everyMember' ? members : body.voters === 'none' ? [] : body.voters
  const seated = body.composition.parties
  const sits = (key: string) =>
    seated === 'everyParty' || (seated === 'everyMember' ? members.includes(key) : seated.includes(key))
  for (const key of voters) {
    if (!sits(key)) refuse([...at, 'voters'], 'voter_not_seated', { key }, `“${key}” votes without sitting there.`)
  }
  if (body.voices === 'one') {
    for (const [i, condition] of (body.quorum?.conditions ?? []).entries()) {
      if (condition.of !== 'voices') continue
      const reason = `“${body.key}” gives no voices to count.`
      refuse([...at, 'quorum', 'conditions', i, 'of'], 'voices_not_given', { key: body.key }, reason)
    }
    return
  }
  const given = body.voices.of
  for (const key of voters) {
    if (!(key in given)) refuse([...at, 'voices', 'of'], 'voices_missing', { key }, `“${key}” votes and has no voices.`)
  }
  for (const [key, voices] of Object.entries(given)) {
    if (!voters.includes(key)) {
      refuse([...at, 'voices', 'of', key], 'voices_without_vote', { key }, `“${key}” has voices and no vote.`)
    } else if (/^[0.,]+$/.test(voices)) {
      refuse([...at, 'voices', 'of', key], 'voices_zero', { key }, `“${key}” votes with no voice at all.`)
    }
  }
}

/** Whether `first` prepares `second`, straight or through others. */
function prepares(bodies: Map<string, Body>, first: string, second: string, seen = new Set<string>()): boolean {
  if (first === second) return true
  if (seen.has(second)) return false
  seen.add(second)
  return bodies.get(second)?.preparedBy.some(({ body }) => prepares(bodies, first, body, seen)) ?? false
}

function needsAcademicAuthority(rules: Agreement, path: Path, refuse: Refuse): void {
  if (rules.parties.some(({ roles }) => roles.includes('academicAuthority'))) return
  refuse(path, 'role_missing', { role: 'academicAuthority' }, 'No party has the role academicAuthority.')
}
