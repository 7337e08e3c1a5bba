import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import './directory.css'

const pauseMs = 250

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
          <Table
            caption={t('establishments.title')}
            head={
              <tr>
                <th scope="col">{t('establishments.name')}</th>
                <th scope="col">{t('establishments.kind')}</th>
                <th scope="col">{t('establishments.town')}</th>
                <th scope="col">{t('establishments.uai')}</th>
                <th scope="col">{t('establishments.territory')}</th>
              </tr>
            }
          >
            {establishments.map((each) => (
              <tr key={each.id}>
                <th scope="row">
                  <Link to={paths.establishment(each.id)}>{each.name}</Link>
                </th>
                <td>{each.level ? t(`shell:level.${each.level}`) : each.typeLabel}</td>
                <td>{[each.postalCode, each.town].filter(Boolean).join(' ')}</td>
                <td className="code">{each.uai}</td>
                <td>{each.territory?.name}</td>
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
      </div>
    </Page>
  )
}
