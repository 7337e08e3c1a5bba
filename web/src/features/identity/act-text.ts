import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'
import { useRightText } from './right-text.ts'

/** Words for an act of the trail: what was done, and what of its detail a reader understands. */
export function useActText(): (act: { action: string; detail: Record<string, unknown> }) => string {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const tellRight = useRightText()
  const tellDetail = (detail: Record<string, unknown>): string | undefined => {
    const { right, purpose, endsOn, total, slug, provider } = detail
    if (typeof right === 'string') {
      const until = typeof endsOn === 'string' ? t('audit.until', { date: format.day(endsOn) }) : undefined
      return [tellRight.right(right), until].filter(Boolean).join(', ')
    }
    if (purpose === 'activation' || purpose === 'reset') return t(`audit.purpose.${purpose}`)
    if (typeof endsOn === 'string') return t('audit.until', { date: format.day(endsOn) })
    if (typeof total === 'number') return format.number(total)
    // Names of sign-in services and applications, as their declarers wrote them.
    if (typeof slug === 'string') return slug
    if (typeof provider === 'string') return provider
    return undefined
  }
  return ({ action, detail }) => {
    const text = findText(`identity:audit.action.${action.replaceAll('.', '_')}`) ?? t('audit.action.other', { action })
    const more = tellDetail(detail)
    return more === undefined ? text : t('audit.withDetail', { text, detail: more })
  }
}
