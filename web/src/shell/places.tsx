import { NavLink } from 'react-router'
import './places.css'

/** The small navigation of a section; nothing where there is nowhere else to go. */
export function Places({ label, places }: { label: string; places: { to: string; label: string; end?: boolean }[] }) {
  if (places.length < 2) return null
  return (
    <nav aria-label={label} className="places">
      <ul>
        {places.map(({ to, label: name, end = true }) => (
          <li key={to}>
            <NavLink className="place" end={end} to={to}>
              {name}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  )
}
