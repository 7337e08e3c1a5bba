import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreementSlug } from '../governance.ts'
import { DossierActs } from './dossier-acts.tsx'
import { DossierComparison } from './dossier-comparison.tsx'
import { DossierDocument } from './dossier-document.tsx'
import { DossierForm } from './dossier-form.tsx'
import { type DossierPageOf, dossierQuery, numberOf } from './services.ts'

/** An impact dossier: what to do with it now, the document itself, what changed since the one before. */
export function DossierPage() {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const parameters = useParams()
  const [service, dossier] = [numberOf(parameters['number']), numberOf(parameters['dossier'])]
  const { data, error, refetch } = useQuery(dossierQuery(slug, service, dossier))
  return (
    <GovernancePage
      back={{ to: paths.governanceService(slug, service), label: data?.service.name ?? t('service') }}
      busy={!data && !error}
      lead={data && <State dossier={data} />}
      title={data ? t('dossierOf', { number: data.number, service: data.service.name }) : t('dossierHead')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <DossierActs dossier={data} />
          {data.may.write && <DossierForm dossier={data} />}
          <DossierDocument dossier={data} />
          {data.previous && <DossierComparison dossier={data} previous={data.previous} />}
          <Versions dossier={data} />
        </>
      )}
    </GovernancePage>
  )
}

function State({ dossier: { state, submittedAt, decision, decidedOn, agenda } }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const format = useFormat()
  const item = agenda.at(-1)
  return (
    <>
      {t(`states.${state}`)}
      {submittedAt && ` · ${t('submittedOn', { day: format.day(submittedAt) })}`}
      {decision && decidedOn && ` · ${t('decision', { number: decision, day: format.day(decidedOn) })}`}
      {item && (
        <>
          {' · '}
          <Link to={paths.governanceMeeting(slug, item.meetingId)}>{item.meeting}</Link>
        </>
      )}
    </>
  )
}

function Versions({ dossier: { versions, state } }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const format = useFormat()
  return (
    <Section title={t('versions')}>
      <p className="quiet measure">{state === 'draft' ? t('versionsDraft') : t('versionsFrozen')}</p>
      <ul className="dossier-list">
        {versions.map(({ number, at }) => (
          <li key={number}>{t('version', { number, when: format.dateTime(at) })}</li>
        ))}
      </ul>
    </Section>
  )
}
