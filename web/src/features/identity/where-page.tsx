import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { Button } from '../../ui/button.tsx'
import { RadioGroup, TextField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { EntryLayout } from './entry-layout.tsx'
import { type Audience, audiences, keepPlace, readPlace } from './place.ts'
import { ProviderLinks } from './provider-links.tsx'
import { providersQuery } from './providers.ts'
import { toReturnPath } from './return-path.ts'

/** Who one is and where, and so by which identity providers one signs in; this browser remembers it. */
export function WherePage() {
  const { t } = useTranslation('federation')
  const [parameters, change] = useFilters()
  const returnTo = toReturnPath(parameters.get('returnTo'))
  const [kept, setKept] = useState(readPlace)
  const asked = parameters.get('audience')
  const audience: Audience =
    audiences.find((each) => each === asked) ?? (kept && 'audience' in kept ? kept.audience : 'guardian')
  const keep = (place: Parameters<typeof keepPlace>[0]) => {
    keepPlace(place)
    setKept(place)
  }
  return (
    <EntryLayout title={t('where.title')}>
      <p>
        <Link to={paths.signIn({ returnTo })}>{t('where.back')}</Link>
      </p>
      <h1 tabIndex={-1}>{t('where.title')}</h1>
      <RadioGroup
        legend={t('where.who')}
        name="audience"
        onChoose={(value) => {
          change({ audience: value })
          if (kept && 'audience' in kept) keep({ ...kept, audience: value })
        }}
        options={audiences.map((value) => ({ value, label: t(`audience.${value}`) }))}
        value={audience}
      />
      {kept ? (
        <section aria-labelledby="kept" className="stack">
          <div className="remembered-place">
            <h2 id="kept">{kept.name}</h2>
            <Button look="quiet" onClick={() => keep(undefined)}>
              {t('changePlace')}
            </Button>
          </div>
          {'establishment' in kept ? (
            <EstablishmentProviders audience={audience} establishment={kept.establishment} returnTo={returnTo} />
          ) : (
            <a
              className="button button-primary"
              href={paths.startFederation(kept.provider, { returnTo, entity: kept.entity })}
            >
              {t('with', { name: kept.name })}
            </a>
          )}
          <p className="quiet small">{t('where.remembered')}</p>
        </section>
      ) : (
        <Search
          audience={audience}
          onChoose={keep}
          onType={(value) => change({ q: value })}
          asked={parameters.get('q') ?? ''}
        />
      )}
    </EntryLayout>
  )
}

function EstablishmentProviders(where: { establishment: string; audience: Audience; returnTo: string }) {
  const { t } = useTranslation('federation')
  const { establishment, audience, returnTo } = where
  const { data, error, refetch } = useQuery(providersQuery({ establishment, audience }))
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={2} />
  const direct = data.providers.filter(({ federation }) => !federation)
  if (direct.length === 0) return <p>{t('where.none')}</p>
  return <ProviderLinks providers={direct} returnTo={returnTo} />
}

function Search({
  asked,
  audience,
  onType,
  onChoose,
}: {
  asked: string
  audience: Audience
  onType: (q: string) => void
  onChoose: (place: NonNullable<Parameters<typeof keepPlace>[0]>) => void
}) {
  const { t } = useTranslation('federation')
  // What is typed shows at once; the address follows.
  const [q, setTyped] = useState(asked)
  const enough = q.trim().length >= 2
  const { data, error, refetch } = useQuery({
    queryKey: ['sign-in-places', q.trim()],
    queryFn: async () => {
      const query = { params: { query: { q: q.trim() } } }
      const [schools, members] = await Promise.all([
        read(api.GET('/api/federation/establishments', query)),
        read(api.GET('/api/federation/entities', query)),
      ])
      return { establishments: schools.establishments, entities: members.entities }
    },
    enabled: enough,
    placeholderData: (former) => former,
  })
  const found = enough && data ? data.establishments.length + data.entities.length : 0
  return (
    <div className="stack">
      <TextField
        autoComplete="off"
        hint={t('where.searchHint')}
        label={t('where.search')}
        onChange={({ target }) => {
          setTyped(target.value)
          onType(target.value)
        }}
        type="search"
        value={q}
      />
      <p aria-live="polite" className="quiet small">
        {enough && data && (found === 0 ? t('where.nothing') : t('where.found', { count: found }))}
      </p>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {enough && data && found > 0 && (
        <ul className="stack stack-tight">
          {data.establishments.map(({ id, name, town }) => (
            <li key={id}>
              <button
                className="demo-account"
                onClick={() => onChoose({ establishment: id, name, audience })}
                type="button"
              >
                <strong>{name}</strong>
                <span className="quiet small">{town}</span>
              </button>
            </li>
          ))}
          {data.entities.map(({ provider, entity, name }) => (
            <li key={entity}>
              <button className="demo-account" onClick={() => onChoose({ provider, entity, name })} type="button">
                <strong>{name}</strong>
                <span className="quiet small">{t('where.higher')}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
