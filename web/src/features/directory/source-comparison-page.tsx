import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Progress } from '../../ui/progress.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { recordKinds } from './import-words.ts'
import './imports.css'
import './sources.css'

const views = ['left', 'right', 'different'] as const

interface Question {
  left: string
  right: string
  kind: (typeof recordKinds)[number]
  establishment?: string
}

/** Two sources side by side: who is in one only, and what they say otherwise; all of it is in the address. */
export function SourceComparisonPage() {
  const { t } = useTranslation(['sources', 'imports'])
  const [parameters, setParameters] = useSearchParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['sources'],
    queryFn: () => read(api.GET('/api/directory/sources')),
  })
  const known = data?.sources ?? []
  const left = known.find(({ id }) => id === parameters.get('left'))?.id ?? ''
  const right = known.find(({ id }) => id === parameters.get('right'))?.id ?? ''
  const kind = recordKinds.find((each) => each === parameters.get('kind')) ?? 'pupil'
  const establishment = parameters.get('establishment') ?? undefined
  const choose = (name: string, value: string) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before)
        if (value) after.set(name, value)
        else after.delete(name)
        after.delete('establishment')
        return after
      },
      { replace: true, preventScrollReset: true },
    )
  const sources = [
    { value: '', label: t('compare.choose') },
    ...known.map(({ id, name }) => ({ value: id, label: name })),
  ]
  return (
    <Page
      back={{ to: paths.sources(), label: t('title') }}
      busy={!data && !error}
      lead={t('compare.lead')}
      title={t('compare.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {data && (
        <>
          <div className="filters">
            <SelectField
              label={t('compare.left')}
              onChange={({ target }) => choose('left', target.value)}
              options={sources}
              value={left}
            />
            <SelectField
              label={t('compare.right')}
              onChange={({ target }) => choose('right', target.value)}
              options={sources}
              value={right}
            />
            <SelectField
              label={t('compare.kind')}
              onChange={({ target }) => choose('kind', target.value)}
              options={recordKinds.map((value) => ({ value, label: t(`imports:kind.${value}`) }))}
              value={kind}
            />
          </div>
          <p className="quiet measure">{t('compare.how')}</p>
          {left && right && left !== right ? (
            <Comparison question={{ left, right, kind, ...(establishment && { establishment }) }} />
          ) : (
            <Empty title={t('compare.chooseBoth')}>{known.length < 2 && <p>{t('compare.chooseHint')}</p>}</Empty>
          )}
        </>
      )}
    </Page>
  )
}

function Comparison({ question }: { question: Question }) {
  const { t } = useTranslation('sources')
  const explain = useProblemText()
  const format = useFormat()
  const sorting = useSorting()
  const client = useQueryClient()
  const queryKey = ['source-comparison', question]
  const ask = (again: boolean) =>
    read(api.GET('/api/directory/source-comparison', { params: { query: { ...question, again: `${again}` } } }))
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: () => ask(false),
    refetchInterval: (query) => (query.state.data?.state === 'computing' ? 1_000 : false),
  })
  const again = useMutation({
    mutationFn: () => ask(true),
    onSuccess: (found) => client.setQueryData(queryKey, found),
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={4} />
  if (data.state === 'failed') {
    return (
      <Notice kind="danger" live="alert" title={t('compare.failed')}>
        {again.error && <p>{explain(again.error)}</p>}
        <Button busy={again.isPending} onClick={() => again.mutate()}>
          {t('compare.again')}
        </Button>
      </Notice>
    )
  }
  const { establishments } = data
  if (data.state === 'computing') {
    // Nothing is counted yet.
    if (data.total === 0)
      return <Progress label={t('compare.computing')} maximum={1} note={t('compare.startingNote')} />
    const note = t('compare.computingNote', { done: format.number(data.done), total: format.number(data.total) })
    return <Progress label={t('compare.computing')} maximum={data.total} note={note} value={data.done} />
  }
  if (establishments.length === 0) return <Empty title={t('compare.nothingToCompare')} />
  const figures = ['onlyLeft', 'onlyRight', 'both', 'different'] as const
  const name = question.establishment && establishments[0]?.name
  return (
    <>
      {name ? (
        <p>
          <strong>{name}</strong>
          <br />
          <Link
            preventScrollReset
            to={paths.compareSources({ left: question.left, right: question.right, kind: question.kind })}
          >
            {t('compare.leave', { name })}
          </Link>
        </p>
      ) : undefined}
      <Section title={t('compare.by')}>
        <DataTable
          caption={t('compare.by')}
          columns={[
            {
              key: 'establishment',
              head: t('compare.establishment'),
              value: (each) => each.name,
              cell: (each) =>
                each.id === null ? (
                  t('compare.none')
                ) : (
                  <Link preventScrollReset to={paths.compareSources({ ...question, establishment: each.id })}>
                    {each.name}
                  </Link>
                ),
            },
            ...figures.map((key) => ({
              key,
              head: t(`compare.${key}`),
              number: true,
              value: (each: (typeof establishments)[number]) => each[key],
              cell: (each: (typeof establishments)[number]) =>
                each[key] === 0 ? <span className="quiet">0</span> : format.number(each[key]),
            })),
          ]}
          csv={{ name: t('compare.by') }}
          rowKey={(each) => each.id ?? ''}
          rows={establishments}
          {...sorting}
        />
      </Section>
      <Records question={question} />
    </>
  )
}

function Records({ question }: { question: Question }) {
  const { t } = useTranslation(['sources', 'shell'])
  const [parameters, setParameters] = useSearchParams()
  const { wording } = useSorting()
  const view = views.find((each) => each === parameters.get('view')) ?? 'left'
  const load = (page: { after?: string; limit?: number }) =>
    read(api.GET('/api/directory/source-comparison/records', { params: { query: { ...question, view, ...page } } }))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['source-comparison', question, view],
    queryFn: ({ pageParam }) => load(pageParam ? { after: pageParam } : {}),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  type Compared = NonNullable<typeof data>['pages'][number]['records'][number]
  const listAll = async () => {
    const all: Compared[] = []
    for (let after: string | null = ''; after !== null;) {
      const page: Awaited<ReturnType<typeof load>> = await load({ ...(after && { after }), limit: 1000 })
      all.push(...page.records)
      after = page.next
    }
    return all
  }
  const records = data?.pages.flatMap((page) => page.records) ?? []
  const nameOf = (each: Compared) => each.left?.label ?? each.right?.label ?? ''
  const identifierOf = (each: Compared) =>
    [...new Set([each.left?.externalId, each.right?.externalId])].filter(Boolean).join(' · ')
  const tell = (each: Compared) =>
    each.fields
      .map(
        ({ field, left, right }) => `${findText(`imports:field.${field}`) ?? field} : ${left || '∅'} → ${right || '∅'}`,
      )
      .join(' ; ')
  return (
    <Section title={t('compare.records')}>
      <div className="source-kind">
        <SelectField
          label={t('compare.viewLabel')}
          onChange={({ target }) =>
            setParameters(
              (before) => {
                const after = new URLSearchParams(before)
                after.set('view', target.value)
                return after
              },
              { replace: true, preventScrollReset: true },
            )
          }
          options={views.map((value) => ({ value, label: t(`compare.views.${value}`) }))}
          value={view}
        />
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && records.length === 0 && <Empty title={t('compare.nothing')} />}
      {records.length > 0 && (
        <DataTable
          caption={t('compare.records')}
          columns={[
            { key: 'record', head: t('compare.record'), value: nameOf, cell: nameOf },
            {
              key: 'identifier',
              head: t('compare.identifier'),
              value: identifierOf,
              cell: (each) => <span className="code">{identifierOf(each)}</span>,
            },
            {
              key: 'establishment',
              head: t('compare.establishment'),
              value: (each) => each.establishment?.name ?? null,
              cell: (each) => each.establishment?.name ?? t('compare.none'),
            },
            ...(view === 'different'
              ? [
                  {
                    key: 'field',
                    head: t('compare.field'),
                    value: tell,
                    cell: (each: Compared) => (
                      <ul className="compared-fields">
                        {each.fields.map(({ field, left, right }) => (
                          <li key={field}>
                            <span className="quiet">{findText(`imports:field.${field}`) ?? field}</span> {left || '∅'} →{' '}
                            {right || '∅'}
                          </li>
                        ))}
                      </ul>
                    ),
                  },
                ]
              : []),
          ]}
          csv={{ name: t(`compare.views.${view}`), listAll }}
          rowKey={(each) => `${each.left?.externalId ?? ''}|${each.right?.externalId ?? ''}`}
          rows={records}
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
