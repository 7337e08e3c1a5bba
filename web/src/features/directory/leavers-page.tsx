import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { BarChart } from '../../ui/bar-chart.tsx'
import { Button } from '../../ui/button.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import './directory.css'

type Summary = ApiPaths['/api/directory/leavers/summary']['get']['responses'][200]['content']['application/json']
type Leaver =
  ApiPaths['/api/directory/leavers']['get']['responses'][200]['content']['application/json']['leavers'][number]

const figures = ['present', 'gone', 'archived', 'held'] as const
const filters = ['gone', 'archived', 'held'] as const

/** People who left: how many, until when they are kept, who may not be deleted. */
export function LeaversPage() {
  const { t } = useTranslation(['years', 'administration'])
  const format = useFormat()
  const { data, error, refetch } = useQuery({
    queryKey: ['leavers', 'summary'],
    queryFn: () => read(api.GET('/api/directory/leavers/summary')),
  })
  return (
    <Page
      back={{ to: paths.administration(), label: t('administration:title') }}
      busy={!data && !error}
      lead={t('leavers.lead')}
      title={t('leavers.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <dl className="figures">
            {figures.map((each) => (
              <div key={each}>
                <dt>{t(`leavers.figure.${each}`)}</dt>
                <dd>{format.number(data.states[each])}</dd>
              </div>
            ))}
          </dl>
          <Section title={t('leavers.departures')}>
            <Departures departures={data.departures} />
          </Section>
          <Policy key={JSON.stringify(data.policy)} policy={data.policy} />
          <Runs summary={data} />
          <People />
        </>
      )}
    </Page>
  )
}

function Departures({ departures }: { departures: Summary['departures'] }) {
  const { t } = useTranslation(['years', 'insight'])
  const format = useFormat()
  const total = departures.reduce((sum, { gone, archived }) => sum + gone + archived, 0)
  if (departures.length === 0) {
    return (
      <Empty title={t('leavers.nobody')}>
        <p>{t('leavers.nobodyHint')}</p>
      </Empty>
    )
  }
  return (
    <BarChart
      bars={departures.map(({ month, gone, archived }) => ({
        label: `${month.slice(5)}/${month.slice(2, 4)}`,
        fullLabel: format.month(month),
        value: gone + archived,
      }))}
      columns={{ label: t('leavers.month'), value: t('leavers.left') }}
      format={format.number}
      summary={t('leavers.chartSummary')}
      title={t('leavers.chartTitle', { count: total, total: format.number(total) })}
      wording={{ showTable: t('insight:showTable'), showChart: t('insight:showChart') }}
    />
  )
}

function Policy({ policy }: { policy: Summary['policy'] }) {
  const { t } = useTranslation('years')
  const explain = useProblemText()
  const client = useQueryClient()
  const [archive, setArchive] = useState(String(policy.archiveAfterDays))
  const [remove, setRemove] = useState(String(policy.deleteAfterDays))
  const reversed = Number(remove) < Number(archive)
  const change = useMutation({
    mutationFn: () =>
      read(
        api.PUT('/api/directory/leavers/policy', {
          body: { archiveAfterDays: Number(archive), deleteAfterDays: Number(remove) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['leavers'] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!reversed) change.mutate()
  }
  return (
    <Section hint={t('leavers.policyHint')} title={t('leavers.policy')}>
      {change.error && <Notice kind="danger" live="alert" title={explain(change.error)} />}
      <form className="row row-end" onSubmit={submit}>
        <TextField
          inputMode="numeric"
          label={t('leavers.archiveAfter')}
          max={3650}
          min={1}
          onChange={(event) => setArchive(event.target.value)}
          required
          type="number"
          value={archive}
        />
        <TextField
          error={reversed ? t('leavers.reversed') : undefined}
          inputMode="numeric"
          label={t('leavers.deleteAfter')}
          max={3650}
          min={1}
          onChange={(event) => setRemove(event.target.value)}
          required
          type="number"
          value={remove}
        />
        <Button busy={change.isPending} type="submit">
          {t('leavers.save')}
        </Button>
      </form>
    </Section>
  )
}

/** What the next night does, what the last ones did. */
function Runs({ summary: { due, runs } }: { summary: Summary }) {
  const { t } = useTranslation('years')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const [asked, setAsked] = useState(false)
  const run = useMutation({
    mutationFn: () => read(api.POST('/api/directory/leavers/run')),
    onSuccess: () => setAsked(false),
    onSettled: () => client.invalidateQueries({ queryKey: ['leavers'] }),
  })
  const words = { archived: format.number(due.archived), deleted: format.number(due.deleted) }
  const something = due.archived + due.deleted > 0
  return (
    <Section title={t('leavers.next')}>
      {run.error && <Notice kind="danger" live="alert" title={explain(run.error)} />}
      {runs[0]?.state === 'stopped' && <Notice kind="warning" title={t('leavers.stopped')} />}
      <p>{something ? t('leavers.due', words) : t('leavers.nothingDue')}</p>
      {due.held > 0 && <p className="quiet">{t('leavers.dueHeld', { count: due.held })}</p>}
      {something && !asked && (
        <div>
          <Button onClick={() => setAsked(true)}>{t('leavers.runNow')}</Button>
        </div>
      )}
      {asked && (
        <Notice kind="warning" live="status" title={t('leavers.runAsk', words)}>
          <p>{t('leavers.runHint')}</p>
          <div className="row">
            <Button busy={run.isPending} look="danger" onClick={() => run.mutate()}>
              {t('leavers.runSure')}
            </Button>
            <Button onClick={() => setAsked(false)}>{t('notYet')}</Button>
          </div>
        </Notice>
      )}
      {runs.length > 0 && (
        <ul className="plain-list small">
          {runs.slice(0, 5).map((each) => (
            <li key={each.id}>
              {t(each.runBy === null ? 'leavers.ranByItself' : 'leavers.ranByHand', {
                when: format.dateTime(each.ranAt),
                archived: format.number(each.counts.archived),
                deleted: format.number(each.counts.deleted),
              })}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function People() {
  const { t } = useTranslation(['years', 'shell'])
  const format = useFormat()
  const { wording } = useSorting()
  const [parameters, change] = useFilters()
  const state = filters.find((each) => each === parameters.get('state'))
  const [holding, setHolding] = useState<Leaver>()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['leavers', 'people', state],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/leavers', {
          params: { query: { limit: 20, ...(state && { state }), ...(pageParam && { after: pageParam }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const rows = data?.pages.flatMap((page) => page.leavers) ?? []
  const columns: Column<Leaver>[] = [
    {
      key: 'name',
      head: t('leavers.person'),
      value: format.name,
      cell: (each) => <Link to={paths.person(each.id)}>{format.name(each)}</Link>,
    },
    {
      key: 'state',
      head: t('state'),
      value: (each) => t(`leavers.state.${each.hold ? 'held' : each.state}`),
      cell: (each) =>
        each.hold ? `${t('leavers.state.held')} : ${each.hold.reason}` : t(`leavers.state.${each.state}`),
    },
    { key: 'gone', head: t('leavers.goneOn'), value: (each) => each.goneOn, cell: (each) => format.day(each.goneOn) },
    {
      key: 'deleted',
      head: t('leavers.deletedOn'),
      value: (each) => each.deletedOn,
      cell: (each) => (each.deletedOn ? format.day(each.deletedOn) : t('leavers.never')),
    },
    {
      key: 'hold',
      head: t('leavers.hold'),
      cell: (each) => (
        <Button
          aria-label={t(each.hold ? 'leavers.liftOf' : 'leavers.holdOf', { name: format.name(each) })}
          look="quiet"
          onClick={() => setHolding(each)}
        >
          {each.hold ? t('leavers.lift') : t('leavers.holdOne')}
        </Button>
      ),
    },
  ]
  return (
    <Section title={t('leavers.people')}>
      <div className="one-filter">
        <SelectField
          label={t('state')}
          onChange={(event) => change({ state: event.target.value })}
          options={[
            { value: '', label: t('all') },
            ...filters.map((value) => ({ value, label: t(`leavers.state.${value}`) })),
          ]}
          value={state ?? ''}
        />
      </div>
      {holding && <Hold key={holding.id} onDone={() => setHolding(undefined)} person={holding} />}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && rows.length === 0 && <Empty title={t('leavers.nobodyHere')} />}
      {rows.length > 0 && (
        <DataTable
          caption={t('leavers.people')}
          columns={columns}
          rowKey={(each) => each.id}
          rows={rows}
          wording={wording}
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

/** Places or lifts a hold: the reference of a procedure, never what it is about. */
function Hold({ person, onDone }: { person: Leaver; onDone: () => void }) {
  const { t } = useTranslation('years')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const path = { params: { path: { personId: person.id } } }
  const change = useMutation({
    mutationFn: async () => {
      if (person.hold) await api.DELETE('/api/directory/leavers/{personId}/hold', path)
      else await api.PUT('/api/directory/leavers/{personId}/hold', { ...path, body: { reason } })
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['leavers'] })
      onDone()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <Notice title={t(person.hold ? 'leavers.liftOf' : 'leavers.holdOf', { name: format.name(person) })}>
      <form className="stack stack-tight" onSubmit={submit}>
        {change.error && <p role="alert">{explain(change.error)}</p>}
        {!person.hold && (
          <TextField
            hint={t('leavers.reasonHint')}
            label={t('leavers.reason')}
            maxLength={200}
            onChange={(event) => setReason(event.target.value)}
            required
            value={reason}
          />
        )}
        <div className="row">
          <Button busy={change.isPending} type="submit">
            {person.hold ? t('leavers.lift') : t('leavers.holdOne')}
          </Button>
          <Button look="quiet" onClick={onDone}>
            {t('leavers.cancel')}
          </Button>
        </div>
      </form>
    </Notice>
  )
}
