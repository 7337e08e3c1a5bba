import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'

/** Which child the page is about; in the address, so that it can be kept and shared. */
export function ChildSwitch({
  people,
  chosen,
}: {
  people: { id: string; givenName: string }[]
  chosen: string | undefined
}) {
  const { t } = useTranslation('portal')
  return (
    <nav aria-label={t('children.switch')}>
      <ul className="child-switch">
        <li>
          <Link aria-current={chosen === undefined ? 'true' : undefined} preventScrollReset to={paths.home()}>
            {t('children.all')}
          </Link>
        </li>
        {people.map(({ id, givenName }) => (
          <li key={id}>
            <Link aria-current={chosen === id ? 'true' : undefined} preventScrollReset to={paths.home({ child: id })}>
              {givenName}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
