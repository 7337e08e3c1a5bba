import { useTranslation } from 'react-i18next'

/**
 * What the program says of a fault in its own words, which are English: shown to who reads English, beside the
 * explanation that everybody gets in their language.
 */
export function TechnicalDetail({ text }: { text: string }) {
  const { i18n } = useTranslation()
  return i18n.language === 'en' ? <span className="small quiet">{text}</span> : null
}
