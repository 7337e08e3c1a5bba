import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import './directory.css'

const pauseMs = 250

type EstablishmentsPageData =
  ApiPaths['/api/directory/establishments']['get']['responses'][200]['content']['application/json']
type Establishment = EstablishmentsPageData['establishments'][number]

/** Establishments the viewer sees; the search is in the address. */
export function EstablishmentsPage() {
  const { t } = useTranslation(['directory', 'shell'])
  const [parameters, setParameters] = useSearchParams()
  const q = parameters.get('q') ?? ''
  const [typed, setTyped] = useState(q)
  useEffect(() => {
    if (typed.trim() === q) return undefined
    const timer = setTimeout(() => {
      setParameters(typed.trim() ? { q: typed.trim() } : {}, { replace: true, preventScrollReset: true })
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [typed, q, setParameters])
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: ['establishments', q],
    queryFn: ({ pageParam, signal }) =>
      read(
        api.GET('/api/directory/establishments', {
          params: { query: { q, ...(pageParam && { after: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  })
  const establishments = data?.pages.flatMap((page) => page.establishments) ?? []
  const sorting = useSorting()
  const tellKind = (each: Establishment) => (each.level ? t(`shell:level.${each.level}`) : each.typeLabel)
  const tellTown = (each: Establishment) => [each.postalCode, each.town].filter(Boolean).join(' ') || null
  const listAll = async () => {
    const all: Establishment[] = []
    let after: string | null = ''
    while (after !== null) {
      const page: EstablishmentsPageData = await read(
        api.GET('/api/directory/establishments', { params: { query: { q, limit: 200, ...(after && { after }) } } }),
      )
      all.push(...page.establishments)
      after = page.next
    }
    return all
  }
  return (
    <Page
      back={{ to: paths.directory(), label: t('search.title') }}
      busy={!data && !error}
      title={t('establishments.title')}
      wide
    >
      <search>
        <form className="search-form" onSubmit={(event) => event.preventDefault()}>
          <TextField
            autoComplete="off"
            hint={t('establishments.searchHint')}
            label={t('establishments.search')}
            maxLength={100}
            onChange={(event) => setTyped(event.target.value)}
            spellCheck={false}
            type="search"
            value={typed}
          />
        </form>
      </search>
      <div className="stack">
        {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows count={8} />}
        {data && establishments.length === 0 && (
          <Empty title={t('establishments.none')}>
            <p>{q ? t('establishments.noneFor') : t('establishments.noneYet')}</p>
          </Empty>
        )}
        {establishments.length > 0 && (
          <DataTable
            caption={t('establishments.title')}
            columns={[
              {
                key: 'name',
                head: t('establishments.name'),
                value: (each) => each.name,
                cell: (each) => <Link to={paths.establishment(each.id)}>{each.name}</Link>,
              },
              { key: 'kind', head: t('establishments.kind'), value: tellKind, cell: tellKind },
              { key: 'town', head: t('establishments.town'), value: tellTown, cell: tellTown },
              {
                key: 'uai',
                head: t('establishments.uai'),
                value: (each) => each.uai,
                cell: (each) => <span className="code">{each.uai}</span>,
              },
              {
                key: 'territory',
                head: t('establishments.territory'),
                value: (each) => each.territory?.name ?? null,
                cell: (each) => each.territory?.name,
              },
            ]}
            csv={{ name: t('establishments.title'), listAll }}
            onSort={hasNextPage ? undefined : sorting.onSort}
            rowKey={(each) => each.id}
            rows={establishments}
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
      </div>
    </Page>
  )
}
