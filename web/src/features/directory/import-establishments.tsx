import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { changeKinds } from './import-words.ts'

const compared = ['establishment', 'class', 'group', 'pupil', 'staff'] as const

/** What an import changes in each establishment, the most changed first. */
export function ImportEstablishments({ id }: { id: string }) {
  const { t } = useTranslation(['imports', 'shell'])
  const format = useFormat()
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
      <Table
        caption={t('view.establishments')}
        head={
          <tr>
            <th scope="col">{t('establishments.name')}</th>
            {compared.map((kind) => (
              <th className="number" key={kind} scope="col">
                {t(`kind.${kind}`)}
              </th>
            ))}
          </tr>
        }
      >
        {establishments.map((each) => (
          <tr key={each.ref}>
            <th scope="row">
              <Link preventScrollReset to={paths.import(id, { view: 'changes', establishment: each.ref })}>
                {each.name}
              </Link>
            </th>
            {compared.map((kind) => (
              <td className="number" key={kind}>
                {changeKinds.map((change) => {
                  const value = each.counts[kind]?.[change] ?? 0
                  return value === 0 ? null : (
                    <span className={`delta delta-${change}`} key={change}>
                      <span className="visually-hidden">{t(`change.${change}`)} </span>
                      <span aria-hidden="true">{{ added: '+', modified: '~', removed: '−' }[change]}</span>
                      {format.number(value)}{' '}
                    </span>
                  )
                })}
              </td>
            ))}
          </tr>
        ))}
      </Table>
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
