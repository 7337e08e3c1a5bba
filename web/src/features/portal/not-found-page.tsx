import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { buttonClass } from '../../ui/button.tsx'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <Page lead={t('notFound.text')} title={t('notFound.title')}>
      <div className="row">
        <Link className={buttonClass('primary')} to={paths.home()}>
          {t('notFound.home')}
        </Link>
        <Link className={buttonClass()} to={paths.directory()}>
          {t('notFound.directory')}
        </Link>
      </div>
    </Page>
  )
}
