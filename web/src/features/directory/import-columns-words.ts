import type { TFunction } from 'i18next'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

type Route = ApiPaths['/api/directory/imports/{id}/columns']
type Trial = ApiPaths['/api/directory/imports/{id}/columns/preview']['post']
export type Columns = Route['get']['responses'][200]['content']['application/json']
export type Description = NonNullable<Route['put']['requestBody']>['content']['application/json']
export type Mapping = Description['files'][string]
export type ColumnField = Mapping['columns'][string]
export type FileColumns = Columns['files'][number]
export type Preview = Trial['responses'][200]['content']['application/json']['files'][number]

export const fileKinds = ['pupil', 'guardian', 'staff', 'class', 'establishment'] as const

/** Number of the guardian, in a pupil's row, whom a column is about. */
export function guardianOf(field: ColumnField): number | undefined {
  const [, number] = /^guardian([1-4])/.exec(field) ?? []
  return number === undefined ? undefined : Number(number)
}

/** What a column holds, in words. */
export function nameField(t: TFunction<'columns'>, field: ColumnField): string {
  const [, number, part] = /^guardian([1-4])([A-Z].*)$/.exec(field) ?? []
  if (number === undefined || part === undefined) return t(`field.${field as PlainField}`)
  const own = (part.charAt(0).toLowerCase() + part.slice(1)) as PlainField
  return t('fieldOfGuardian', { number, field: t(`field.${own}`) })
}

type PlainField = Exclude<ColumnField, `guardian${1 | 2 | 3 | 4}${string}`>

/** What a file of a kind must hold; of each list, one is enough. */
const needed: Record<Mapping['kind'], ColumnField[][]> = {
  pupil: [['familyName', 'usualFamilyName', 'birthFamilyName'], ['givenName'], ['id', 'ine', 'bornOn']],
  guardian: [['familyName', 'usualFamilyName', 'birthFamilyName'], ['givenName']],
  staff: [['familyName', 'usualFamilyName', 'birthFamilyName'], ['givenName']],
  class: [['code', 'name']],
  establishment: [['uai'], ['name']],
}

/** What is missing for any row of a file to be read, each as what could give it. */
export function findMissing({ kind, columns }: Mapping): ColumnField[][] {
  const held = new Set(Object.values(columns))
  return needed[kind].filter((fields) => !fields.some((field) => held.has(field)))
}

/** The kind of people whom nothing but their names identifies. */
export function findNameless({ kind, columns }: Mapping): 'pupil' | 'guardian' | 'staff' | undefined {
  const held = new Set(Object.values(columns))
  if (held.has('id') || held.has('ine') || kind === 'class' || kind === 'establishment') return undefined
  return kind
}

/** Whether somebody must say which establishment the files come from. */
export function needsUai(columns: Columns, said: Description): boolean {
  if (columns.kind === 'onde') return true
  if (columns.kind === 'supann') return columns.uai === null
  return Object.values(said.files).some(
    ({ kind, columns: held }) =>
      (kind === 'pupil' || kind === 'staff' || kind === 'class') && !Object.values(held).includes('uai'),
  )
}

const checkLetters = 'ABCDEFGHJKLMNPRSTUVWXYZ'

/** Whether a UAI has the letter that its digits call for: their remainder by 23. */
export function isUai(code: string): boolean {
  return /^\d{7}[A-Z]$/.test(code) && checkLetters.charAt(Number(code.slice(0, 7)) % 23) === code.charAt(7)
}
