import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { CourseTable } from './course-table.tsx'
import { LaunchTable } from './launch-table.tsx'
import { PlatformForm } from './platform-form.tsx'
import { type Platform, platformQuery } from './platforms.ts'
import './lti.css'

/** One platform: whether it answers, its last launches, its courses, its settings. */
export function PlatformPage() {
  const { id } = useParams()
  return id === undefined ? <NewPlatform /> : <KnownPlatform id={id} key={id} />
}

function NewPlatform() {
  const { t } = useTranslation('lti')
  return (
    <Page back={{ to: paths.platforms(), label: t('platforms.title') }} title={t('platform.new')}>
      <PlatformForm platform={undefined} />
    </Page>
  )
}

function KnownPlatform({ id }: { id: string }) {
  const { t } = useTranslation('lti')
  const { data, error, refetch } = useQuery(platformQuery(id))
  const isUnknown = error instanceof ApiProblem && error.status === 404
  return (
    <Page
      back={{ to: paths.platforms(), label: t('platforms.title') }}
      busy={!data && !error}
      title={data?.platform.name ?? t('platforms.name')}
      wide
    >
      {isUnknown && <Empty title={t('platform.unknown')} />}
      {error && !data && !isUnknown && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          {data.unboundRules.map((rule) => (
            <Notice key={rule} kind="warning" title={t(`platform.unbound.${rule}`)}>
              {t('platform.unbound.hint')}
            </Notice>
          ))}
          <Trial platform={data.platform} />
          <LaunchTable launches={data.launches} />
          <CourseTable courses={data.courses} platformId={id} />
          <PlatformForm platform={data.platform} />
          <Withdrawal platform={data.platform} />
        </>
      )}
    </Page>
  )
}

function Trial({ platform: { id, issuer } }: { platform: Platform }) {
  const { t } = useTranslation('lti')
  const explain = useProblemText()
  const attempt = useMutation({
    mutationFn: () => read(api.POST('/api/lti/platforms/{id}/try', { params: { path: { id } } })),
  })
  return (
    <Section hint={t('platform.tryHint')} title={t('platform.try')}>
      <p className="code lti-value">{issuer}</p>
      <div aria-live="polite">
        {attempt.error && <Notice kind="danger" title={explain(attempt.error)} />}
        {attempt.data && <Notice kind="success" title={t('platform.tried', { count: attempt.data.keys })} />}
      </div>
      <div>
        <Button busy={attempt.isPending} onClick={() => attempt.mutate()}>
          {t('platform.try')}
        </Button>
      </div>
    </Section>
  )
}

function Withdrawal({ platform: { id, name } }: { platform: Platform }) {
  const { t } = useTranslation('lti')
  const explain = useProblemText()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const withdraw = useMutation({
    mutationFn: () => api.DELETE('/api/lti/platforms/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await navigate(paths.platforms({ withdrawn: name }))
      await queries.invalidateQueries({ queryKey: ['lti', 'platforms'] })
    },
  })
  return (
    <Section hint={t('platform.withdrawHint')} title={t('platform.withdraw')}>
      {withdraw.error && <Notice kind="danger" live="alert" title={explain(withdraw.error)} />}
      <div>
        {asked ? (
          <Button busy={withdraw.isPending} look="danger" onClick={() => withdraw.mutate()}>
            {t('platform.confirmWithdraw', { name })}
          </Button>
        ) : (
          <Button look="quiet" onClick={() => setAsked(true)}>
            {t('platform.withdrawOf', { name })}
          </Button>
        )}
      </div>
    </Section>
  )
}
