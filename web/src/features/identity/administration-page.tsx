import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { holds, useSession } from '../../shell/session.ts'
import { Empty } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import './administration.css'

/** Time after the last key before searching: between two keys of a slow typist. */
const pauseMs = 250

/** What one manages: the establishments, and the trail of acts on them. */
export function AdministrationPage() {
  const { t } = useTranslation(['administration', 'years', 'records', 'rostering'])
  const session = useSession()
  const everywhere = session.rights.some(
    ({ right, organisationId }) => right === 'directory.administer' && organisationId === null,
  )
  const administers = session.rights.some(({ right }) => right === 'directory.administer')
  const [parameters, setParameters] = useSearchParams()
  const q = parameters.get('q') ?? ''
  const [typed, setTyped] = useState(q)
  useEffect(() => {
    if (typed.trim() === q) return undefined
    const timer = setTimeout(() => setParameters(typed.trim() ? { q: typed.trim() } : {}, { replace: true }), pauseMs)
    return () => clearTimeout(timer)
  })
  const { data, error, refetch } = useQuery({
    queryKey: ['perimeter', q],
    queryFn: () => read(api.GET('/api/identity/perimeter', { params: { query: { q } } })),
    placeholderData: (before) => before,
  })
  const many = q !== '' || (data?.establishments.length ?? 0) > 8
  return (
    <Page
      actions={
        <>
          {everywhere && <Link to={paths.years()}>{t('years:title')}</Link>}
          {everywhere && <Link to={paths.leavers()}>{t('years:leavers.title')}</Link>}
          {everywhere && <Link to={paths.gar()}>{t('rostering:gar.title')}</Link>}
          {administers && <Link to={paths.clients()}>{t('rostering:clients.title')}</Link>}
          {holds(session, 'records.administer') && <Link to={paths.records()}>{t('records:credentials.title')}</Link>}
          <Link to={paths.trail()}>{t('trail')}</Link>
        </>
      }
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
      wide
    >
      {many && (
        <search className="measure">
          <TextField
            autoComplete="off"
            hint={t('searchHint')}
            label={t('search')}
            onChange={(event) => setTyped(event.target.value)}
            type="search"
            value={typed}
          />
        </search>
      )}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} height="7rem" />}
      {data?.establishments.length === 0 && (
        <Empty title={q ? t('none') : everywhere ? t('noneYet') : t('nothing')}>
          {!q && <p>{everywhere ? t('noneYetHint') : t('nothingHint')}</p>}
        </Empty>
      )}
      {data && data.establishments.length > 0 && (
        <ul className="tiles">
          {data.establishments.map((each) => (
            <li className="tile" key={each.id}>
              <h2>
                <Link to={paths.managedAccounts(each.id)}>{each.name}</Link>
              </h2>
              <p className="quiet">{[each.town, each.uai].filter(Boolean).join(' · ')}</p>
              <div className="row">
                <Link to={paths.managedRights(each.id)}>{t('tabs.rights')}</Link>
                <Link to={paths.managedStays(each.id)}>{t('tabs.stays')}</Link>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Page>
  )
}
