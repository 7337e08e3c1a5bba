import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { audiencesQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { InsightPage } from '../insight/insight-page.tsx'
import { type Platform, type Platforms, platformsQuery } from './platforms.ts'
import { Portals } from './portals.tsx'
import './lti.css'

/** What opens dashboards from elsewhere: learning platforms, and portals. */
export function PlatformsPage() {
  const { t } = useTranslation('lti')
  const [parameters] = useSearchParams()
  const withdrawn = parameters.get('withdrawn')
  const { data, error, refetch } = useQuery(platformsQuery)
  const { data: looking } = useQuery(audiencesQuery)
  return (
    <InsightPage
      actions={<Link to={paths.identities()}>{t('platforms.identities')}</Link>}
      audience={looking?.audiences[0]}
      busy={!data && !error}
      lead={t('platforms.lead')}
      title={t('platforms.title')}
    >
      <div aria-live="polite">
        {withdrawn && <Notice kind="success" title={t('platform.withdrawn', { name: withdrawn })} />}
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <PlatformTable platforms={data.platforms} />
          <RegistrationLink tool={data.tool} />
          <Portals />
        </>
      )}
    </InsightPage>
  )
}

function PlatformTable({ platforms }: { platforms: Platform[] }) {
  const { t } = useTranslation('lti')
  const format = useFormat()
  return (
    <Section title={t('platforms.list')}>
      {platforms.length === 0 && <Empty title={t('platforms.none')}>{t('platforms.noneHint')}</Empty>}
      {platforms.length > 0 && (
        <Table
          caption={t('platforms.list')}
          head={
            <tr>
              <th scope="col">{t('platforms.name')}</th>
              <th scope="col">{t('platforms.how')}</th>
              <th scope="col">{t('platforms.reads')}</th>
            </tr>
          }
          stacked
        >
          {platforms.map((platform) => {
            const reads = [
              platform.readsMembers && t('platforms.members'),
              platform.readsGrades && t('platforms.grades'),
            ].filter(Boolean)
            return (
              <tr key={platform.id}>
                <th scope="row">
                  <Link to={paths.platform(platform.id)}>{platform.name}</Link>
                  <br />
                  <span className="lti-note small quiet lti-value">{platform.issuer}</span>
                </th>
                <td data-label={t('platforms.how')}>
                  <span>
                    {platform.registeredBy === 'link' ? t('platforms.byLink') : t('platforms.byHand')}
                    {', '}
                    {format.dateTime(platform.createdAt)}
                  </span>
                </td>
                <td data-label={t('platforms.reads')}>
                  <span>{reads.length > 0 ? reads.join(', ') : t('platforms.nothingRead')}</span>
                </td>
              </tr>
            )
          })}
        </Table>
      )}
    </Section>
  )
}

function RegistrationLink({ tool }: { tool: Platforms['tool'] }) {
  const { t } = useTranslation('lti')
  const format = useFormat()
  const explain = useProblemText()
  const ask = useMutation({ mutationFn: () => read(api.POST('/api/lti/registration-links')) })
  const copy = useMutation({ mutationFn: (text: string) => navigator.clipboard.writeText(text) })
  return (
    <Section hint={t('link.hint')} title={t('link.title')}>
      <div aria-live="polite">
        {ask.error && <Notice kind="danger" title={explain(ask.error)} />}
        {ask.data && (
          <Notice kind="success" title={t('link.made')}>
            <p className="code lti-value">{ask.data.url}</p>
            <p>{t('link.until', { when: format.dateTime(ask.data.expiresAt) })}</p>
            <p>
              <Button onClick={() => copy.mutate(ask.data.url)}>
                {copy.isSuccess ? t('link.copied') : t('link.copy')}
              </Button>
            </p>
          </Notice>
        )}
      </div>
      <div className="row">
        <Button
          busy={ask.isPending}
          look="primary"
          onClick={() => {
            copy.reset()
            ask.mutate()
          }}
        >
          {t('link.ask')}
        </Button>
        <Link to={paths.newPlatform()}>{t('link.byHand')}</Link>
      </div>
      <details>
        <summary>{t('link.addresses')}</summary>
        <dl className="facts">
          {(['launchUrl', 'loginUrl', 'keysUrl'] as const).map((name) => (
            <div key={name}>
              <dt>{t(`link.${name}`)}</dt>
              <dd className="code lti-value">{tool[name]}</dd>
            </div>
          ))}
        </dl>
      </details>
    </Section>
  )
}
