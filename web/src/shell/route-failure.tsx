import { useTranslation } from 'react-i18next'
import { useRouteError } from 'react-router'
import { Button } from '../ui/button.tsx'

/** A page that broke: says so, keeps the navigation, offers to load again (a newer version may be out). */
export function RouteFailure() {
  const { t } = useTranslation()
  const error = useRouteError()
  const missingPart = error instanceof TypeError && /import|module/i.test(error.message)
  return (
    <div className="stack measure">
      <title>{t('broken.title')}</title>
      <h1 tabIndex={-1}>{t('broken.title')}</h1>
      <p>{missingPart ? t('broken.newVersion') : t('broken.text')}</p>
      <div>
        <Button look="primary" onClick={() => window.location.reload()}>
          {t('broken.reload')}
        </Button>
      </div>
    </div>
  )
}
