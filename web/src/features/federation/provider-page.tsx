import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import type { Declared } from './provider-draft.ts'
import { ProviderForm } from './provider-form.tsx'
import { useReasonText } from './reason-text.ts'

/** One identity provider: declaring it, changing it, taking it away. */
export function ProviderPage() {
  const { slug } = useParams()
  const { t } = useTranslation('federation')
  const { data, error, refetch } = useQuery({
    queryKey: ['federation', 'declarations'],
    queryFn: () => read(api.GET('/api/federation/declarations')),
  })
  const declared = data?.providers.find((each) => each.slug === slug)
  const title = slug === undefined ? t('manage.new') : (declared?.name ?? t('manage.title'))
  return (
    <Page back={{ to: paths.providers(), label: t('manage.title') }} busy={!data && !error} title={title}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && slug !== undefined && !declared && <Empty title={t('manage.unknown')} />}
      {declared && <State declared={declared} />}
      {data && (slug === undefined || declared) && (
        <ProviderForm declared={declared} key={slug ?? ''} taken={data.providers.map((each) => each.slug)} />
      )}
      {declared && <Removal declared={declared} />}
    </Page>
  )
}

function State({ declared }: { declared: Declared }) {
  const { t } = useTranslation('federation')
  const format = useFormat()
  const explain = useReasonText()
  const { state, reason, checkedAt, register, protocol } = declared
  return (
    <dl className="facts">
      <div>
        <dt>{t('status.state')}</dt>
        <dd>
          <span>{[t(`status.states.${state}`), reason && explain(reason)].filter(Boolean).join(', ')}</span>
          {checkedAt && <span className="quiet">{format.dateTime(checkedAt)}</span>}
        </dd>
      </div>
      <div>
        <dt>{t(`manage.register.${protocol}`)}</dt>
        <dd className="code provider-value">{register}</dd>
      </div>
    </dl>
  )
}

function Removal({ declared: { slug, name } }: { declared: Declared }) {
  const { t } = useTranslation('federation')
  const explain = useProblemText()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/federation/declarations/{slug}', { params: { path: { slug } } }),
    onSuccess: async () => {
      await navigate(paths.providers({ removed: name }))
      await queries.invalidateQueries({ queryKey: ['federation'] })
    },
  })
  return (
    <Section hint={t('manage.removeHint')} title={t('manage.remove')}>
      {remove.error && <Notice kind="danger" live="alert" title={explain(remove.error)} />}
      <div>
        {asked ? (
          <Button busy={remove.isPending} look="danger" onClick={() => remove.mutate()}>
            {t('manage.confirmRemove', { name })}
          </Button>
        ) : (
          <Button look="quiet" onClick={() => setAsked(true)}>
            {t('manage.removeOf', { name })}
          </Button>
        )}
      </div>
    </Section>
  )
}
