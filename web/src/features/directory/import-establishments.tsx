import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { changeKinds } from './import-words.ts'

type Establishment =
  ApiPaths['/api/directory/imports/{id}/establishments']['get']['responses'][200]['content']['application/json']['establishments'][number]

const compared = ['establishment', 'class', 'group', 'pupil', 'staff'] as const

/** What an import changes in each establishment, the most changed first. */
export function ImportEstablishments({ id }: { id: string }) {
  const { t } = useTranslation(['imports', 'shell'])
  const format = useFormat()
  const sorting = useSorting()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['import', id, 'establishments'],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/imports/{id}/establishments', {
          params: { path: { id }, query: pageParam ? { after: pageParam } : {} },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={8} />
  const establishments = data.pages.flatMap((page) => page.establishments)
  if (establishments.length === 0) return <Empty title={t('establishments.none')} />
  return (
    <div className="stack">
      <p className="quiet">{t('establishments.reading')}</p>
      <DataTable
        caption={t('view.establishments')}
        columns={[
          {
            key: 'name',
            head: t('establishments.name'),
            value: (each) => each.name,
            cell: (each) => (
              <Link preventScrollReset to={paths.import(id, { view: 'changes', establishment: each.ref })}>
                {each.name}
              </Link>
            ),
          },
          ...compared.map((kind) => ({
            key: kind,
            head: t(`kind.${kind}`),
            number: true,
            value: (each: Establishment) =>
              changeKinds.reduce((sum, change) => sum + (each.counts[kind]?.[change] ?? 0), 0),
            cell: (each: Establishment) =>
              changeKinds.map((change) => {
                const value = each.counts[kind]?.[change] ?? 0
                return value === 0 ? null : (
                  <span className={`delta delta-${change}`} key={change}>
                    <span className="visually-hidden">{t(`change.${change}`)} </span>
                    <span aria-hidden="true">{{ added: '+', modified: '~', removed: '−' }[change]}</span>
                    {format.number(value)}{' '}
                  </span>
                )
              }),
          })),
        ]}
        csv={{ name: t('view.establishments') }}
        onSort={hasNextPage ? undefined : sorting.onSort}
        rowKey={(each) => each.ref}
        rows={establishments}
        sort={sorting.sort}
        wording={sorting.wording}
      />
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('shell:more')}
          </Button>
        </div>
      )}
    </div>
  )
}
