import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { api, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Button } from '../../../ui/button.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useNames } from '../changes.ts'
import { Cited } from '../cited.tsx'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreementSlug } from '../governance.ts'
import { useAct } from '../meetings.ts'
import { MeasureTrends } from './measure-trends.tsx'
import { useProposalWords } from './proposal-words.ts'
import { ServiceFollow } from './service-follow.tsx'
import { ServicePhases } from './service-phases.tsx'
import { beginContent, numberOf, phaseName, type Service, serviceQuery } from './services.ts'

/** One service: where it is on its path, what is due, who hears of it, its dossiers and what they measured, its course. */
export function ServicePage() {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const number = numberOf(useParams()['number'])
  const { data, error, refetch } = useQuery(serviceQuery(slug, number))
  return (
    <GovernancePage
      back={{ to: paths.governanceServices(slug), label: t('title') }}
      busy={!data && !error}
      lead={data && t('numberOwner', { number: data.number, owner: names.party(data.owner) })}
      title={data?.name ?? t('service')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          {data.rules && (
            <ServicePhases course={data.course} phase={data.phase} rules={data.rules} stopped={data.stopped} />
          )}
          <Purpose service={data} />
          <NextDossier service={data} />
          <ServiceFollow service={data} />
          <Dossiers service={data} />
          <MeasureTrends dossiers={data.dossiers} />
          <Course service={data} />
        </>
      )}
    </GovernancePage>
  )
}

function Purpose({ service: { purpose, audience, beganOn } }: { service: Service }) {
  const { t } = useTranslation('services')
  const format = useFormat()
  return (
    <dl className="facts measure">
      <div>
        <dt>{t('purpose')}</dt>
        <dd className="dossier-text">{purpose}</dd>
      </div>
      <div>
        <dt>{t('audience')}</dt>
        <dd className="dossier-text">{audience}</dd>
      </div>
      <div>
        <dt>{t('beganOn')}</dt>
        <dd>{format.day(beganOn)}</dd>
      </div>
    </dl>
  )
}

/** What is to be decided next, by when, by which article; beginning the dossier for who prepares it. */
function NextDossier({ service }: { service: Service }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const format = useFormat()
  const navigate = useNavigate()
  const { number, rules, dueOn, late, pending, prepares, stopped } = service
  const begin = useAct(async () => {
    const made = await read(
      api.POST('/api/governance/agreements/{slug}/services/{service}/dossiers', {
        params: { path: { slug, service: number } },
        body: beginContent(service),
      }),
    )
    await navigate(paths.governanceDossier(slug, number, made.number))
  })
  if (stopped) return <Notice kind="info" title={t('stoppedTitle')} />
  if (!rules || dueOn === null) return null
  return (
    <Section title={t('nextDossier')}>
      <Notice
        kind={late ? 'warning' : 'info'}
        title={late ? t('lateTitle', { day: format.day(dueOn) }) : t('dueTitle', { day: format.day(dueOn) })}
      >
        <div>
          {t('dueWhy', { count: rules.review.everyMonths, body: names.body(rules.review.body) })}{' '}
          <Cited article={rules.review.article} interpretation={rules.review.interpretation} />
        </div>
        {pending && (
          <p>
            <Link to={paths.governanceDossier(slug, number, pending.number)}>
              {t(`pending.${pending.state === 'draft' ? 'draft' : 'submitted'}`, { number: pending.number })}
            </Link>
          </p>
        )}
      </Notice>
      {begin.error && <Failure error={begin.error} />}
      {prepares && !pending && (
        <div>
          <Button busy={begin.isPending} look="primary" onClick={() => begin.mutate()}>
            {t('begin')}
          </Button>
        </div>
      )}
    </Section>
  )
}

function Dossiers({ service: { number, rules, phase, dossiers } }: { service: Service }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const format = useFormat()
  const words = useProposalWords(rules)
  return (
    <Section title={t('dossiers')}>
      {dossiers.length === 0 && <Empty title={t('noDossier')}>{t('noDossierText')}</Empty>}
      {dossiers.length > 0 && (
        <Table
          caption={t('dossiers')}
          head={
            <tr>
              <th scope="col">{t('dossierHead')}</th>
              <th scope="col">{t('proposed')}</th>
              <th scope="col">{t('state')}</th>
            </tr>
          }
          stacked
        >
          {dossiers.map((dossier) => (
            <tr key={dossier.number}>
              <th scope="row">
                <Link to={paths.governanceDossier(slug, number, dossier.number)}>
                  {t('dossier', { number: dossier.number })}
                </Link>
                {dossier.submittedAt && (
                  <>
                    <br />
                    <span className="small quiet">
                      {t('submittedOn', { day: format.dayMedium(dossier.submittedAt) })}
                    </span>
                  </>
                )}
              </th>
              <td data-label={t('proposed')}>
                <div>{words(dossier.proposal, phase)}</div>
              </td>
              <td data-label={t('state')}>
                <div>
                  {t(`states.${dossier.state}`)}
                  {dossier.decision && dossier.decidedOn && (
                    <>
                      <br />
                      <span className="small quiet">
                        {t('decision', { number: dossier.decision, day: format.dayMedium(dossier.decidedOn) })}
                      </span>
                    </>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

/** What became of the service, step by step; nothing of it is ever changed. */
function Course({ service: { course, rules } }: { service: Service }) {
  const { t } = useTranslation('services')
  const format = useFormat()
  return (
    <Section title={t('course')}>
      <Table
        caption={t('course')}
        head={
          <tr>
            <th scope="col">{t('step')}</th>
            <th scope="col">{t('when')}</th>
            <th scope="col">{t('by')}</th>
          </tr>
        }
        stacked
      >
        {course.map(({ kind, fromPhase, phase, note, dueOn, at, dossier, decision, version }) => (
          <tr key={at + kind}>
            <th scope="row">
              {fromPhase !== null && fromPhase !== phase
                ? t('kinds.moved', { from: phaseName(rules, fromPhase), phase: phaseName(rules, phase) })
                : t(`kinds.${kind}`, { phase: phaseName(rules, phase) })}
              {note !== '' && (
                <>
                  <br />
                  <span className="small quiet dossier-text">{note}</span>
                </>
              )}
              {dueOn && (
                <>
                  <br />
                  <span className="small quiet">{t('untilDay', { day: format.day(dueOn) })}</span>
                </>
              )}
            </th>
            <td data-label={t('when')}>
              <div>{format.dateTime(at)}</div>
            </td>
            <td data-label={t('by')}>
              <div>
                {decision && dossier ? t('byDecision', { decision, dossier }) : t('registered')}
                <br />
                <span className="small quiet">{t('underVersion', { version })}</span>
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
