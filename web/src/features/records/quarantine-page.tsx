import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Checkbox, SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { useFaultText } from './fault-text.ts'
import './records.css'

type Source =
  ApiPaths['/api/records/sources']['get']['responses'][200]['content']['application/json']['sources'][number]
const states = ['waiting', 'stored', 'dropped'] as const
type State = (typeof states)[number]

/** Statements that broke a rule, and which sources are let send such; the search is in the address. */
export function QuarantinePage() {
  const { t } = useTranslation(['quarantine', 'records'])
  const { data, error, refetch } = useQuery({
    queryKey: ['records', 'sources'],
    queryFn: () => read(api.GET('/api/records/sources')),
  })
  return (
    <Page
      back={{ to: paths.records(), label: t('records:credentials.title') }}
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <Statements sources={data.sources} />
          <Sources sources={data.sources} />
        </>
      )}
    </Page>
  )
}

function Sources({ sources }: { sources: Source[] }) {
  const { t } = useTranslation('quarantine')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  // What was ticked shows at once, and as it was again when it could not be.
  const [wished, setWished] = useState<Record<string, boolean>>({})
  const set = useMutation({
    mutationFn: ({ id, lenient }: Pick<Source, 'id' | 'lenient'>) =>
      api.PUT('/api/records/sources/{id}/leniency', { params: { path: { id } }, body: { lenient } }),
    onError: (_error, { id, lenient }) => setWished((before) => ({ ...before, [id]: !lenient })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['records', 'sources'] }),
  })
  return (
    <Section hint={t('sourcesHint')} title={t('sources')}>
      {set.error && <Notice kind="danger" live="alert" title={explain(set.error)} />}
      {sources.length === 0 && <Empty title={t('noSource')} />}
      {sources.length > 0 && (
        <Table
          caption={t('sources')}
          head={
            <tr>
              <th scope="col">{t('source')}</th>
              <th scope="col">{t('tolerated')}</th>
              {states.map((state) => (
                <th className="number" key={state} scope="col">
                  {t(`${state}Count`)}
                </th>
              ))}
            </tr>
          }
          stacked
        >
          {sources.map((source) => (
            <tr key={source.id}>
              <th scope="row">{source.name}</th>
              <td data-label={t('tolerated')}>
                <Checkbox
                  checked={wished[source.id] ?? source.lenient}
                  label={<span className="visually-hidden">{t('tolerate', { name: source.name })}</span>}
                  onChange={({ target: { checked } }) => {
                    setWished((before) => ({ ...before, [source.id]: checked }))
                    set.mutate({ id: source.id, lenient: checked })
                  }}
                />
              </td>
              {states.map((state) => (
                <td className="number" data-label={t(`${state}Count`)} key={state}>
                  <Link
                    aria-label={`${format.number(source[state])} ${t(`${state}Count`)}, ${source.name}`}
                    to={paths.quarantine({ state, source: source.id })}
                  >
                    {format.number(source[state])}
                  </Link>
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Statements({ sources }: { sources: Source[] }) {
  const { t } = useTranslation(['quarantine', 'shell'])
  const format = useFormat()
  const tell = useFaultText()
  const [parameters, change] = useFilters()
  const state: State = states.find((each) => each === parameters.get('state')) ?? 'waiting'
  const source = sources.find(({ id }) => id === parameters.get('source'))?.id
  const query = { state, ...(source && { source }) }
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['records', 'quarantine', query],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/records/quarantine', { params: { query: { ...query, ...(pageParam && { after: pageParam }) } } }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const statements = data?.pages.flatMap((page) => page.statements) ?? []
  return (
    <Section title={t('list')}>
      <search className="records-filters">
        <SelectField
          label={t('state.label')}
          onChange={({ target }) => change({ state: target.value })}
          options={states.map((value) => ({ value, label: t(`state.${value}`) }))}
          value={state}
        />
        <SelectField
          label={t('source')}
          onChange={({ target }) => change({ source: target.value })}
          options={[
            { value: '', label: t('anySource') },
            ...sources.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={source ?? ''}
        />
      </search>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && statements.length === 0 && <Empty title={t(`none.${state}`)} />}
      {state === 'waiting' && <RetryAll any={statements.length > 0} source={source} />}
      {statements.length > 0 && (
        <Table
          caption={t('list')}
          head={
            <tr>
              <th scope="col">{t('received')}</th>
              <th scope="col">{t('source')}</th>
              <th scope="col">{t('fault')}</th>
              <th scope="col">{t('repairs')}</th>
              <th scope="col">{t('open')}</th>
            </tr>
          }
          stacked
        >
          {statements.map((statement) => (
            <tr key={statement.id}>
              <th scope="row">{format.dateTime(statement.receivedAt)}</th>
              <td data-label={t('source')}>
                <span>{statement.source}</span>
              </td>
              <td data-label={t('fault')}>
                <span className="records-value">{tell(statement)}</span>
              </td>
              <td data-label={t('repairs')}>
                <span>{statement.repairs.map((each) => t(`repair.${each}`)).join(', ') || t('noRepair')}</span>
              </td>
              <td data-label={t('open')}>
                <Link
                  aria-label={t('openOf', { when: format.dateTime(statement.receivedAt) })}
                  to={paths.quarantined(statement.id)}
                >
                  {t('open')}
                </Link>
              </td>
            </tr>
          ))}
        </Table>
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

/** Tries again what waits, since a newer version may repair more. */
function RetryAll({ any, source }: { any: boolean; source: string | undefined }) {
  const { t } = useTranslation('quarantine')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const retry = useMutation({
    async mutationFn() {
      const sum = { stored: 0, waiting: 0 }
      for (let after: string | null | undefined; after !== null;) {
        const body = { ...(source && { source }), ...(after && { after }) }
        const told = await read(api.POST('/api/records/quarantine/retry', { body }))
        sum.stored += told.stored
        sum.waiting += told.waiting
        after = told.next
      }
      return sum
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['records'] }),
  })
  return (
    <>
      <div aria-live="polite">
        {retry.data && (
          <Notice
            kind={retry.data.waiting === 0 ? 'success' : 'info'}
            title={t('retried', {
              stored: format.number(retry.data.stored),
              waiting: format.number(retry.data.waiting),
            })}
          />
        )}
        {retry.error && <Notice kind="danger" title={explain(retry.error)} />}
      </div>
      {any && (
        <div>
          <Button busy={retry.isPending} onClick={() => retry.mutate()}>
            {t('retryAll')}
          </Button>
        </div>
      )}
    </>
  )
}
