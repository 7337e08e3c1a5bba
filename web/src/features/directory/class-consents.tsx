import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { isMissing } from '../../shell/failure.tsx'

/** Why somebody sees a pupil whose photo they may have to show, or not to. */
const needing = new Set(['youTeach', 'youSupervise', 'youAdminister', 'youOperate'])

/**
 * What guardians chose for each pupil of a class, by pupil: words to put under their name. Nothing for readers whom it
 * does not concern.
 */
export function useConsentText(
  classId: string,
  pupils: { because: string[] }[],
): { told: boolean; tell: (pupilId: string) => string | undefined } {
  const { t, i18n } = useTranslation('directory')
  const { data, error } = useQuery({
    queryKey: ['class', classId, 'consents'],
    queryFn: () => read(api.GET('/api/identity/classes/{id}/consents', { params: { path: { id: classId } } })),
    enabled: pupils.some(({ because }) => because.some((code) => needing.has(code))),
    retry: false,
  })
  const tell = (pupilId: string) => {
    if (error && !isMissing(error)) return t('consents.unreadable')
    const pupil = data?.pupils.find(({ id }) => id === pupilId)
    if (!data || !pupil) return undefined
    const language = i18n.language === 'en' ? 'en' : 'fr'
    return data.texts
      .map(({ id, slug, wording }) => {
        const agreement = pupil.answers.find(({ textId }) => textId === id)?.agreement ?? 'waiting'
        const title = slug === 'child-image' || slug === 'child-works' ? t(`consents.${slug}`) : wording[language].title
        return t('consents.line', { title, agreement: t(`consents.agreement.${agreement}`) })
      })
      .join(' · ')
  }
  return { told: data !== undefined, tell }
}
