import { z } from 'zod'

const text = z.string().trim().max(20_000)

/** Cents of euros, exact: digits alone. */
export const cents = z
  .string()
  .regex(/^\d{1,13}$/, 'whole cents, such as 12345 for 123,45 €')
  .describe('cents of euros, as digits')

/** An exact decimal, such as 99.5 or -2. */
export const decimal = z.string().regex(/^-?\d{1,9}([.,]\d{1,6})?$/, 'a number, such as 99.5')

export const comparators = ['>=', '<=', '>', '<', '='] as const
export type Comparator = (typeof comparators)[number]

const expectedResult = z.strictObject({
  what: z.string().trim().min(1).max(500),
  unit: z.string().trim().max(50),
  target: decimal,
  comparator: z.enum(comparators),
  by: z.iso.date(),
})
export type ExpectedResult = z.infer<typeof expectedResult>

export const consequenceKinds = ['functional', 'technical', 'legal', 'organisational', 'financial', 'training'] as const

/** A configuration sheet: what the contractor commits to. A text may be missing until it is submitted. */
export const sheetSchema = z.strictObject({
  consequences: z.strictObject({
    functional: text,
    technical: text,
    legal: text.describe('law and data protection'),
    organisational: text,
    financial: text,
    training: text,
  }),
  documentation: text,
  validation: text.describe('conditions of validation'),
  regressions: text.describe('what may stop working, and how that is watched'),
  rollBack: text.describe('plan for going back'),
  amountCents: cents.describe('fixed and final cost'),
  results: z.array(expectedResult).max(50).describe('what will be measured'),
})
export type Sheet = z.infer<typeof sheetSchema>

/** What a sheet still lacks before it can be submitted, as names of its fields. */
export function listSheetGaps(sheet: Sheet): string[] {
  const kinds = consequenceKinds.filter((kind) => sheet.consequences[kind] === '').map((kind) => `consequences.${kind}`)
  const texts = (['documentation', 'validation', 'regressions', 'rollBack'] as const).filter(
    (name) => sheet[name] === '',
  )
  return [...kinds, ...texts, ...(sheet.results.length === 0 ? ['results'] : [])]
}

export const measure = z.strictObject({ value: decimal, measuredOn: z.iso.date() })
export type Measure = z.infer<typeof measure>

/** An expected result, what it was, and whether it is reached. */
export const measuredResult = z.strictObject({ ...expectedResult.shape, ...measure.shape, met: z.boolean() })
export type MeasuredResult = z.infer<typeof measuredResult>

export const qualificationSchema = z.strictObject({
  paid: z.boolean(),
  wholeEstablishment: z.boolean().describe('touches the whole working of an establishment'),
  technicalFrame: z.boolean().describe('touches the technical frame'),
  separableTo: z.string().nullable().describe('key of the only member it can be limited to'),
})
export type Qualification = z.infer<typeof qualificationSchema>
