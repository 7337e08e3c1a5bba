import { z } from 'zod'

// Every rule of an agreement is typed here, and none has a default: what a text does not say is written down as an
// interpretation by those who decide it, never assumed by the program.

/** How texts are written, by the code of what refuses another writing. */
export const formats = {
  not_key: 'lower-case letters, digits and hyphens, beginning with a letter',
  not_fraction: 'a fraction such as 4/5',
  not_voices: "a number of voices between quotes, such as '4.5'",
  not_month_day: 'a month and a day, MM-DD',
  not_siret: 'the 14 digits of a SIRET',
}

const key = z.string().regex(/^[a-z][a-z0-9-]*$/, formats.not_key)
const day = z.iso.date()

/** A share of a whole, exact: `4/5`. */
const fraction = z
  .string()
  .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, formats.not_fraction)
  .describe('exact: numerator/denominator')

/** A number of voices, exact: `1`, `4.5`. Written between quotes, so that no decimal is ever rounded. */
const voices = z
  .string()
  .regex(/^\d{1,6}([.,]\d{1,3})?$/, formats.not_voices)
  .describe('exact decimal')

/** What ties a rule to the text it comes from. */
const cited = {
  article: z.string().min(1).describe('number of one of the articles of this agreement'),
  /** What the text leaves open and the members have settled: said wherever the rule is shown. */
  interpretation: z.string().min(1).optional(),
  /** From when to when the rule holds, within the version; absent: as long as the version. */
  validFrom: day.optional(),
  validUntil: day.optional(),
}

const comparator = z.enum(['>=', '>'])

const article = z.strictObject({
  number: z.string().min(1).max(20),
  title: z.string().min(1).max(200),
  text: z.string().min(1).max(20_000),
})

export const partyRoles = [
  'member',
  'pilot',
  'coordinator',
  'academicAuthority',
  'contractor',
  'pilotInstitution',
] as const

export const partyKinds = [
  'region',
  'department',
  'syndicate',
  'municipality',
  'academicAuthority',
  'university',
  'agency',
  'company',
] as const

const party = z.strictObject({
  key,
  name: z.string().min(1).max(200),
  kind: z.enum(partyKinds),
  roles: z.array(z.enum(partyRoles)).min(1),
  /** 14 digits, where the party has one. */
  siret: z
    .string()
    .regex(/^\d{14}$/, formats.not_siret)
    .optional(),
  /** First day as a party, and first day on which it is none any more; absent: as long as the agreement. */
  joinedOn: day.optional(),
  leavesOn: day.optional(),
  /** Memberships that ended before the party joined again, in their order. */
  earlier: z.array(z.strictObject({ joinedOn: day.optional(), leavesOn: day })).optional(),
  interpretation: z.string().min(1).optional(),
})

const quorumCondition = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('members'), comparator, share: fraction }),
  z.strictObject({ of: z.literal('pupils'), comparator, share: fraction }),
  z.strictObject({ of: z.literal('voices'), comparator, share: fraction }),
])

const quorum = z.strictObject({
  ...cited,
  /** All must hold. */
  conditions: z.array(quorumCondition).min(1),
  counts: z.enum(['present', 'presentOrRepresented']).describe('whether a proxy counts'),
  secondConvening: z
    .strictObject({ afterDays: z.int().min(0), quorum: z.enum(['none', 'same']) })
    .nullable()
    .describe('null: the text knows none'),
})

const body = z.strictObject({
  ...cited,
  key,
  shortName: z.string().min(1).max(30),
  name: z.string().min(1).max(200),
  /** An advisory body gives opinions only; a crisis body decides at once, without a cost to anyone. */
  kind: z.enum(['deciding', 'advisory', 'crisis']),
  chairedBy: key.nullable().describe('party; null: chosen at each meeting'),
  convenedBy: key.describe('party'),
  composition: z.strictObject({
    ...cited,
    parties: z.union([z.literal('everyMember'), z.literal('everyParty'), z.array(key).min(1)]),
    mostPersonsPerParty: z.int().min(1).nullable(),
    /** Whether a holder away may be replaced by a deputy of the same party. */
    deputies: z.boolean(),
    /** Whether a party away may be represented by another, and by how many at most that other. */
    proxies: z.strictObject({ mostReceived: z.int().min(1) }).nullable(),
  }),
  voters: z.union([z.literal('everyMember'), z.literal('none'), z.array(key).min(1)]),
  /** Voices of each voter; `one`: one each. */
  voices: z.union([z.literal('one'), z.strictObject({ ...cited, of: z.record(key, voices) })]),
  quorum: quorum.nullable(),
  frequency: z
    .strictObject({
      ...cited,
      per: z.enum(['schoolYear', 'calendarYear', 'halfYear', 'quarter', 'month']),
      atLeast: z.int().min(1),
      /** What must be kept when the above is only meant: a lateness, not a breach, in between. */
      strictly: z
        .strictObject({
          per: z.enum(['schoolYear', 'calendarYear', 'halfYear', 'quarter', 'month']),
          atLeast: z.int().min(1),
        })
        .nullable(),
    })
    .nullable()
    .describe('null: on demand'),
  notice: z
    .strictObject({ ...cited, days: z.int().min(0), urgentDays: z.int().min(0).nullable() })
    .nullable()
    .describe('days between the convening and the meeting; null: the text sets none'),
  /** Meetings of another body that must come before each meeting, and how long before. */
  preparedBy: z.array(z.strictObject({ ...cited, body: key, weeks: z.int().min(0) })),
})

const ballotSubjects = [
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
] as const

const ballotRule = z.strictObject({
  ...cited,
  key,
  name: z.string().min(1).max(200),
  body: key,
  subjects: z.array(z.enum(ballotSubjects)).min(1),
  method: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('twoRounds'),
      /** First round: more than half of the votes cast. */
      first: z.strictObject({ base: z.enum(['cast', 'presentOrRepresented', 'all']), comparator, share: fraction }),
      /** Who goes on to the second, where the most votes win. */
      second: z.strictObject({ keeps: z.union([z.literal('all'), z.int().min(2)]) }),
    }),
    z.strictObject({
      kind: z.literal('yesNoAbstain'),
      base: z.enum(['cast', 'presentOrRepresented', 'all']),
      comparator,
      share: fraction,
    }),
  ]),
  weights: z.enum(['one', 'voices']).describe('heads, or the voices of the body'),
  tie: z.enum(['rejected', 'chairDecides', 'eldest', 'newMeeting']),
  /** Without which no vote is opened. */
  requires: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ ...cited, kind: z.literal('opinion'), of: z.union([z.literal('everyAcademicAuthority'), key]) }),
      z.strictObject({ ...cited, kind: z.literal('meeting'), body: key, weeks: z.int().min(0) }),
      z.strictObject({ ...cited, kind: z.literal('configurationSheet') }),
    ]),
  ),
})

const sharingKey = z.strictObject({
  ...cited,
  key,
  name: z.string().min(1).max(200),
  /** Who pays. */
  among: z.enum(['everyMember', 'votersInFavour', 'oneMember', 'orderingMembers']),
  /** In proportion to what. */
  by: z.enum(['voices', 'pupils', 'heads', 'ordered']),
  /** Body whose voices count, where they do. */
  voicesOf: key.optional(),
  usedFor: z
    .array(
      z.enum([
        'structuringChange',
        'electiveChange',
        'separableChange',
        'sharedService',
        'individualService',
        'regularisation',
      ]),
    )
    .min(1),
})

const changes = z.strictObject({
  ...cited,
  qualifiedBy: key.describe('party'),
  /** Answers that make a change structuring, whatever anyone wishes. */
  alwaysStructuring: z.array(z.enum(['paid', 'wholeEstablishment', 'technicalFrame'])).min(1),
  sheetBy: key.describe('party that writes the configuration sheet'),
  opinionOf: z.union([z.literal('everyAcademicAuthority'), z.array(key)]),
  opinionWithinDays: z.int().min(1).nullable().describe('after which silence is noted as such; null: no term'),
  structuringBallot: key,
  otherBallot: key.nullable().describe('null: the pilot decides'),
  missed: z.strictObject({ ...cited, priceReduction: z.boolean(), rollBackAtNoCost: z.boolean() }),
  crisis: z.strictObject({ ...cited, body: key, informs: z.literal('everyParty'), costNeedsConsent: z.literal(true) }),
})

const membership = z.strictObject({
  joining: z.strictObject({
    ...cited,
    approvedBy: key.describe('body'),
    steps: z
      .array(z.enum(['request', 'examination', 'approval', 'deliberationOfEveryMember', 'amendmentSigned']))
      .min(1),
  }),
  leaving: z.strictObject({
    ...cited,
    noticeMonths: z.int().min(0),
    effective: z.literal('nextSchoolYear'),
    /** Whether a term that falls on a Saturday, a Sunday or a holiday is put off. */
    shiftsToWorkingDay: z.boolean(),
  }),
  termination: z.strictObject({
    ...cited,
    noticeMonths: z.int().min(0),
    effective: z.literal('endOfSchoolYear'),
    shiftsToWorkingDay: z.boolean(),
  }),
})

const money = z.strictObject({
  sharing: z.array(sharingKey).min(1),
  heldBy: key.describe('party that pays and is paid back'),
  regularisation: z.strictObject({ ...cited, votedBy: key.describe('ballot rule') }),
  balance: z.strictObject({ ...cited, per: z.enum(['schoolYear', 'calendarYear']) }),
  staff: z
    .strictObject({ ...cited, per: z.enum(['halfYear', 'year']), environmentBasisPoints: z.int().min(0).max(10_000) })
    .nullable(),
  advances: z.strictObject({ ...cited, unspentIsRefunded: z.boolean() }).nullable(),
})

/** Course of a public digital service: its phases in their order, who follows it, and who decides whether it goes on. */
const services = z.strictObject({
  ...cited,
  phases: z.array(z.strictObject({ key, name: z.string().min(1).max(200) })).min(1),
  followedBy: key.describe('body that hears of every service at each of its meetings'),
  review: z.strictObject({
    ...cited,
    ballot: key.describe('ballot rule of impact dossiers'),
    everyMonths: z.int().min(1).describe('months at most between two dossiers of a service'),
  }),
})

/** What is to be handed over: the list is validated, pilot institutions accept each item, skills are passed on. */
const deliverables = z.strictObject({
  ...cited,
  validation: z.strictObject({ ...cited, ballot: key.describe('ballot rule of the list') }),
  acceptance: z.strictObject({
    ...cited,
    atLeast: z.int().min(1).describe('pilot institutions in which it must have worked satisfactorily'),
    trialDays: z.int().min(0).describe('days that a trial lasts at least'),
  }),
  transfer: z
    .strictObject({ ...cited, withinDays: z.int().min(1).nullable().describe('after acceptance; null: no term') })
    .nullable()
    .describe('null: the text asks for no transfer of skills'),
})

/** One version of an agreement: its text, its parties, its bodies, its rules. */
export const agreementSchema = z.strictObject({
  agreement: key,
  title: z.string().min(1).max(300),
  /** Where the numbers of the articles come from, said wherever they are shown. */
  numbering: z.string().min(1),
  validFrom: day,
  validUntil: day.nullable(),
  schoolYear: z.strictObject({ beginsOn: z.string().regex(/^\d{2}-\d{2}$/, formats.not_month_day) }),
  articles: z.array(article).min(1),
  parties: z.array(party).min(1),
  bodies: z.array(body).min(1),
  ballots: z.array(ballotRule),
  changes: changes.nullable(),
  membership,
  money,
  /** Absent: the agreement knows none. */
  services: services.optional(),
  deliverables: deliverables.optional(),
  /** What happens every year besides meetings. */
  review: z.array(
    z.strictObject({
      ...cited,
      key,
      name: z.string().min(1).max(200),
      per: z.enum(['schoolYear', 'calendarYear', 'halfYear']),
    }),
  ),
})

export type Agreement = z.infer<typeof agreementSchema>
export type Party = Agreement['parties'][number]
export type Body = Agreement['bodies'][number]
export type Quorum = NonNullable<Body['quorum']>
export type BallotRule = Agreement['ballots'][number]
export type SharingKey = Agreement['money']['sharing'][number]
