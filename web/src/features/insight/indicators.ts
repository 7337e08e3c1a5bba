import { keepPreviousData, queryOptions, useMutation } from '@tanstack/react-query'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import type { Audience } from './looking.ts'
import type { Period } from './period.ts'
import { api, read, readProblem } from '../../api/client.ts'
import { saveFile } from '../../ui/csv.ts'

export type ScopeName = 'group' | 'person' | 'named'
export interface Column {
  name: string
  type:
    | 'date'
    | 'datetime'
    | 'text'
    | 'activity'
    | 'action'
    | 'kind'
    | 'integer'
    | 'decimal'
    | 'share'
    | 'duration'
    | 'learner'
    | 'learners'
  role?: 'dimension' | 'measure'
}
export type Row = Record<string, string | number | null>
export type Parameter =
  | { type: 'integer'; min: number; max: number; default: number }
  | { type: 'choice'; values: string[]; default: string }
  | { type: 'activity'; kinds: string[]; required: boolean }
export interface Texts {
  title: string
  question: string
  answer: Record<string, string>
  says: string
  computed: string
  limits: string
  advice: string
  columns: Record<string, string>
  parameters: Record<string, string>
  values?: Record<string, Record<string, string>>
}
export interface Indicator {
  name: string
  version: number
  origin: string
  parameters: Record<string, Parameter>
  scopes: Partial<Record<ScopeName, { audiences: Audience[]; columns: Column[]; answer?: Column[] }>>
  texts: { fr: Texts; en: Texts }
}
export interface BrokenIndicator {
  name: string
  origin: string
  folder: string
  problems: { file: string; reason: string }[]
}
export interface IndicatorAnswer {
  indicator: string
  scope: ScopeName
  period: { from: string; until: string; askedFrom: string; askedUntil: string }
  columns: Column[]
  rows: Row[]
  answer: Row | null
  suppressed: { rows: number; cells: number; weeks: number; k: number }
  withheld: string | null
  comparison: { period: Period; rows: Row[]; answer: Row | null } | null
  activities: Record<string, { iri: string; kind: string; name: Record<string, string> }>
  learners?: Record<string, string | null>
  chart: object | null
  asOf: string
  excludedObjectors: boolean
}

/** One question put to an indicator. */
export interface Question {
  indicator: string
  scope: ScopeName
  parameters: Record<string, string>
  course: string | undefined
  period: Period
  compared: Period | undefined
  as: Audience | undefined
}

async function get<T>(path: string, query: URLSearchParams): Promise<T> {
  const answer = await fetch(`${path}?${query}`)
  if (!answer.ok) throw readProblem(answer.status, await answer.text())
  return answer.json() as Promise<T>
}

/** All indicators there are, and what is wrong with those that are refused. */
export const indicatorsQuery = (as: Audience | undefined) =>
  queryOptions({
    queryKey: ['insight', 'indicators', as],
    queryFn: () =>
      get<{ indicators: Indicator[]; broken?: BrokenIndicator[] }>(
        '/api/insight/indicators',
        new URLSearchParams(as ? { as } : {}),
      ),
    staleTime: 300_000,
  })

/** Whether all that the question needs was chosen: names are of one course, and some indicators of one activity. */
export function findMissing({ parameters }: Indicator, { scope, course, parameters: given }: Question) {
  if (scope === 'named' && course === undefined) return 'needsCourse'
  const activity = Object.entries(parameters).find(
    ([, parameter]) => parameter.type === 'activity' && parameter.required,
  )
  return activity && !given[activity[0]] ? 'needsActivity' : undefined
}

export type DashboardItem =
  ApiPaths['/api/insight/dashboards/{audience}']['get']['responses'][200]['content']['application/json']['items'][number]

/** What a dashboard is made of. */
export const dashboardQuery = (audience: Audience, as: Audience | undefined) =>
  queryOptions({
    queryKey: ['insight', 'dashboard', audience, as],
    queryFn: () =>
      read(api.GET('/api/insight/dashboards/{audience}', { params: { path: { audience }, query: as ? { as } : {} } })),
  })

/** Courses within reach, those of a name that holds some words. */
export const coursesQuery = ({ as, q }: { as: Audience | undefined; q: string }) =>
  queryOptions({
    queryKey: ['insight', 'courses', as, q],
    queryFn: () => read(api.GET('/api/insight/courses', { params: { query: { q, ...(as ? { as } : {}) } } })),
    placeholderData: keepPreviousData,
  })

export const answerQuery = (question: Question) =>
  queryOptions({
    queryKey: ['insight', 'answer', question],
    queryFn: () => get<IndicatorAnswer>(`/api/insight/indicators/${question.indicator}`, toQuery(question)),
    // While another period is being asked, the answer for the last one stays, shown as such.
    placeholderData: keepPreviousData,
  })

function toQuery({ scope, course, period, compared, as, parameters }: Question): URLSearchParams {
  const query = new URLSearchParams({ scope, from: period.from, until: period.until })
  if (course) query.set('course', course)
  if (compared) {
    query.set('compareFrom', compared.from)
    query.set('compareUntil', compared.until)
  }
  if (as) query.set('as', as)
  for (const [name, value] of Object.entries(parameters)) query.set(`p.${name}`, value)
  return query
}

/** Activities to choose from, of some kinds. */
export const activitiesQuery = ({
  course,
  kinds,
  as,
}: {
  course: string | undefined
  kinds: string[]
  as: Audience | undefined
}) =>
  queryOptions({
    queryKey: ['insight', 'activities', course, kinds, as],
    queryFn: () =>
      read(
        api.GET('/api/insight/activities', {
          params: {
            query: { kinds: kinds.join(','), limit: 200, ...(course ? { course } : {}), ...(as ? { as } : {}) },
          },
        }),
      ),
    staleTime: 300_000,
  })

/** Saves the rows of an answer as a file, made by the server, which hides more in what leaves the page. */
export function useTakeAway(question: Question) {
  return useMutation({
    mutationFn: async () => {
      const answer = await fetch(`/api/insight/indicators/${question.indicator}/rows.csv?${toQuery(question)}`)
      if (!answer.ok) throw readProblem(answer.status, await answer.text())
      saveFile(`${question.indicator}-${question.period.from}-${question.period.until}.csv`, await answer.blob())
    },
  })
}
