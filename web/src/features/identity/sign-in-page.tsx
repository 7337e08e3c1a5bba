import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useSearchParams } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { appearanceQuery, sessionQuery } from '../../api/queries.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useEnter } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { PasswordField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { EntryLayout } from './entry-layout.tsx'
import { toReturnPath } from './return-path.ts'
import { SignInProviders } from './sign-in-providers.tsx'

export function SignInPage() {
  const { t } = useTranslation('identity')
  const [parameters] = useSearchParams()
  const explain = useProblemText()
  const enter = useEnter()
  const returnTo = toReturnPath(parameters.get('returnTo'))
  const { data: session } = useQuery(sessionQuery)
  const { data: appearance } = useQuery(appearanceQuery)
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState<{ login?: true; password?: true }>({})
  const signIn = useMutation({
    mutationFn: (body: { login: string; password: string }) => api.POST('/api/identity/sign-in', { body }),
    onSuccess: () => enter(returnTo),
  })

  if (session?.signedIn && signIn.isIdle) return <Navigate replace to={returnTo} />

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const lacking = {
      ...(login.trim() ? {} : { login: true as const }),
      ...(password ? {} : { password: true as const }),
    }
    setMissing(lacking)
    const [first] = Object.keys(lacking)
    if (first) event.currentTarget.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus()
    else signIn.mutate({ login: login.trim(), password })
  }
  const cameBackWith = parameters.get('problem')
  const refused = signIn.error ?? (cameBackWith ? new ApiProblem(400, { code: cameBackWith }) : undefined)

  return (
    <EntryLayout title={t('signIn.title')}>
      <h1 tabIndex={-1}>{t('signIn.title')}</h1>
      {refused && <Notice kind="danger" live="alert" title={explain(refused)} />}
      <form noValidate onSubmit={submit}>
        <TextField
          autoCapitalize="none"
          autoComplete="username"
          autoCorrect="off"
          error={missing.login && t('signIn.loginMissing')}
          hint={t('signIn.loginHint')}
          label={t('signIn.login')}
          name="login"
          onChange={(event) => setLogin(event.target.value)}
          required
          spellCheck={false}
          value={login}
        />
        <PasswordField
          autoComplete="current-password"
          error={missing.password && t('signIn.passwordMissing')}
          label={t('signIn.password')}
          name="password"
          onChange={(event) => setPassword(event.target.value)}
          required
          value={password}
          wording={{ show: t('password.show'), hide: t('password.hide') }}
        />
        <Button busy={signIn.isPending} look="primary" type="submit">
          {signIn.isPending ? t('signIn.busy') : t('signIn.submit')}
        </Button>
      </form>
      <p>
        {t('signIn.codeQuestion')} <Link to={paths.activate()}>{t('signIn.codeLink')}</Link>
      </p>
      <SignInProviders returnTo={returnTo} />
      {appearance?.demonstration && (
        <DemonstrationAccounts
          busy={signIn.isPending}
          onChoose={(account) => {
            setLogin(account.login)
            setPassword(account.password)
            setMissing({})
            signIn.mutate(account)
          }}
        />
      )}
    </EntryLayout>
  )
}

/** The invented people of a demonstration: one press signs in as one of them. */
function DemonstrationAccounts({
  busy,
  onChoose,
}: {
  busy: boolean
  onChoose: (account: { login: string; password: string }) => void
}) {
  const { t } = useTranslation('identity')
  const { data } = useQuery({
    queryKey: ['demonstration-accounts'],
    queryFn: () => read(api.GET('/api/identity/demonstration-accounts')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (!data || data.accounts.length === 0) return null
  return (
    <section aria-labelledby="demonstration" className="demo">
      <h2 id="demonstration">{t('demonstration.title')}</h2>
      <p className="quiet small">{t('demonstration.text')}</p>
      <ul>
        {data.accounts.map(({ profile, givenName, familyName, login, password }) => (
          <li key={login}>
            <button
              className="demo-account"
              onClick={() => {
                if (!busy) onChoose({ login, password })
              }}
              type="button"
            >
              <strong>
                {givenName} {familyName}
              </strong>
              <span className="quiet small">{findText(`identity:demonstration.profile.${profile}`) ?? profile}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
