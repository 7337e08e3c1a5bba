import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { buttonClass } from '../../ui/button.tsx'
import { type Place, readPlace } from './place.ts'
import { ProviderLinks } from './provider-links.tsx'
import { providersQuery } from './providers.ts'

/** The outside ways in: those of the place this browser remembers, or everyone's and the way to choose a place. */
export function SignInProviders({ returnTo }: { returnTo: string }) {
  const { t } = useTranslation('federation')
  const place = readPlace()
  const where = place && 'establishment' in place ? place : undefined
  const { data } = useQuery(
    providersQuery(where ? { establishment: where.establishment, audience: where.audience } : {}),
  )
  if (!data || (data.providers.length === 0 && !place)) return null
  const direct = data.providers.filter(({ federation, everyones }) => !federation && (where || everyones))
  // Where everything fits on this page, there is nothing to choose.
  const choice = place !== undefined || data.providers.length > direct.length || direct.length > 6
  return (
    <section aria-labelledby="providers" className="sign-in-providers">
      <h2 className="entry-or" id="providers">
        {t('or')}
      </h2>
      {place && <RememberedPlace place={place} returnTo={returnTo} />}
      {place && 'entity' in place ? (
        <a className={buttonClass()} href={paths.startFederation(place.provider, { returnTo, entity: place.entity })}>
          {t('with', { name: place.name })}
        </a>
      ) : (
        <ProviderLinks providers={direct.slice(0, where ? undefined : 6)} returnTo={returnTo} />
      )}
      {choice && !place && (
        <Link className={buttonClass('quiet')} to={paths.signInWhere({ returnTo })}>
          {t('choosePlace')}
        </Link>
      )}
    </section>
  )
}

function RememberedPlace({ place, returnTo }: { place: Place; returnTo: string }) {
  const { t } = useTranslation('federation')
  return (
    <p className="remembered-place">
      <span>
        <strong>{place.name}</strong>
        {'audience' in place && (
          <>
            <br />
            <span className="quiet small">{t(`audience.${place.audience}`)}</span>
          </>
        )}
      </span>
      <Link to={paths.signInWhere({ returnTo })}>{t('changePlace')}</Link>
    </p>
  )
}
