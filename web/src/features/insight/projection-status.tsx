import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { TechnicalDetail } from '../../shell/technical-detail.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Progress } from '../../ui/progress.tsx'

/** How far the counts of dashboards are behind the store, and having them made anew. */
export function ProjectionStatus() {
  const { t } = useTranslation('coverage')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const { data } = useQuery({
    queryKey: ['insight', 'projection'],
    queryFn: () => read(api.GET('/api/insight/projection')),
    refetchInterval: 5_000,
  })
  const rebuild = useMutation({
    mutationFn: () => read(api.POST('/api/insight/projection/rebuild')),
    onSettled: () => queries.invalidateQueries({ queryKey: ['insight', 'projection'] }),
  })
  if (!data) return null
  const current = data.builds.find(({ state }) => state === 'read')
  const filling = data.builds.find(({ state }) => state === 'filling')
  return (
    <Section title={t('projection.title')}>
      {current?.failure && (
        <Notice kind="warning" live="status" title={t('projection.failed')}>
          <TechnicalDetail text={current.failure} />
        </Notice>
      )}
      <p>
        {!current?.until && t('projection.nothing')}
        {current?.until && current.waiting === 0 && t('projection.current', { when: format.dateTime(current.until) })}
        {current?.until &&
          current.waiting > 0 &&
          t('projection.waiting', {
            count: current.waiting,
            waiting: format.number(current.waiting),
            since: format.duration(current.lag),
          })}
      </p>
      <div aria-live="polite">
        {filling && (
          <>
            <p>{t('projection.filling')}</p>
            <Progress
              label={t('projection.fillingLabel')}
              maximum={Math.max(1, filling.statements + filling.waiting)}
              value={filling.statements}
            />
          </>
        )}
        {rebuild.error && <Notice kind="danger" title={explain(rebuild.error)} />}
      </div>
      {current && !filling && (
        <div>
          <p className="quiet measure">{t('projection.rebuildHint')}</p>
          <Button busy={rebuild.isPending} onClick={() => rebuild.mutate()}>
            {t('projection.rebuild')}
          </Button>
        </div>
      )}
    </Section>
  )
}
