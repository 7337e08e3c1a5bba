import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useLocation, useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, isMissing } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { SkeletonLines } from '../../ui/skeleton.tsx'
import { AccountPanel } from '../identity/account-panel.tsx'
import { PersonLine } from './person-line.tsx'

type Card = ApiPaths['/api/directory/people/{id}']['get']['responses'][200]['content']['application/json']

/** The card of a person: what the viewer may see, why, and what is kept from them. */
export function PersonPage() {
  const { t } = useTranslation(['directory', 'shell'])
  const format = useFormat()
  const { id = '' } = useParams()
  const {
    data: card,
    error,
    refetch,
  } = useQuery({
    queryKey: ['person', id],
    queryFn: () => read(api.GET('/api/directory/people/{id}', { params: { path: { id } } })),
  })
  const { state } = useLocation() as { state: { from?: string } | null }
  const back = state?.from?.startsWith(`${paths.directory()}?`)
    ? { to: state.from, label: t('search.results') }
    : { to: paths.directory(), label: t('search.title') }
  if (!card) {
    return (
      <Page back={back} busy={!error} title={isMissing(error) ? t('person.missing') : t('person.title')}>
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <SkeletonLines count={8} />}
      </Page>
    )
  }
  // An address of before a merge leads to the person kept.
  if (card.id !== id) return <Navigate replace to={paths.person(card.id)} />
  const administers = card.because.some((code) => code === 'youAdminister' || code === 'youOperate')
  return (
    <Page back={back} lead={<Affiliations card={card} />} title={format.name(card)}>
      <WhySeen card={card} />
      {card.goneOn && <p className="measure">{t('person.gone', { day: format.day(card.goneOn) })}</p>}
      <div className="two">
        <Contact card={card} />
        <Identity card={card} />
      </div>
      <Work card={card} />
      <Relations relations={card.guardians} title={t('person.guardians')} />
      <Relations relations={card.children} title={t('person.children')} />
      {administers && card.sources.length > 0 && (
        <Section title={t('person.sources')}>
          <dl className="facts">
            {card.sources.map((source) => (
              <div key={`${source.kind}-${source.record}-${source.externalId}`}>
                <dt>{source.name}</dt>
                <dd>
                  <span className="code">{source.externalId}</span>
                  {source.lastSeenAt && (
                    <span className="quiet">{t('person.lastSeen', { when: format.dateTime(source.lastSeenAt) })}</span>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      {!card.because.includes('self') && <AccountPanel person={card} />}
    </Page>
  )
}

function Affiliations({ card }: { card: Card }) {
  const { t } = useTranslation()
  return (
    <>
      {card.affiliations.map(({ profile, organisation }, index) => (
        <span className="person-affiliation" key={`${profile}-${organisation?.id ?? ''}`}>
          {index > 0 && ' · '}
          {t(`profile.${profile}`)}
          {organisation?.kind === 'establishment' && (
            <>
              , <Link to={paths.establishment(organisation.id)}>{organisation.name}</Link>
            </>
          )}
          {organisation && organisation.kind !== 'establishment' && `, ${organisation.name}`}
        </span>
      ))}
    </>
  )
}

function WhySeen({ card }: { card: Card }) {
  const { t } = useTranslation('directory')
  const format = useFormat()
  const withheld = card.withheld.map((field) => t(`withheld.${field}`))
  return (
    <aside aria-label={t('person.why')} className="why">
      <p>
        <strong>{t('person.why')}</strong>{' '}
        {card.because
          .map((code) => findText(`directory:because.${code}`))
          .filter(Boolean)
          .join(' ')}
      </p>
      {withheld.length > 0 && <p className="small">{t('person.withheld', { fields: format.list(withheld) })}</p>}
    </aside>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Contact({ card }: { card: Card }) {
  const { t } = useTranslation('directory')
  const { address } = card
  const phones = (['phone', 'mobile', 'workPhone'] as const).flatMap((field) =>
    card[field] ? [[field, card[field]] as const] : [],
  )
  const lines = address
    ? [address.street, [address.postalCode, address.town].filter(Boolean).join(' '), address.country].filter(Boolean)
    : []
  if (!card.email && phones.length === 0 && lines.length === 0) return null
  return (
    <Section title={t('person.contact')}>
      <dl className="facts">
        {card.email && (
          <Fact label={t('field.email')}>
            <a href={`mailto:${card.email}`}>{card.email}</a>
          </Fact>
        )}
        {phones.map(([field, number]) => (
          <Fact key={field} label={t(`field.${field}`)}>
            <a href={`tel:${number.replaceAll(/[^+\d]/g, '')}`}>{number}</a>
          </Fact>
        ))}
        {lines.length > 0 && <Fact label={t('field.address')}>{lines.join(', ')}</Fact>}
      </dl>
    </Section>
  )
}

function Identity({ card }: { card: Card }) {
  const { t } = useTranslation('directory')
  const format = useFormat()
  if (!card.bornOn && !card.otherGivenNames && !card.birthFamilyName) return null
  return (
    <Section title={t('person.identity')}>
      <dl className="facts">
        {card.bornOn && <Fact label={t('field.bornOn')}>{format.day(card.bornOn)}</Fact>}
        {card.otherGivenNames && <Fact label={t('field.otherGivenNames')}>{card.otherGivenNames}</Fact>}
        {card.birthFamilyName && <Fact label={t('field.birthFamilyName')}>{card.birthFamilyName}</Fact>}
      </dl>
    </Section>
  )
}

function Work({ card }: { card: Card }) {
  const { t } = useTranslation('directory')
  const format = useFormat()
  if (card.functions.length === 0 && card.teachings.length === 0 && card.classes.length === 0) return null
  return (
    <Section title={t('person.school')}>
      <dl className="facts">
        {card.functions.map((each) => (
          <Fact
            key={`${each.organisation.id}-${each.code}-${each.disciplineLabel ?? ''}`}
            label={each.organisation.name}
          >
            {[each.label ?? each.code, each.disciplineLabel].filter(Boolean).join(', ')}
          </Fact>
        ))}
        {card.classes.map((group) => (
          <Fact key={group.id} label={t(`group.${group.kind}`)}>
            <Link to={paths.teachingGroup(group.id)}>{group.name}</Link>
            <span className="quiet">{group.establishment.name}</span>
          </Fact>
        ))}
        {card.teachings.map(({ group, subjects, mainTeacher }) => (
          <Fact key={group.id} label={format.list(subjects)}>
            <Link to={paths.teachingGroup(group.id)}>{group.name}</Link>
            {mainTeacher && <span className="tag">{t('group.mainTeacher')}</span>}
          </Fact>
        ))}
      </dl>
    </Section>
  )
}

function Relations({ title, relations }: { title: string; relations: Card['guardians'] }) {
  const { t } = useTranslation('directory')
  if (relations.length === 0) return null
  return (
    <Section title={title}>
      <ul className="person-list">
        {relations.map(({ person, linkCode, legalStatus, contact, financial }) => (
          <PersonLine key={person.id} person={person}>
            {[
              findText(`directory:link.${linkCode}`),
              t(`legalStatus.${legalStatus}`),
              contact && t('relation.contact'),
              financial && t('relation.financial'),
            ]
              .filter(Boolean)
              .join(' · ')}
          </PersonLine>
        ))}
      </ul>
    </Section>
  )
}
