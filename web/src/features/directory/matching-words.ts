import type { paths as ApiPaths } from '../../api/schema.d.ts'

type Answer<Path extends keyof ApiPaths> = ApiPaths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Content } } } }
}
  ? Content
  : never

export type Proposal = Answer<'/api/directory/matching/proposals'>['proposals'][number]
export type ProposedPerson = Proposal['left']
export type Part = Proposal['parts'][number]
export type Merge = Answer<'/api/directory/matching/merges'>['merges'][number]

/** How the two of a row compare: by the parts of the score that speak of it. */
export type Mark = 'agrees' | 'close' | 'differs'

export const rows = [
  'name',
  'birthFamilyName',
  'otherGivenNames',
  'title',
  'bornOn',
  'email',
  'phones',
  'address',
  'relatives',
  'places',
  'classes',
  'sources',
] as const
export type Row = (typeof rows)[number]

const rowOf: Partial<Record<Part['code'], Row>> = {
  familyNameBirth: 'birthFamilyName',
  givenNameOther: 'otherGivenNames',
  titleDiffers: 'title',
  email: 'email',
  mobile: 'phones',
  phone: 'phones',
  address: 'address',
  town: 'address',
  relative: 'relatives',
  relatives: 'relatives',
}
const exact = new Set<Part['code']>([
  'familyName',
  'givenName',
  'bornOn',
  'email',
  'mobile',
  'phone',
  'address',
  'relative',
  'relatives',
])

/** The mark of each row that the score speaks of; the worst of a row's parts counts. */
export function markRows(parts: Part[]): Partial<Record<Row, Mark>> {
  const order: Mark[] = ['agrees', 'close', 'differs']
  const marks: Partial<Record<Row, Mark>> = {}
  for (const { code, points } of parts) {
    const row = rowOf[code] ?? (code.startsWith('bornOn') ? 'bornOn' : /Name/.test(code) ? 'name' : undefined)
    if (!row) continue
    const mark: Mark = points < 0 ? 'differs' : exact.has(code) ? 'agrees' : 'close'
    const former = marks[row]
    if (!former || order.indexOf(mark) > order.indexOf(former)) marks[row] = mark
  }
  return marks
}
