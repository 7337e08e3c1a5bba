import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { ImportState } from './import-state.tsx'
import { countChanges, isRunning } from './import-words.ts'
import './imports.css'

/** Every import, newest first. */
export function ImportsPage() {
  const { t } = useTranslation(['imports', 'shell'])
  const format = useFormat()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['imports'],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/imports', { params: { query: { limit: 30, ...(pageParam && { after: pageParam }) } } }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (state.data?.pages[0]?.imports.some(isRunning) ? 2_000 : false),
  })
  const imports = data?.pages.flatMap((page) => page.imports) ?? []
  return (
    <Page
      actions={
        <Link className={buttonClass('primary')} to={paths.newImport()}>
          {t('list.new')}
        </Link>
      }
      busy={!data && !error}
      lead={t('list.lead')}
      title={t('list.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && imports.length === 0 && (
        <Empty title={t('list.empty')}>
          <p>{t('list.emptyHint')}</p>
        </Empty>
      )}
      {imports.length > 0 && (
        <Table
          caption={t('list.title')}
          head={
            <tr>
              <th scope="col">{t('list.received')}</th>
              <th scope="col">{t('list.source')}</th>
              <th scope="col">{t('list.exported')}</th>
              <th scope="col">{t('list.state')}</th>
              <th className="number" scope="col">
                {t('list.changes')}
              </th>
              <th scope="col">{t('list.by')}</th>
            </tr>
          }
        >
          {imports.map((each) => (
            <tr key={each.id}>
              <th scope="row">
                <Link to={paths.import(each.id)}>{format.dateTime(each.createdAt)}</Link>
              </th>
              <td>{each.source?.name ?? t('unknownSource')}</td>
              <td>{each.exportedOn && format.day(each.exportedOn)}</td>
              <td>
                <ImportState state={each.state} />
              </td>
              <td className="number">{each.nothingToDo ? t('list.none') : format.number(countChanges(each))}</td>
              <td>{each.createdBy?.name ?? t('commandLine')}</td>
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
    </Page>
  )
}
