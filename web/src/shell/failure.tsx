import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../api/client.ts'
import { findText } from '../i18n.ts'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { useFormat } from './format.ts'

/** Explains any error in the reader's words: what happened, what was kept, what to do. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation('problems')
  const format = useFormat()
  return (error) => {
    if (!(error instanceof ApiProblem)) return navigator.onLine ? t('unreachable') : t('offline')
    const wait = error.body['retryAfter']
    const figures = typeof wait === 'number' ? { ...error.body, wait: format.duration(wait) } : error.body
    return findText(`problems:${error.code}`, figures) ?? t('unknown')
  }
}

/** A part of a page that could not be read. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const explain = useProblemText()
  const requestId = error instanceof ApiProblem && error.status >= 500 ? error.body['requestId'] : undefined
  return (
    <Notice kind="danger" live="alert" title={explain(error)}>
      {typeof requestId === 'string' && <p className="small">{t('requestId', { requestId })}</p>}
      {onRetry && isWorthRetrying(error) && (
        <div>
          <Button onClick={onRetry}>{t('retry')}</Button>
        </div>
      )}
    </Notice>
  )
}

/** Whether what was asked for is not there, or not for the reader's eyes, so that asking again would change nothing. */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 404
}

/** Whether the reader may not see it. */
export function isRefused(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 403
}

function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof ApiProblem) || error.status >= 500 || error.status === 408 || error.status === 429
}
