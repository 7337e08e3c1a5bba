import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { fr } from '../../locales/fr.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useActText } from './act-text.ts'
import './administration.css'

type Entry = ApiPaths['/api/directory/audit']['get']['responses'][200]['content']['application/json']['entries'][number]
/** Rows of an export: a year of a busy establishment. */
const mostExported = 10_000
const filters = ['person', 'action', 'from', 'until'] as const
type Query = Partial<Record<(typeof filters)[number], string>>

const load = (query: Query, before: string, limit?: number) =>
  read(
    api.GET('/api/directory/audit', {
      params: { query: { ...query, ...(before && { before }), ...(limit && { limit }) } },
    }),
  )

/** What administrators did, for administrators; the whole search is in the address. */
export function TrailPage() {
  const { t } = useTranslation(['administration', 'identity', 'shell'])
  const format = useFormat()
  const [parameters, change] = useFilters()
  const query = Object.fromEntries(
    filters.flatMap((name) => {
      const value = parameters.get(name)
      return value ? [[name, value]] : []
    }),
  ) as Query
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['trail', query],
    queryFn: ({ pageParam }) => load(query, pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  })
  const { wording } = useSorting()
  const tell = useActText()
  /** As they are told here: whoever opens the file has no other words for them. */
  const listAll = async () => {
    const all: Entry[] = []
    for (let before: string | null = ''; before !== null && all.length < mostExported;) {
      const page: Awaited<ReturnType<typeof load>> = await load(query, before, 1_000)
      all.push(...page.entries)
      before = page.next
    }
    return all
  }
  const entries = data?.pages.flatMap((page) => page.entries) ?? []
  // The names of actions are written with their texts: `identity_access_code_issued` stands for `identity.access_code_issued`.
  const actions = Object.keys(fr.identity.audit.action)
    .filter((key) => key !== 'other')
    .map((key) => ({ value: key.replace('_', '.'), label: tell({ action: key.replace('_', '.'), detail: {} }) }))
    .sort((one, other) => format.compare(one.label, other.label))
  return (
    <Page back={{ to: paths.administration(), label: t('title') }} lead={t('trailLead')} title={t('act.title')} wide>
      <search className="stack">
        <div className="form-pair">
          <SelectField
            label={t('act.action')}
            onChange={(event) => change({ action: event.target.value })}
            options={[{ value: '', label: t('act.anyAction') }, ...actions]}
            value={query.action ?? ''}
          />
          <TextField
            label={t('act.from')}
            onChange={(event) => change({ from: event.target.value })}
            type="date"
            value={query.from ?? ''}
          />
          <TextField
            label={t('act.until')}
            onChange={(event) => change({ until: event.target.value })}
            type="date"
            value={query.until ?? ''}
          />
        </div>
        {query.person && (
          <p className="inline-form">
            <span>{t('act.onePerson')}</span>
            <Button look="quiet" onClick={() => change({ person: '' })}>
              {t('act.anyone')}
            </Button>
          </p>
        )}
      </search>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={8} />}
      {data && entries.length === 0 && <Empty title={t('act.none')} />}
      {entries.length > 0 && (
        <DataTable
          caption={t('act.title')}
          columns={[
            {
              key: 'when',
              head: t('act.when'),
              value: ({ recordedAt }) => format.dateTime(recordedAt),
              cell: ({ recordedAt }) => format.dateTime(recordedAt),
            },
            { key: 'what', head: t('act.what'), value: tell, cell: tell },
            {
              key: 'by',
              head: t('act.by'),
              value: ({ actor }) => (actor ? format.name(actor) : t('act.system')),
              cell: ({ actor }) => (actor ? <Name person={actor} /> : t('act.system')),
            },
            {
              key: 'about',
              head: t('act.about'),
              value: ({ subject, organisation }) => (subject ? format.name(subject) : (organisation?.name ?? null)),
              cell: (entry) => <About entry={entry} />,
            },
          ]}
          csv={{ name: t('act.title'), listAll }}
          rowKey={(entry) => entry.id}
          rows={entries}
          wording={{ ...wording, export: t('act.export') }}
        />
      )}
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('shell:more')}
          </Button>
        </div>
      )}
    </Page>
  )
}

function About({ entry }: { entry: Entry }) {
  if (entry.subject) return <Name person={entry.subject} />
  if (entry.organisation) return <Link to={paths.establishment(entry.organisation.id)}>{entry.organisation.name}</Link>
  return '–'
}

function Name({ person }: { person: { id: string; givenName: string; familyName: string } }) {
  const format = useFormat()
  return <Link to={paths.person(person.id)}>{format.name(person)}</Link>
}
