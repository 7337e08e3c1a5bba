import { useTranslation } from 'react-i18next'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { buttonClass } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { useNow } from '../../ui/now.ts'
import type { OfferedProvider } from './providers.ts'

/** Ways out to identity providers; one that does not work is said so, and stays open to whoever wants to try. */
export function ProviderLinks({ providers, returnTo }: { providers: OfferedProvider[]; returnTo: string }) {
  const { t } = useTranslation('federation')
  return (
    <ul className="providers">
      {providers.map((provider) => (
        <li key={provider.slug}>
          {/* A real navigation: the provider's site answers. */}
          <a className={buttonClass()} href={paths.startFederation(provider.slug, { returnTo })}>
            {t('with', { name: provider.name })}
          </a>
          <ProviderTrouble provider={provider} />
        </li>
      ))}
    </ul>
  )
}

function ProviderTrouble({ provider: { state, since } }: { provider: OfferedProvider }) {
  const { t } = useTranslation('federation')
  const format = useFormat()
  const now = useNow(60)
  if ((state !== 'down' && state !== 'degraded') || since === null) return null
  return (
    <p className={state === 'down' ? 'provider-trouble provider-down' : 'provider-trouble'}>
      <Icon name="alert" size={18} />{' '}
      {t(`trouble.${state}`, { length: format.duration((now.getTime() - new Date(since).getTime()) / 1_000) })}
    </p>
  )
}
