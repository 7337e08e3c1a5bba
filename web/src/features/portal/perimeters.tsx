import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { compareProfiles, useFormat } from '../../shell/format.ts'
import { useSorting } from '../../shell/sorting.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { Home } from '../../api/queries.ts'

/** Figures of the establishments a head answers for. */
export function HeadedEstablishments({ headed }: { headed: Home['directory']['headed'] }) {
  const { t } = useTranslation(['portal', 'shell'])
  const format = useFormat()
  return (
    <div className="tiles">
      {headed.map(({ organisation, classes, counts }) => (
        <article className="tile tile-wide" key={organisation.id}>
          <h3>
            <Link to={paths.establishment(organisation.id)}>{organisation.name}</Link>
          </h3>
          <p className="quiet">{[organisation.town, organisation.uai].filter(Boolean).join(' · ')}</p>
          <dl className="figures">
            <div>
              <dt>{t('headed.classes', { count: classes })}</dt>
              <dd>{format.number(classes)}</dd>
            </div>
            {counts.toSorted(compareProfiles).map(({ profile, people }) => (
              <div key={profile}>
                <dt>{t(`shell:profiles.${profile}`)}</dt>
                <dd>
                  <Link
                    aria-label={`${t(`shell:profiles.${profile}`)} : ${format.number(people)}`}
                    to={paths.directory({ profile, establishment: organisation.id })}
                  >
                    {format.number(people)}
                  </Link>
                </dd>
              </div>
            ))}
          </dl>
        </article>
      ))}
    </div>
  )
}

const shown = 10

/** The territories of a local authority, and the first of their establishments. */
export function Territories({ territories }: { territories: Home['directory']['territories'] }) {
  const { t } = useTranslation(['portal', 'shell'])
  const format = useFormat()
  const { wording } = useSorting()
  const total = territories.reduce((sum, { establishments }) => sum + establishments, 0)
  const { data } = useQuery({
    queryKey: ['establishments', 'first', shown],
    queryFn: () => read(api.GET('/api/directory/establishments', { params: { query: { limit: shown } } })),
  })
  return (
    <div className="stack">
      <dl className="figures">
        {territories.map(({ id, name, establishments }) => (
          <div key={id}>
            <dt>{t('territories.establishmentsOf', { name })}</dt>
            <dd>{format.number(establishments)}</dd>
          </div>
        ))}
      </dl>
      {!data && <SkeletonRows count={5} />}
      {data && data.establishments.length > 0 && (
        <DataTable
          caption={t('territories.table')}
          columns={[
            {
              key: 'name',
              head: t('territories.establishment'),
              cell: (each) => <Link to={paths.establishment(each.id)}>{each.name}</Link>,
            },
            { key: 'town', head: t('territories.town'), cell: (each) => each.town },
            {
              key: 'level',
              head: t('territories.level'),
              cell: (each) => (each.level ? t(`shell:level.${each.level}`) : each.typeLabel),
            },
          ]}
          rowKey={(each) => each.id}
          rows={data.establishments}
          wording={wording}
        />
      )}
      {data && total > data.establishments.length && (
        <p>
          <Link to={paths.establishments()}>{t('territories.see', { count: total, total: format.number(total) })}</Link>
        </p>
      )}
    </div>
  )
}
