import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { homeQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { holds, useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { Filters } from './filters.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { PersonLine, useAffiliationText } from './person-line.tsx'

const profiles = ['pupil', 'guardian', 'teacher', 'head', 'schoolLife', 'documentation', 'staff'] as const

/** Time after the last key before searching: between two keys of a slow typist. */
const pauseMs = 250

/** Search of people; the whole search is in the address. */
export function SearchPage() {
  const { t } = useTranslation(['directory', 'matching', 'shell'])
  const format = useFormat()
  const session = useSession()
  const tellAffiliation = useAffiliationText()
  const [parameters, change] = useFilters()
  const q = parameters.get('q') ?? ''
  const profile = profiles.find((each) => each === parameters.get('profile'))
  const establishment = parameters.get('establishment') ?? undefined
  const teachingGroup = parameters.get('class') ?? undefined
  const [typed, setTyped] = useState(q)
  const { data: home } = useQuery(homeQuery)
  const { data: offered } = useQuery({
    queryKey: ['establishments', '', 50],
    queryFn: () => read(api.GET('/api/directory/establishments', { params: { query: { limit: 50 } } })),
  })

  // The address follows what is typed, after a pause; and the field follows the address when one goes back.
  useEffect(() => {
    if (typed.trim() === q) return undefined
    const timer = setTimeout(() => change({ q: typed.trim() }), pauseMs)
    return () => clearTimeout(timer)
  })
  const [seen, setSeen] = useState(q)
  if (seen !== q) {
    setSeen(q)
    if (typed.trim() !== q) setTyped(q)
  }

  const query = { q, profile, establishment, class: teachingGroup }
  const asked = q.length > 0 || profile !== undefined || establishment !== undefined || teachingGroup !== undefined
  const { data, error, isFetching, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: ['people', query],
    queryFn: ({ pageParam, signal }) =>
      read(
        api.GET('/api/directory/people', {
          params: {
            query: {
              q,
              ...(profile && { profile }),
              ...(establishment && { establishment }),
              ...(teachingGroup && { class: teachingGroup }),
              ...(pageParam && { after: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    enabled: asked,
    placeholderData: (before) => before,
  })
  const people = data?.pages.flatMap((page) => page.people) ?? []
  const announced = useDeferredValue(
    !asked || !data || isFetching
      ? ''
      : people.length === 0
        ? t('search.none')
        : t('search.found', { count: people.length, more: hasNextPage ? t('search.andMore') : '' }),
  )
  const establishments = offered?.establishments ?? []
  const ownPlaces =
    home?.directory.affiliations.flatMap(({ organisation }) => (organisation ? [organisation] : [])) ?? []
  const places = [...new Map([...ownPlaces, ...establishments].map((each) => [each.id, each])).values()].filter(
    (each) => !('kind' in each) || each.kind === 'establishment',
  )

  return (
    <Page
      actions={
        <>
          {holds(session, 'directory.administer') && <Link to={paths.matching()}>{t('matching:title')}</Link>}
          <Link to={paths.establishments()}>{t('establishments.title')}</Link>
        </>
      }
      lead={t('search.lead')}
      title={t('search.title')}
    >
      <search>
        <form className="search-form" onSubmit={(event) => event.preventDefault()}>
          <TextField
            autoComplete="off"
            enterKeyHint="search"
            label={t('search.name')}
            maxLength={100}
            onChange={(event) => setTyped(event.target.value)}
            placeholder={t('search.example')}
            spellCheck={false}
            type="search"
            value={typed}
          />
          <Filters chosen={Number(profile !== undefined) + Number(establishment !== undefined)}>
            <SelectField
              label={t('search.profile')}
              onChange={(event) => change({ profile: event.target.value })}
              options={[
                { value: '', label: t('search.anyProfile') },
                ...profiles.map((value) => ({ value, label: t(`shell:profiles.${value}`) })),
              ]}
              value={profile ?? ''}
            />
            <SelectField
              label={t('search.establishment')}
              onChange={(event) => change({ establishment: event.target.value })}
              options={[
                { value: '', label: t('search.anyEstablishment') },
                ...(establishment && !places.some(({ id }) => id === establishment)
                  ? [{ value: establishment, label: t('search.chosenEstablishment') }]
                  : []),
                ...places.map(({ id, name, town }) => ({ value: id, label: [name, town].filter(Boolean).join(', ') })),
              ]}
              value={establishment ?? ''}
            />
          </Filters>
        </form>
      </search>
      <div className="stack">
        <p className="quiet" aria-live="polite">
          {announced}
        </p>
        {teachingGroup && (
          <div>
            <Button onClick={() => change({ class: '' })}>{t('search.leaveClass')}</Button>
          </div>
        )}
        {!asked && (
          <Empty title={t('search.start')}>
            <p>{t('search.startHint')}</p>
          </Empty>
        )}
        {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
        {asked && !data && !error && <SkeletonRows count={6} height="3.6rem" />}
        {asked && data && people.length === 0 && (
          <Empty title={t('search.none')}>
            <p>{t('search.noneHint')}</p>
          </Empty>
        )}
        {asked && people.length > 0 && (
          <ul className="person-list">
            {people.map((person) => (
              <PersonLine because={person.because} key={person.id} person={person}>
                {[
                  ...person.affiliations.map(tellAffiliation),
                  person.classes.length > 0 && format.list(person.classes.map(({ name }) => name)),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </PersonLine>
            ))}
          </ul>
        )}
        {asked && hasNextPage && (
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
