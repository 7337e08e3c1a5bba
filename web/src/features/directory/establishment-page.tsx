import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { schoolYearsQuery } from '../../api/queries.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, isMissing } from '../../shell/failure.tsx'
import { compareProfiles, useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { holds, useSession } from '../../shell/session.ts'
import { useSorting } from '../../shell/sorting.ts'
import { SkeletonLines } from '../../ui/skeleton.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { PersonLine } from './person-line.tsx'

/** The card of an establishment: how to reach it, who heads it, figures, classes. */
export function EstablishmentPage() {
  const { t } = useTranslation(['directory', 'shell', 'years'])
  const format = useFormat()
  const sorting = useSorting()
  const session = useSession()
  const { data: known } = useQuery(schoolYearsQuery)
  const { id = '' } = useParams()
  const {
    data: card,
    error,
    refetch,
  } = useQuery({
    queryKey: ['establishment', id],
    queryFn: () => read(api.GET('/api/directory/establishments/{id}', { params: { path: { id } } })),
  })
  const back = { to: paths.establishments(), label: t('establishments.title') }
  if (!card) {
    return (
      <Page back={back} busy={!error} title={isMissing(error) ? t('establishments.missing') : t('establishments.one')}>
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <SkeletonLines count={8} />}
      </Page>
    )
  }
  const place = [card.street, [card.postalCode, card.town].filter(Boolean).join(' ')].filter(Boolean).join(', ')
  const classes = card.classes.toSorted(
    (one, other) => one.kind.localeCompare(other.kind) || format.compare(one.name, other.name),
  )
  // The year to come, or in its first weeks the one that has just begun.
  const followed = known?.years.find(({ state }) => state === 'preparing') ?? known?.years[0]
  const prepares = holds(session, 'directory.administer') || card.heads.some((head) => head.id === session.person.id)
  return (
    <Page
      actions={
        prepares &&
        followed && <Link to={paths.successions(card.id, followed.startYear)}>{t('years:succession.link')}</Link>
      }
      back={back}
      lead={[card.level ? t(`shell:level.${card.level}`) : card.typeLabel, card.town].filter(Boolean).join(' · ')}
      title={card.name}
    >
      {card.goneOn && <p className="measure">{t('establishments.gone', { day: format.day(card.goneOn) })}</p>}
      <div className="two">
        <Section title={t('establishments.reach')}>
          <dl className="facts">
            {place && (
              <div>
                <dt>{t('field.address')}</dt>
                <dd>{place}</dd>
              </div>
            )}
            {card.phone && (
              <div>
                <dt>{t('field.phone')}</dt>
                <dd>
                  <a href={`tel:${card.phone.replaceAll(/[^+\d]/g, '')}`}>{card.phone}</a>
                </dd>
              </div>
            )}
            {card.email && (
              <div>
                <dt>{t('field.email')}</dt>
                <dd>
                  <a href={`mailto:${card.email}`}>{card.email}</a>
                </dd>
              </div>
            )}
            {card.uai && (
              <div>
                <dt>{t('establishments.uai')}</dt>
                <dd className="code">{card.uai}</dd>
              </div>
            )}
            {card.territory && (
              <div>
                <dt>{t('establishments.territory')}</dt>
                <dd>{[card.territory.name, card.partner?.name].filter(Boolean).join(' · ')}</dd>
              </div>
            )}
          </dl>
        </Section>
        {card.heads.length > 0 && (
          <Section title={t('shell:profiles.head')}>
            <ul className="person-list">
              {card.heads.map((head) => (
                <PersonLine key={head.id} person={head} />
              ))}
            </ul>
          </Section>
        )}
      </div>
      {card.counts.length > 0 && (
        <Section title={t('establishments.counts')}>
          <dl className="figures">
            {card.counts.toSorted(compareProfiles).map(({ profile, people }) => (
              <div key={profile}>
                <dt>{findText(`shell:profiles.${profile}`) ?? profile}</dt>
                <dd>{format.number(people)}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      {card.levels.length > 0 && (
        <Section title={t('establishments.levels')}>
          <dl className="level-list">
            {card.levels.map(({ name, pupils }) => (
              <div key={name ?? ''}>
                <dt>{name ?? t('establishments.levelUnknown')}</dt>
                <dd>{format.number(pupils)}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      {classes.length > 0 && (
        <Section
          title={
            card.schoolYear
              ? t('establishments.classesOf', { year: format.schoolYear(card.schoolYear.startYear) })
              : t('establishments.classes')
          }
          {...(card.withheld.includes('otherClasses') && { hint: t('establishments.otherClasses') })}
        >
          <DataTable
            {...sorting}
            caption={t('establishments.classes')}
            columns={[
              {
                key: 'class',
                head: t('establishments.class'),
                value: (group) => group.name,
                cell: (group) => <Link to={paths.teachingGroup(group.id)}>{group.name}</Link>,
              },
              {
                key: 'kind',
                head: t('establishments.kind'),
                value: (group) => t(`group.${group.kind}`),
                cell: (group) => t(`group.${group.kind}`),
              },
              {
                key: 'pupils',
                head: t('establishments.pupils'),
                number: true,
                value: (group) => group.pupils,
                cell: (group) => (group.pupils === null ? '' : format.number(group.pupils)),
              },
            ]}
            csv={{ name: `${card.uai ?? card.name} ${t('establishments.classes')}` }}
            rowKey={(group) => group.id}
            rows={classes}
          />
        </Section>
      )}
      {card.withheld.includes('counts') && <p className="quiet small">{t('establishments.countsWithheld')}</p>}
    </Page>
  )
}
