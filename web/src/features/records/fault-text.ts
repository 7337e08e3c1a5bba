import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'

/** Words for what is wrong with a statement: the store says it in English, to whoever wrote the source. */
export function useFaultText(): (fault: { pointer: string; reason: string }) => string {
  const { t } = useTranslation('quarantine')
  return ({ pointer, reason }) => {
    const key = reason
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .slice(0, 80)
      .replace(/_$/, '')
    const place = pointer === '' ? t('whole') : pointer.slice(1).replaceAll('/', ' › ')
    return `${place} ${findText(`quarantine:reason.${key}`) ?? reason}`
  }
}
