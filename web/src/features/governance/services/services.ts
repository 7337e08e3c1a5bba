import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../../api/client.ts'
import type { paths as ApiPaths } from '../../../api/schema.d.ts'

const base = '/api/governance/agreements/{slug}/services'
const dossierBase = `${base}/{service}/dossiers/{dossier}` as const

export type Services = ApiPaths[typeof base]['get']['responses'][200]['content']['application/json']
export type Rules = NonNullable<Services['rules']>
export type Service = ApiPaths[`${typeof base}/{number}`]['get']['responses'][200]['content']['application/json']
/** An impact dossier with the one before it. */
export type DossierPageOf = ApiPaths[typeof dossierBase]['get']['responses'][200]['content']['application/json']
/** A dossier whole. */
export type Dossier = NonNullable<DossierPageOf['previous']>
/** What a dossier says. */
export type Content = Dossier['content']
export type Measure = Content['measures'][number]
export type Proposal = Content['proposal']

export const servicesQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'services'],
    queryFn: () => read(api.GET(base, { params: { path: { slug } } })),
  })

export const serviceQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: ['governance', slug, 'services', number],
    queryFn: () => read(api.GET(`${base}/{number}`, { params: { path: { slug, number } } })),
  })

export const dossierQuery = (slug: string, service: number, dossier: number) =>
  queryOptions({
    queryKey: ['governance', slug, 'services', service, 'dossiers', dossier],
    queryFn: () => read(api.GET(dossierBase, { params: { path: { slug, service, dossier } } })),
  })

/** A number in the address; 0, which nothing bears, for what is none. */
export const numberOf = (text: string | undefined): number => (/^\d{1,6}$/.test(text ?? '') ? Number(text) : 0)

/** Name of a phase; one that the agreement does not know any more stands for itself. */
export const phaseName = (rules: Pick<Rules, 'phases'> | null, phase: string): string =>
  rules?.phases.find(({ key }) => key === phase)?.name ?? phase

const decimal = /^-?\d{1,9}([.,]\d{1,6})?$/
export const isDecimal = (text: string): boolean => decimal.test(text)

/** Millionths of an exact decimal: as many as one may be written with. */
function toMillionths(text: string): bigint {
  const [whole = '0', decimals = ''] = text.replace(',', '.').split('.')
  const size = BigInt(whole.replace('-', '') + decimals.padEnd(6, '0'))
  return whole.startsWith('-') ? -size : size
}

/** What was added from one exact decimal to another: `+10.75`, `-2`, `0`. */
export function subtractDecimals(after: string, before: string): string {
  const difference = toMillionths(after) - toMillionths(before)
  const digits = String(difference < 0n ? -difference : difference).padStart(7, '0')
  const decimals = digits.slice(-6).replace(/0+$/, '')
  const sign = difference < 0n ? '-' : difference > 0n ? '+' : ''
  return `${sign}${digits.slice(0, -6)}${decimals === '' ? '' : `.${decimals}`}`
}

/** Measures are the same from dossier to dossier under the same name and unit. */
export const isSameMeasure = (one: Pick<Measure, 'name' | 'unit'>, other: Pick<Measure, 'name' | 'unit'>): boolean =>
  one.name === other.name && one.unit === other.unit

/** What the next dossier begins with: the same questions, and no answer of before. */
export function beginContent(service: Service): Content {
  const last = service.dossiers.find(({ submittedAt }) => submittedAt !== null)
  return {
    problem: service.purpose,
    audience: service.audience,
    measures: (last?.measures ?? []).map((measure) => ({ ...measure, value: null, measuredOn: null, source: '' })),
    users: { value: null, measuredOn: null, source: '' },
    orders: [],
    learned: '',
    notReached: '',
    budgetCents: null,
    proposal: { kind: 'continue', phase: service.phase, why: '' },
  }
}
