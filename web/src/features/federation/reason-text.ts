import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'

/** Words for why a provider does not work; the code itself where nothing says it better. */
export function useReasonText(): (code: string) => string {
  useTranslation(['federation', 'problems'])
  return (code) => findText(`federation:status.reasons.${code}`) ?? findText(`problems:${code}`) ?? code
}
