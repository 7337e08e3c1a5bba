import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { ImportState } from './import-state.tsx'
import { countChanges, isRunning, toShownState } from './import-words.ts'
import './imports.css'

/** Every import, newest first. */
export function ImportsPage() {
  const { t } = useTranslation(['imports', 'matching', 'shell'])
  const format = useFormat()
  const sorting = useSorting()
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
        <>
          <Link className={buttonClass()} to={paths.matching()}>
            {t('matching:title')}
          </Link>
          <Link className={buttonClass()} to={paths.sources()}>
            {t('list.sources')}
          </Link>
          <Link className={buttonClass('primary')} to={paths.newImport()}>
            {t('list.new')}
          </Link>
        </>
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
        <DataTable
          caption={t('list.title')}
          columns={[
            {
              key: 'received',
              head: t('list.received'),
              value: (each) => each.createdAt,
              cell: (each) => <Link to={paths.import(each.id)}>{format.dateTime(each.createdAt)}</Link>,
            },
            {
              key: 'source',
              head: t('list.source'),
              value: (each) => each.source?.name ?? null,
              cell: (each) => each.source?.name ?? t('unknownSource'),
            },
            {
              key: 'exported',
              head: t('list.exported'),
              value: (each) => each.exportedOn,
              cell: (each) => each.exportedOn && format.day(each.exportedOn),
            },
            {
              key: 'state',
              head: t('list.state'),
              value: (each) => t(`state.${each.state}`),
              cell: (each) => <ImportState state={toShownState(each)} />,
            },
            {
              key: 'changes',
              head: t('list.changes'),
              number: true,
              value: countChanges,
              cell: (each) => (each.nothingToDo ? t('list.none') : format.number(countChanges(each))),
            },
            {
              key: 'by',
              head: t('list.by'),
              value: (each) => each.createdBy?.name ?? t(each.unattended ? 'byItself' : 'commandLine'),
              cell: (each) => each.createdBy?.name ?? t(each.unattended ? 'byItself' : 'commandLine'),
            },
          ]}
          csv={{ name: t('list.title') }}
          onSort={hasNextPage ? undefined : sorting.onSort}
          rowKey={(each) => each.id}
          rows={imports}
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
    </Page>
  )
}
