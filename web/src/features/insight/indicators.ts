import { keepPreviousData, queryOptions, useMutation } from '@tanstack/react-query'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import type { Audience } from './looking.ts'
import type { Period } from './period.ts'
import { api, read } from '../../api/client.ts'
import { saveFile } from '../../ui/csv.ts'

type Answers<Path extends keyof ApiPaths> = ApiPaths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } }
}
  ? Body
  : never

type Catalogue = Answers<'/api/insight/indicators'>
export type Indicator = Catalogue['indicators'][number]
export type BrokenIndicator = Catalogue['broken'][number]
export type Texts = Indicator['texts']['fr']
export type Parameter = Indicator['parameters'][string]
export const scopeNames = ['group', 'person', 'named'] as const satisfies (keyof Indicator['scopes'])[]
export type ScopeName = (typeof scopeNames)[number]
export type IndicatorAnswer = Answers<'/api/insight/indicators/{name}'>
export type Row = IndicatorAnswer['rows'][number]
/** A column of rows, or a value of the answer sentence. */
export type Column = Pick<IndicatorAnswer['columns'][number], 'name' | 'type'>
export type DashboardItem = Answers<'/api/insight/dashboards/{audience}'>['items'][number]

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

/** All indicators there are, and what is wrong with those that are refused. */
export const indicatorsQuery = (as: Audience | undefined) =>
  queryOptions({
    queryKey: ['insight', 'indicators', as],
    queryFn: () => read(api.GET('/api/insight/indicators', { params: { query: as ? { as } : {} } })),
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
    queryFn: () =>
      read(
        api.GET('/api/insight/indicators/{name}', {
          params: { path: { name: question.indicator }, query: toQuery(question) },
        }),
      ),
    // While another period is being asked, the answer for the last one stays, shown as such.
    placeholderData: keepPreviousData,
  })

function toQuery({ scope, course, period, compared, as, parameters }: Question) {
  return {
    scope,
    from: period.from,
    until: period.until,
    ...(course ? { course } : {}),
    ...(compared ? { compareFrom: compared.from, compareUntil: compared.until } : {}),
    ...(as ? { as } : {}),
    ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`p.${name}`, value])),
  }
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
export function useTakeAway(question: Question, language: string) {
  return useMutation({
    mutationFn: async () => {
      const { indicator, period } = question
      const answer = await api.GET('/api/insight/indicators/{name}/rows.csv', {
        params: {
          path: { name: indicator },
          query: { ...toQuery(question), language: language === 'en' ? 'en' : 'fr' },
        },
        parseAs: 'blob',
      })
      if (answer.data) saveFile(`${indicator}-${period.from}-${period.until}.csv`, answer.data)
    },
  })
}
