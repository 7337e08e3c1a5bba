import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { schoolYearsQuery } from '../../api/queries.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import './directory.css'

type Year =
  ApiPaths['/api/directory/school-years']['get']['responses'][200]['content']['application/json']['years'][number]
type Progress =
  ApiPaths['/api/directory/school-years/{id}/establishments']['get']['responses'][200]['content']['application/json']['establishments'][number]

const states = ['missing', 'ready', 'showing'] as const

/** The year people see and the one that is prepared: where each establishment is, what is missing, and the switch. */
export function YearsPage() {
  const { t } = useTranslation(['years', 'administration'])
  const format = useFormat()
  const { data, error, refetch } = useQuery(schoolYearsQuery)
  const current = data?.years.find(({ state }) => state === 'current')
  const next = data?.years.filter(({ state }) => state === 'preparing').at(-1)
  const followed = next ?? current
  return (
    <Page
      back={{ to: paths.administration(), label: t('administration:title') }}
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && !current && (
        <Empty title={t('none')}>
          <p>{t('noneHint')}</p>
        </Empty>
      )}
      {current && (
        <dl className="figures">
          <div>
            <dt>{t('currentYear')}</dt>
            <dd>{format.schoolYear(current.startYear)}</dd>
          </div>
          <div>
            <dt>{next ? t('beginsOn', { day: format.day(next.switchOn) }) : t('noneNext')}</dt>
            <dd>{next ? format.schoolYear(next.startYear) : '–'}</dd>
          </div>
        </dl>
      )}
      {current && (next ? <Plan key={`plan ${next.id}`} year={next} /> : <Prepare startYear={current.startYear + 1} />)}
      {followed && <Establishments key={followed.id} year={followed} />}
    </Page>
  )
}

function Prepare({ startYear }: { startYear: number }) {
  const { t } = useTranslation('years')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const prepare = useMutation({
    mutationFn: () => read(api.POST('/api/directory/school-years', { body: { startYear } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['school-years'] }),
  })
  return (
    <Section hint={t('prepareHint')} title={t('prepareTitle', { year: format.schoolYear(startYear) })}>
      {prepare.error && <Notice kind="danger" live="alert" title={explain(prepare.error)} />}
      <div>
        <Button busy={prepare.isPending} onClick={() => prepare.mutate()}>
          {t('prepare', { year: format.schoolYear(startYear) })}
        </Button>
      </div>
    </Section>
  )
}

function Plan({ year }: { year: Year }) {
  const { t } = useTranslation('years')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const [day, setDay] = useState(year.switchOn)
  const [asked, setAsked] = useState(false)
  const path = { params: { path: { id: year.id } } }
  const plan = useMutation({
    mutationFn: () => read(api.PATCH('/api/directory/school-years/{id}', { ...path, body: { switchOn: day } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: schoolYearsQuery.queryKey }),
  })
  const begin = useMutation({
    mutationFn: () => read(api.POST('/api/directory/school-years/{id}/switch', { ...path, body: {} })),
    // Everybody's classes are others now: nothing read before holds.
    onSuccess: () => void client.invalidateQueries(),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    plan.mutate()
  }
  return (
    <Section hint={t('planHint')} title={t('planTitle', { year: format.schoolYear(year.startYear) })}>
      {(plan.error ?? begin.error) && <Notice kind="danger" live="alert" title={explain(plan.error ?? begin.error)} />}
      {plan.data && (
        <Notice kind="success" live="status" title={t('planned', { day: format.day(plan.data.switchOn) })} />
      )}
      <form className="row row-end" onSubmit={submit}>
        <TextField
          label={t('switchOn')}
          onChange={(event) => setDay(event.target.value)}
          required
          type="date"
          value={day}
        />
        <Button busy={plan.isPending} type="submit">
          {t('plan')}
        </Button>
      </form>
      {asked ? (
        <Notice kind="warning" live="status" title={t('beginAsk', { year: format.schoolYear(year.startYear) })}>
          <p>{t('beginHint')}</p>
          <div className="row">
            <Button busy={begin.isPending} look="primary" onClick={() => begin.mutate()}>
              {t('beginNow')}
            </Button>
            <Button onClick={() => setAsked(false)}>{t('notYet')}</Button>
          </div>
        </Notice>
      ) : (
        <div>
          <Button look="quiet" onClick={() => setAsked(true)}>
            {t('begin')}
          </Button>
        </div>
      )}
    </Section>
  )
}

function Establishments({ year }: { year: Year }) {
  const { t } = useTranslation(['years', 'shell'])
  const format = useFormat()
  const sorting = useSorting()
  const [parameters, change] = useFilters()
  const state = states.find((each) => each === parameters.get('state'))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['school-years', year.id, 'establishments', state],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/school-years/{id}/establishments', {
          params: { path: { id: year.id }, query: { ...(state && { state }), ...(pageParam && { after: pageParam }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const name = format.schoolYear(year.startYear)
  const counts = data?.pages[0]?.counts
  const rows = data?.pages.flatMap((page) => page.establishments) ?? []
  const columns: Column<Progress>[] = [
    {
      key: 'name',
      head: t('establishment'),
      value: (each) => each.name,
      cell: (each) => <Link to={paths.successions(each.id, year.startYear)}>{each.name}</Link>,
    },
    { key: 'town', head: t('town'), value: (each) => each.town, cell: (each) => each.town },
    {
      key: 'state',
      head: t('state'),
      value: (each) => t(`stateOf.${each.state}`),
      cell: (each) => (
        <>
          {t(`stateOf.${each.state}`)}
          {each.shownYear !== null && each.state !== 'showing' && (
            <span className="small quiet"> {t('shows', { year: format.schoolYear(each.shownYear) })}</span>
          )}
        </>
      ),
    },
    {
      key: 'classes',
      head: t('classes'),
      number: true,
      value: (each) => each.classes.next,
      cell: (each) => t('fromTo', { from: format.number(each.classes.shown), to: format.number(each.classes.next) }),
    },
    {
      key: 'pupils',
      head: t('pupils'),
      number: true,
      value: (each) => each.pupils.next,
      cell: (each) => t('fromTo', { from: format.number(each.pupils.shown), to: format.number(each.pupils.next) }),
    },
    {
      key: 'undecided',
      head: t('undecided'),
      number: true,
      value: (each) => each.undecided,
      cell: (each) => format.number(each.undecided),
    },
  ]
  return (
    <Section hint={t('establishmentsHint', { year: name })} title={t('establishmentsTitle', { year: name })}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {counts && (
        <dl className="figures">
          {states.map((each) => (
            <div key={each}>
              <dt>{t(`stateOf.${each}`)}</dt>
              <dd>{format.number(counts[each] ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
      {data && (
        <div className="one-filter">
          <SelectField
            label={t('filter')}
            onChange={(event) => change({ state: event.target.value })}
            options={[
              { value: '', label: t('all') },
              ...states.map((value) => ({ value, label: t(`stateOf.${value}`) })),
            ]}
            value={state ?? ''}
          />
        </div>
      )}
      {data && rows.length === 0 && <Empty title={t('noEstablishment')} />}
      {rows.length > 0 && (
        <DataTable
          caption={t('establishmentsTitle', { year: name })}
          columns={columns}
          csv={{ name: t('establishmentsTitle', { year: name }) }}
          onSort={hasNextPage ? undefined : sorting.onSort}
          rowKey={(each) => each.id}
          rows={rows}
          sort={sorting.sort}
          wording={sorting.wording}
        />
      )}
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('shell:more')}
          </Button>
        </div>
      )}
    </Section>
  )
}
