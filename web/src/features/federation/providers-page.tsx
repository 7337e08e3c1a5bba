import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { buttonClass } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import type { Declared } from './provider-draft.ts'
import { useReasonText } from './reason-text.ts'

/** The identity providers declared here: whose people each signs in, and whether it works. */
export function ProvidersPage() {
  const { t } = useTranslation('federation')
  const format = useFormat()
  const explain = useReasonText()
  const sorting = useSorting()
  const [parameters] = useFilters()
  const removed = parameters.get('removed')
  const { data, error, refetch } = useQuery({
    queryKey: ['federation', 'declarations'],
    queryFn: () => read(api.GET('/api/federation/declarations')),
    refetchInterval: 30_000,
  })
  const tellState = ({ state, reason }: Declared) =>
    [t(`status.states.${state}`), reason && explain(reason)].filter(Boolean).join(', ')
  const tellPeople = ({ recordKinds }: Declared) => format.list(recordKinds.map((kind) => t(`audience.${kind}`)))
  const tellPlaces = ({ organisations }: Declared) => {
    if (organisations.length === 0) return t('manage.everywhere')
    return organisations.length > 3
      ? t('manage.places', { count: organisations.length })
      : format.list(organisations.map(({ name }) => name))
  }
  return (
    <Page
      actions={
        <Link className={buttonClass('primary')} to={paths.newProvider()}>
          {t('manage.new')}
        </Link>
      }
      back={{ to: paths.status(), label: t('manage.back') }}
      busy={!data && !error}
      lead={t('manage.lead')}
      title={t('manage.title')}
      wide
    >
      <div aria-live="polite">
        {removed && <Notice kind="success" title={t('manage.removed', { name: removed })} />}
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data?.providers.length === 0 && <Empty title={t('status.none')} />}
      {data && data.providers.length > 0 && (
        <DataTable
          caption={t('manage.title')}
          columns={[
            {
              key: 'name',
              head: t('status.provider'),
              value: ({ name }) => name,
              cell: ({ name, slug }) => <Link to={paths.provider(slug)}>{name}</Link>,
            },
            {
              key: 'protocol',
              head: t('manage.protocol'),
              value: ({ protocol }) => t(`manage.protocols.${protocol}`),
              cell: ({ protocol }) => t(`manage.protocols.${protocol}`),
            },
            { key: 'people', head: t('manage.people'), value: tellPeople, cell: tellPeople },
            { key: 'places', head: t('manage.where'), value: tellPlaces, cell: tellPlaces },
            {
              key: 'state',
              head: t('status.state'),
              value: tellState,
              cell: (each) => (each.state === 'up' ? tellState(each) : <strong>{tellState(each)}</strong>),
            },
            {
              key: 'checked',
              head: t('manage.checked'),
              value: ({ checkedAt }) => checkedAt,
              cell: ({ checkedAt }) => (checkedAt === null ? null : format.dateTime(checkedAt)),
            },
          ]}
          csv={{ name: t('manage.title') }}
          rowKey={({ slug }) => slug}
          rows={data.providers}
          {...sorting}
        />
      )}
    </Page>
  )
}
