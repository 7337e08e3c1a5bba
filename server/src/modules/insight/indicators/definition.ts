import { z } from 'zod'

/** For whom dashboards are made, the narrowest first. */
export const audiences = ['student', 'teacher', 'programme', 'institution'] as const
/** What an indicator looks at: learners together, one learner, or learners by name. */
export const scopeNames = ['group', 'person', 'named'] as const
export type ScopeName = (typeof scopeNames)[number]

const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'small letters, figures and underscores, beginning with a letter')
/** Name of an indicator and of its folder. */
export const indicatorName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'small letters, figures and hyphens')
  .max(60)

const columnTypes = [
  'date',
  'datetime',
  'text',
  'activity',
  'action',
  'kind',
  'integer',
  'decimal',
  'share',
  'duration',
  'learner',
  'learners',
] as const
const columnType = z.enum(columnTypes)

const column = z.strictObject({ name: identifier, type: columnType, role: z.enum(['dimension', 'measure']) })
const answerValue = z.strictObject({ name: identifier, type: columnType })

export const parameter = z.discriminatedUnion('type', [
  z
    .strictObject({ type: z.literal('integer'), min: z.int32(), max: z.int32(), default: z.int32() })
    .refine((each) => each.min <= each.default && each.default <= each.max, 'min ≤ default ≤ max'),
  z
    .strictObject({ type: z.literal('choice'), values: z.array(identifier).min(1).max(20), default: identifier })
    .refine((each) => each.values.includes(each.default), 'the default is one of the values'),
  z.strictObject({ type: z.literal('activity'), kinds: z.array(identifier).max(20), required: z.boolean() }),
])

export const scope = z
  .strictObject({
    audiences: z.array(z.enum(audiences)).min(1),
    /** What its SQL reads most: events, or the days made of them. */
    reads: z.enum(['events', 'days']),
    columns: z.array(column).min(1).max(30),
    /** Values of the answer sentence. */
    answer: z.array(answerValue).max(30).optional(),
    /** Measures whose rows add up to a total that is shown: hidden rows must not be found by subtraction. */
    additive: z.array(identifier).optional(),
    chart: z.string().optional(),
  })
  .superRefine((each, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    for (const list of [each.columns, each.answer ?? []]) {
      const names = list.map(({ name }) => name)
      const twice = names.find((name, at) => names.indexOf(name) !== at)
      if (twice !== undefined) refuse('columns', `${twice} is there twice`)
    }
    for (const name of each.additive ?? []) {
      if (!each.columns.some((column) => column.name === name && column.role === 'measure'))
        refuse('additive', `${name} is no measure among the columns`)
    }
  })

const requirements: Record<ScopeName, (scope: Scope) => string | undefined> = {
  group(each) {
    if (!each.columns.some(({ type, role }) => type === 'learners' && role === 'measure'))
      return 'group: the first column of type learners says how many different learners are behind each row; there is none'
    if (each.answer && !each.answer.some(({ type }) => type === 'learners'))
      return 'group: the first value of type learners says how many different learners are behind the answer; there is none'
    return [...each.columns, ...(each.answer ?? [])].some(({ type }) => type === 'learner')
      ? 'group: nobody is told apart; a column of type learner belongs to the scope named'
      : undefined
  },
  person: (each) => (each.columns.some(({ type }) => type === 'learner') ? 'person: there is one learner' : undefined),
  named: (each) =>
    each.columns.filter(({ type }) => type === 'learner').length === 1
      ? undefined
      : 'named: one column of type learner says whom each row is about',
}

/** `indicator.json`. */
export const definition = z
  .strictObject({
    name: indicatorName,
    version: z.int().min(1),
    parameters: z.record(identifier, parameter).default({}),
    scopes: z.strictObject({ group: scope.optional(), person: scope.optional(), named: scope.optional() }),
  })
  .superRefine((each, context) => {
    const given = scopeNames.filter((name) => each.scopes[name] !== undefined)
    if (given.length === 0) context.addIssue({ code: 'custom', path: ['scopes'], message: 'there is none' })
    for (const name of given) {
      const message = requirements[name](each.scopes[name]!)
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['scopes'], message })
    }
  })

const line = z.string().trim().min(1).max(2000)

/** `fr.json` and `en.json`. */
export const texts = z.strictObject({
  title: line,
  question: line,
  /** By scope, then by the forms of i18next: `group`, `group_one`, `group_late_zero`… */
  answer: z.record(z.string(), line).default({}),
  says: line,
  computed: line,
  limits: line,
  advice: line,
  columns: z.record(identifier, line),
  parameters: z.record(identifier, line).default({}),
  /** Labels of the values of columns of text, by column. */
  values: z.record(identifier, z.record(z.string(), line)).default({}),
})

export type Definition = z.infer<typeof definition>
export type Scope = z.infer<typeof scope>
export type Column = z.infer<typeof column>
export type AnswerValue = z.infer<typeof answerValue>
export type Parameter = z.infer<typeof parameter>
export type Texts = z.infer<typeof texts>

/** A named value of an answer; keys of 64 bits as texts in decimal. */
export type Value = string | number | null
export type Row = Record<string, Value>

export interface ScopeSql {
  rows: string
  answer: string | undefined
}

/** An indicator whose folder was found good. */
export interface Indicator extends Definition {
  /** Whether it comes with the product, from the institution's folder, or from a package. */
  origin: 'product' | 'institution' | 'package'
  folder: string
  /** The rows of a scope, and its answer sentence, in SQL. */
  sql: Partial<Record<ScopeName, ScopeSql>>
  /** Vega-Lite without data, by scope. */
  charts: Partial<Record<ScopeName, Record<string, unknown>>>
  texts: { fr: Texts; en: Texts }
}

/** A folder that cannot be used, and why. */
export interface BrokenIndicator {
  name: string
  origin: Indicator['origin']
  folder: string
  problems: { file: string; reason: string }[]
}
