import { useEffect, useRef } from 'react'
import { Link, NavLink, useLocation } from 'react-router'
import './places.css'

/**
 * The small navigation of a section; nothing where there is nowhere else to go. On a phone it is one line that slides.
 * @param within true for the places inside one place of the navigation just above, which is told apart by its look.
 * @param here which place one is at, where paths alone do not tell it.
 */
export function Places({
  label,
  places,
  within = false,
  here,
}: {
  label: string
  places: { to: string; label: string; end?: boolean }[]
  within?: boolean
  here?: string | undefined
}) {
  const list = useRef<HTMLUListElement>(null)
  const { pathname, search } = useLocation()
  useEffect(() => {
    const current = list.current?.querySelector('[aria-current]')?.parentElement
    if (!list.current || !current) return
    list.current.scrollLeft = current.offsetLeft - (list.current.clientWidth - current.offsetWidth) / 2
  }, [pathname, search, places.length])
  if (places.length < 2) return null
  return (
    <nav aria-label={label} className={within ? 'places places-within' : 'places'}>
      <ul ref={list}>
        {places.map(({ to, label: name, end = true }) => (
          <li key={to}>
            {here === undefined ? (
              <NavLink className="place" end={end} to={to}>
                {name}
              </NavLink>
            ) : (
              <Link
                aria-current={to === here ? 'page' : undefined}
                className="place"
                preventScrollReset
                replace={within}
                to={to}
              >
                {name}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}
