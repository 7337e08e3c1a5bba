import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'

/** Words for a right: its name, what it is over, when it holds. */
export function useRightText() {
  const { t } = useTranslation('administration')
  const format = useFormat()
  return {
    right: (right: string) => findText(`administration:rights.names.${right.replaceAll('.', '_')}`) ?? right,
    perimeter: ({ organisationName }: { organisationName: string | null }) =>
      organisationName ?? t('rights.everywhere'),
    period: ({ startsOn, endsOn }: { startsOn: string; endsOn: string | null }) =>
      endsOn === null
        ? t('rights.from', { from: format.day(startsOn) })
        : t('rights.fromUntil', { from: format.day(startsOn), until: format.day(endsOn) }),
  }
}
