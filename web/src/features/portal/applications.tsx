import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { Empty } from '../../ui/empty.tsx'
import { Icon } from '../../ui/icons.tsx'
import type { Home } from '../../api/queries.ts'

const order = ['learning', 'communication', 'orientation', 'administration']

/** Where one can go from here, by purpose. */
export function Applications({ applications }: { applications: Home['applications'] }) {
  const { t } = useTranslation('portal')
  if (applications.length === 0) {
    return (
      <Empty title={t('applications.empty')}>
        <p>{t('applications.will')}</p>
      </Empty>
    )
  }
  const categories = [...new Set([...order, ...applications.map(({ category }) => category)])]
  return (
    <div className="application-groups">
      {categories.map((category) => {
        const members = applications.filter((each) => each.category === category)
        if (members.length === 0) return null
        return (
          <div className="stack stack-tight" key={category}>
            <h3>{findText(`portal:applications.category.${category}`) ?? category}</h3>
            <ul className="applications">
              {members.map(({ slug, name, description, url }) => (
                <li key={slug}>
                  <a className="application" href={url} rel="noreferrer">
                    <span aria-hidden="true" className="application-letter">
                      {[...name][0]}
                    </span>
                    <span>
                      <strong>{name}</strong>
                      <span className="small quiet">{description}</span>
                    </span>
                    <Icon name="outward" size={16} />
                  </a>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </div>
  )
}
