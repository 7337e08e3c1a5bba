import { useTranslation } from 'react-i18next'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'

type Answer<Path extends keyof ApiPaths> = ApiPaths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Content } } } }
}
  ? Content
  : never

export type Source = Answer<'/api/directory/sources/{id}'>
export type FeedAlert = Answer<'/api/directory/feed-alerts'>['alerts'][number]
export type SourceImport = Answer<'/api/directory/sources/{id}/history'>['history'][number]

/** What an alert says, in a sentence. */
export function useAlertText(): (alert: FeedAlert) => string {
  const { t } = useTranslation('sources')
  const format = useFormat()
  return ({ code, expectedAt, detail }) => {
    const reasons = detail.reasons?.map((reason) => findText(`sources:alerts.reason.${reason}`) ?? reason) ?? []
    const advice = detail.refusal && findText(`imports:refusal.${detail.refusal}`)
    const text = t(`alerts.${code}`, {
      expected: expectedAt ? format.dateTime(expectedAt) : '',
      read: format.number(detail.read ?? 0),
      median: format.number(detail.median ?? 0),
      exports: format.number(detail.exports ?? 0),
      limit: format.percent((detail.limit ?? 0) / 10_000),
      reasons: format.list(reasons),
      folder: detail.folder ?? '',
    })
    return advice ? `${text} ${advice}` : text
  }
}
