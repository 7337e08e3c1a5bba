import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'

/** Words for why a provider does not work, with the code where nothing says it better. */
export function useReasonText(): (code: string) => string {
  const { t } = useTranslation('federation')
  return (code) => findText(`federation:status.reasons.${code}`) ?? t('status.reasons.other', { code })
}
