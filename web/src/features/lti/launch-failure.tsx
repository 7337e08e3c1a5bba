import { useTranslation } from 'react-i18next'
import { useProblemText } from '../../shell/failure.tsx'
import { Notice } from '../../ui/notice.tsx'

/** A launch that did not succeed: what happened, and where to begin again. */
export function LaunchFailure({ error }: { error: unknown }) {
  const { t } = useTranslation('dashboards')
  const explain = useProblemText()
  return (
    <div className="stack measure">
      <title>{t('launch.failed')}</title>
      <h1>{t('launch.failed')}</h1>
      <Notice kind="danger" live="alert" title={explain(error)} />
    </div>
  )
}
