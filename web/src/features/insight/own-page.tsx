import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure, isRefused, useProblemText } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { saveFile } from '../../ui/csv.ts'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { InsightPage } from './insight-page.tsx'
import { objectionQuery } from './own.ts'
import { OwnFollowUps, OwnLooks } from './own-looks.tsx'
import { OwnObjection } from './own-objection.tsx'
import { OwnPlans } from './own-plans.tsx'
import { OwnTraces } from './own-traces.tsx'
import './own-page.css'

/** What is one's own: traces, who looked, plans, taking it all away, objecting. Also in the frame of a learning platform. */
export function OwnPage() {
  const { t } = useTranslation('traces')
  const { data, error, refetch } = useQuery(objectionQuery)
  const isUnknown = isRefused(error) || (error instanceof Error && 'code' in error && error.code === 'learner_unknown')
  return (
    <InsightPage audience="student" busy={!data && !error} lead={t('own.lead')} title={t('own.title')}>
      {error &&
        (isUnknown ? (
          <Empty title={t('own.unknown')}>
            <p>{t('own.unknownHint')}</p>
          </Empty>
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        ))}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <OwnTraces />
          <OwnLooks />
          <OwnFollowUps />
          <OwnPlans />
          <TakeAway />
          <OwnObjection since={data.since} />
        </>
      )}
    </InsightPage>
  )
}

/** All that is kept, as files. Asked for by this page, not by a link: in a frame only this page holds the token. */
function TakeAway() {
  const { t, i18n } = useTranslation('traces')
  const explain = useProblemText()
  const take = useMutation({
    mutationFn: async (kind: 'json' | 'csv') => {
      const language = i18n.language === 'en' ? 'en' : 'fr'
      const { data } =
        kind === 'json'
          ? await api.GET('/api/insight/own/export.json', { parseAs: 'blob' })
          : await api.GET('/api/insight/own/export.csv', { params: { query: { language } }, parseAs: 'blob' })
      if (data instanceof Blob) saveFile(`${t('export.file')}.${kind}`, data)
    },
  })
  return (
    <Section hint={t('export.hint')} title={t('export.title')}>
      {take.error && <Notice kind="danger" live="alert" title={explain(take.error)} />}
      <div className="row">
        {(['csv', 'json'] as const).map((kind) => (
          <Button busy={take.isPending && take.variables === kind} key={kind} onClick={() => take.mutate(kind)}>
            {t(`export.${kind}`)}
          </Button>
        ))}
      </div>
    </Section>
  )
}
