import type { Rules } from './agreement.ts'

/** How a rule is asked for in the form: the same structure as the file. Each can be asked for where a rule may be absent. */
export type Shape =
  | { kind: 'text'; long?: boolean }
  | { kind: 'number' }
  | { kind: 'yesNo' }
  | { kind: 'choice'; of: readonly string[] }
  /** One of the parties, bodies…; or one of a few words besides. */
  | { kind: 'one'; of: Named; besides?: readonly string[] }
  | { kind: 'several'; of: Named | readonly string[]; besides?: readonly string[] }
  | { kind: 'voices' }
  | { kind: 'group'; fields: Fields }
  | { kind: 'list'; item: Shape; fresh: Record<string, unknown> }
  /** One of several structures, told apart by a word. */
  | { kind: 'either'; by: string; of: Record<string, { fields: Fields; fresh: Record<string, unknown> }> }

export type Named = 'parties' | 'bodies' | 'ballots' | 'articles'

/** `absent`: what stands for no such rule. `fresh`: what it begins as. */
export interface FieldShape {
  shape: Shape
  absent?: null | 'omitted'
  fresh?: unknown
}
export type Fields = Record<string, FieldShape>

const text = { shape: { kind: 'text' } } as const satisfies FieldShape
const long = { shape: { kind: 'text', long: true } } as const satisfies FieldShape
const number = { shape: { kind: 'number' } } as const satisfies FieldShape
const yesNo = { shape: { kind: 'yesNo' } } as const satisfies FieldShape
const optional = (field: FieldShape): FieldShape => ({ ...field, absent: 'omitted' })
const nullable = (field: FieldShape, fresh: unknown): FieldShape => ({ ...field, absent: null, fresh })
const choice = (...of: string[]): FieldShape => ({ shape: { kind: 'choice', of } })
const one = (of: Named, ...besides: string[]): FieldShape => ({ shape: { kind: 'one', of, besides } })
const several = (of: Named | readonly string[], ...besides: string[]): FieldShape => ({
  shape: { kind: 'several', of, besides },
})
const group = (fields: Fields): FieldShape => ({ shape: { kind: 'group', fields } })
const list = (fields: Fields, fresh: Record<string, unknown>): FieldShape => ({
  shape: { kind: 'list', item: { kind: 'group', fields }, fresh },
})

const article = one('articles')
const interpretation = optional(long)
const cited = { article, interpretation }
const comparator = choice('>=', '>')
const base = choice('cast', 'presentOrRepresented', 'all')
const count = { per: choice('schoolYear', 'calendarYear', 'halfYear', 'quarter', 'month'), atLeast: number }

const quorum = group({
  ...cited,
  conditions: list(
    { of: choice('members', 'pupils', 'voices'), comparator, share: text },
    { of: 'members', comparator: '>=', share: '1/2' },
  ),
  counts: choice('present', 'presentOrRepresented'),
  secondConvening: nullable(group({ afterDays: number, quorum: choice('none', 'same') }), {
    afterDays: 3,
    quorum: 'none',
  }),
})

const body: Fields = {
  key: text,
  shortName: text,
  name: text,
  kind: choice('deciding', 'advisory', 'crisis'),
  ...cited,
  chairedBy: nullable(one('parties'), ''),
  convenedBy: one('parties'),
  composition: group({
    ...cited,
    parties: several('parties', 'everyMember', 'everyParty'),
    mostPersonsPerParty: nullable(number, 1),
    deputies: yesNo,
    proxies: nullable(group({ mostReceived: number }), { mostReceived: 1 }),
  }),
  voters: several('parties', 'everyMember', 'none'),
  voices: { shape: { kind: 'voices' } },
  quorum: nullable(quorum, { article: '', conditions: [], counts: 'present', secondConvening: null }),
  frequency: nullable(
    group({ ...cited, ...count, strictly: nullable(group(count), { per: 'schoolYear', atLeast: 1 }) }),
    { article: '', per: 'schoolYear', atLeast: 1, strictly: null },
  ),
  notice: nullable(group({ ...cited, days: number, urgentDays: nullable(number, 2) }), {
    article: '',
    days: 15,
    urgentDays: null,
  }),
  preparedBy: list(
    { article, body: one('bodies'), weeks: number, interpretation },
    { article: '', body: '', weeks: 3 },
  ),
}

const ballot: Fields = {
  key: text,
  name: text,
  ...cited,
  body: one('bodies'),
  subjects: several([
    'person',
    'ordinary',
    'structuringChange',
    'regularisation',
    'delegatedChair',
    'joining',
    'opinion',
    'amendment',
    'impactDossier',
    'deliverableList',
  ]),
  method: {
    shape: {
      kind: 'either',
      by: 'kind',
      of: {
        yesNoAbstain: {
          fields: { base, comparator, share: text },
          fresh: { kind: 'yesNoAbstain', base: 'cast', comparator: '>', share: '1/2' },
        },
        twoRounds: {
          fields: { first: group({ base, comparator, share: text }), second: group({ keeps: number }) },
          fresh: { kind: 'twoRounds', first: { base: 'cast', comparator: '>', share: '1/2' }, second: { keeps: 2 } },
        },
      },
    },
  },
  weights: choice('one', 'voices'),
  tie: choice('rejected', 'chairDecides', 'eldest', 'newMeeting'),
  requires: {
    shape: {
      kind: 'list',
      item: {
        kind: 'either',
        by: 'kind',
        of: {
          meeting: {
            fields: { ...cited, body: one('bodies'), weeks: number },
            fresh: { article: '', kind: 'meeting', body: '', weeks: 3 },
          },
          opinion: {
            fields: { ...cited, of: one('parties', 'everyAcademicAuthority') },
            fresh: { article: '', kind: 'opinion', of: 'everyAcademicAuthority' },
          },
          configurationSheet: { fields: cited, fresh: { article: '', kind: 'configurationSheet' } },
        },
      },
      fresh: { article: '', kind: 'configurationSheet' },
    },
  },
}

const sharing: Fields = {
  key: text,
  name: text,
  ...cited,
  among: choice('everyMember', 'votersInFavour', 'oneMember', 'orderingMembers'),
  by: choice('voices', 'pupils', 'heads', 'ordered'),
  voicesOf: optional(one('bodies')),
  usedFor: several([
    'structuringChange',
    'electiveChange',
    'separableChange',
    'sharedService',
    'individualService',
    'regularisation',
  ]),
}

const departure = (effective: string) =>
  group({ ...cited, noticeMonths: number, effective: choice(effective), shiftsToWorkingDay: yesNo })

/** A part of the agreement: either a list of things with a key, one shown at a time, or one group of rules. */
export interface FormPart {
  key: string
  /** Where it stands in the file. */
  path: readonly string[]
  fields: Fields
  /** Of a list: what a new one begins as. */
  fresh?: Record<string, unknown>
  /** Of rules that an agreement may do without: what stands for none, and what they begin as. */
  absence?: { absent: null | 'omitted'; begun: Record<string, unknown> }
}

/** The parts of the form, in the order of the file. */
export const formParts: readonly FormPart[] = [
  {
    key: 'agreement',
    path: [],
    fields: {
      title: text,
      numbering: long,
      validFrom: text,
      validUntil: nullable(text, ''),
      schoolYear: group({ beginsOn: text }),
    },
  },
  {
    key: 'articles',
    path: ['articles'],
    fields: { number: text, title: text, text: long },
    fresh: { number: '', title: '', text: '' },
  },
  {
    key: 'parties',
    path: ['parties'],
    fields: {
      key: text,
      name: text,
      kind: choice(
        'region',
        'department',
        'syndicate',
        'municipality',
        'academicAuthority',
        'university',
        'agency',
        'company',
      ),
      roles: several(['member', 'pilot', 'coordinator', 'academicAuthority', 'contractor', 'pilotInstitution']),
      siret: optional(text),
      joinedOn: optional(text),
      leavesOn: optional(text),
      earlier: {
        ...list({ joinedOn: optional(text), leavesOn: text }, { leavesOn: '' }),
        absent: 'omitted',
        fresh: [],
      },
      interpretation,
    },
    fresh: { key: '', name: '', kind: 'department', roles: ['member'] },
  },
  {
    key: 'bodies',
    path: ['bodies'],
    fields: body,
    fresh: {
      key: '',
      article: '',
      shortName: '',
      name: '',
      kind: 'advisory',
      chairedBy: null,
      convenedBy: '',
      composition: { article: '', parties: 'everyMember', mostPersonsPerParty: null, deputies: true, proxies: null },
      voters: 'everyMember',
      voices: 'one',
      quorum: null,
      frequency: null,
      notice: null,
      preparedBy: [],
    },
  },
  {
    key: 'ballots',
    path: ['ballots'],
    fields: ballot,
    fresh: {
      key: '',
      article: '',
      name: '',
      body: '',
      subjects: ['ordinary'],
      method: { kind: 'yesNoAbstain', base: 'cast', comparator: '>', share: '1/2' },
      weights: 'one',
      tie: 'rejected',
      requires: [],
    },
  },
  {
    key: 'changes',
    path: ['changes'],
    fields: {
      ...cited,
      qualifiedBy: one('parties'),
      alwaysStructuring: several(['paid', 'wholeEstablishment', 'technicalFrame']),
      sheetBy: one('parties'),
      opinionOf: several('parties', 'everyAcademicAuthority'),
      opinionWithinDays: nullable(number, 30),
      structuringBallot: one('ballots'),
      otherBallot: nullable(one('ballots'), ''),
      missed: group({ ...cited, priceReduction: yesNo, rollBackAtNoCost: yesNo }),
      crisis: group({ ...cited, body: one('bodies') }),
    },
    absence: {
      absent: null,
      begun: {
        article: '',
        qualifiedBy: '',
        alwaysStructuring: ['paid'],
        sheetBy: '',
        opinionOf: [],
        opinionWithinDays: null,
        structuringBallot: '',
        otherBallot: null,
        missed: { article: '', priceReduction: true, rollBackAtNoCost: true },
        crisis: { article: '', body: '', informs: 'everyParty', costNeedsConsent: true },
      },
    },
  },
  {
    key: 'membership',
    path: ['membership'],
    fields: {
      joining: group({
        ...cited,
        approvedBy: one('bodies'),
        steps: several(['request', 'examination', 'approval', 'deliberationOfEveryMember', 'amendmentSigned']),
      }),
      leaving: departure('nextSchoolYear'),
      termination: departure('endOfSchoolYear'),
    },
  },
  {
    key: 'sharing',
    path: ['money', 'sharing'],
    fields: sharing,
    fresh: { key: '', article: '', name: '', among: 'everyMember', by: 'pupils', usedFor: [] },
  },
  {
    key: 'money',
    path: ['money'],
    fields: {
      heldBy: one('parties'),
      regularisation: group({ ...cited, votedBy: one('ballots') }),
      balance: group({ ...cited, per: choice('schoolYear', 'calendarYear') }),
      staff: nullable(group({ ...cited, per: choice('halfYear', 'year'), environmentBasisPoints: number }), {
        article: '',
        per: 'halfYear',
        environmentBasisPoints: 800,
      }),
      advances: nullable(group({ ...cited, unspentIsRefunded: yesNo }), { article: '', unspentIsRefunded: true }),
    },
  },
  {
    key: 'services',
    path: ['services'],
    fields: {
      ...cited,
      phases: list({ key: text, name: text }, { key: '', name: '' }),
      followedBy: one('bodies'),
      review: group({ ...cited, ballot: one('ballots'), everyMonths: number }),
    },
    absence: {
      absent: 'omitted',
      begun: {
        article: '',
        phases: [{ key: '', name: '' }],
        followedBy: '',
        review: { article: '', ballot: '', everyMonths: 6 },
      },
    },
  },
  {
    key: 'deliverables',
    path: ['deliverables'],
    fields: {
      ...cited,
      validation: group({ ...cited, ballot: one('ballots') }),
      acceptance: group({ ...cited, atLeast: number, trialDays: number }),
      transfer: nullable(group({ ...cited, withinDays: nullable(number, 60) }), { article: '', withinDays: null }),
    },
    absence: {
      absent: 'omitted',
      begun: {
        article: '',
        validation: { article: '', ballot: '' },
        acceptance: { article: '', atLeast: 1, trialDays: 0 },
        transfer: null,
      },
    },
  },
  {
    key: 'review',
    path: ['review'],
    fields: { key: text, name: text, per: choice('schoolYear', 'calendarYear', 'halfYear'), ...cited },
    fresh: { key: '', article: '', name: '', per: 'schoolYear' },
  },
]

/** An agreement while it is written: what it will be checked as is for the server to say. */
export type Content = Record<string, unknown>

/** Names to choose from, as the content has them. */
export function listNamed(content: Content, of: Named): { value: string; label: string }[] {
  const items = content[of]
  if (!Array.isArray(items)) return []
  return (items as Partial<Rules['articles'][number] & Rules['parties'][number]>[]).map(
    ({ key, number: place, name, title }) => ({
      value: String(key ?? place ?? ''),
      label: place === undefined ? String(name ?? key ?? '') : `${place}. ${title ?? ''}`,
    }),
  )
}

export function readPath(content: unknown, path: readonly (string | number)[]): unknown {
  let value = content
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

/** The content with a value in one place; `undefined` takes it away. */
export function writePath(content: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(content)) {
    const items = [...content]
    if (value === undefined && rest.length === 0) items.splice(Number(step), 1)
    else items[Number(step)] = writePath(items[Number(step)], rest, value)
    return items
  }
  const { [step]: former, ...others } = (content ?? {}) as Record<string, unknown>
  if (value === undefined && rest.length === 0) return others
  return { ...(content as object), [step]: writePath(former, rest, value) }
}
