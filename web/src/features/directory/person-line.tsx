import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'
import type { Home } from '../../api/queries.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import './directory.css'

/** Why the viewer sees someone, in words: the strongest reason only, where there is little room. */
function Because({ codes }: { codes: string[] }) {
  const [strongest] = codes
  const text = strongest && findText(`directory:because.${strongest}`)
  return text ? <span className="because">{text}</span> : null
}

/** One person in a list. */
export function PersonLine({
  person,
  because,
  children,
}: {
  person: { id: string; givenName: string; familyName: string }
  because?: string[]
  children?: ReactNode
}) {
  const format = useFormat()
  const { pathname, search } = useLocation()
  return (
    <li className="person-line">
      <span aria-hidden="true" className="initials">
        {[...person.givenName][0]}
        {[...person.familyName][0]}
      </span>
      <span className="person-line-text">
        <Link className="person-line-name" state={{ from: pathname + search }} to={paths.person(person.id)}>
          {format.name(person)}
        </Link>
        {children && <span className="small quiet">{children}</span>}
        {because && <Because codes={because} />}
      </span>
    </li>
  )
}

type Profile = Home['directory']['profiles'][number]

/** Profile and place of someone: "Professeur, collège Rosa-Bonheur". */
export function useAffiliationText(): (affiliation: {
  profile: Profile
  organisation: { name: string } | null
}) => string {
  const { t } = useTranslation()
  return ({ profile, organisation }) => [t(`profile.${profile}`), organisation?.name].filter(Boolean).join(', ')
}
