import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { chooseLanguage, languages } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSession, useSignOut } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { PasswordField, RadioGroup } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { chooseTheme, readTheme, type Theme, themes } from '../../ui/theme.ts'
import { AccountLinks } from './account-links.tsx'
import { NewPassword } from './new-password.tsx'
import { ContactEmail, OwnConsents } from './own-consents.tsx'
import { PersonAudit } from './person-audit.tsx'
import { SignInHistory } from './sign-in-history.tsx'
import { useNow } from '../../ui/now.ts'

/** One's own account: display, password, devices, and what was done to one's card. */
export function AccountPage() {
  const { t } = useTranslation('identity')
  const session = useSession()
  const signOut = useSignOut()
  return (
    <Page
      actions={<Button onClick={() => void signOut()}>{t('account.signOut')}</Button>}
      lead={t('account.lead', { login: session.login })}
      title={t('account.title')}
    >
      <Display />
      <Sessions />
      <Section title={t('account.passwordTitle')}>
        {session.hasPassword ? <PasswordForm /> : <p className="measure">{t('account.federationOnly')}</p>}
      </Section>
      <AccountLinks />
      <SignInHistory />
      <OwnConsents />
      <ContactEmail />
      <Section
        actions={<Link to={paths.person(session.person.id)}>{t('account.seeFile')}</Link>}
        hint={t('account.fileHint')}
        title={t('account.file')}
      >
        <PersonAudit personId={session.person.id} />
      </Section>
    </Page>
  )
}

function Display() {
  const { t, i18n } = useTranslation('identity')
  const [theme, setTheme] = useState<Theme>(readTheme)
  return (
    <Section hint={t('account.displayHint')} title={t('account.display')}>
      <RadioGroup
        legend={t('account.theme')}
        name="theme"
        onChoose={(chosen) => {
          chooseTheme(chosen)
          setTheme(chosen)
        }}
        options={themes.map((value) => ({ value, label: t(`account.themes.${value}`) }))}
        value={theme}
      />
      <RadioGroup
        legend={t('account.language')}
        name="language"
        onChoose={(language) => void chooseLanguage(language)}
        options={languages.map((value) => ({ value, label: { fr: 'Français', en: 'English' }[value] }))}
        value={languages.find((each) => each === i18n.language) ?? 'fr'}
      />
    </Section>
  )
}

function Sessions() {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const explain = useProblemText()
  const signOut = useSignOut()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['sessions'],
    queryFn: () => read(api.GET('/api/identity/sessions')),
  })
  const end = useMutation({
    mutationFn: ({ id }: { id: string; device: string }) =>
      api.DELETE('/api/identity/sessions/{id}', { params: { path: { id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ['sessions'] }),
  })
  const now = useNow(60)
  return (
    <Section hint={t('account.sessionsHint')} title={t('account.sessions')}>
      <div aria-live="polite">
        {end.isSuccess && <Notice kind="success" title={t('account.ended', { device: end.variables.device })} />}
        {end.error && <Notice kind="danger" title={explain(end.error)} />}
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={2} height="4rem" />}
      {data && (
        <ul className="sessions">
          {data.sessions.map((each) => {
            const device = each.device ?? t('account.unknownDevice')
            return (
              <li key={each.id}>
                <div>
                  <strong>{device}</strong>
                  {each.current && <span className="tag">{t('account.thisDevice')}</span>}
                  <p className="small quiet">
                    {t('account.opened', {
                      since: format.since(each.createdAt, now),
                      method: t(`account.method.${each.method}`),
                    })}
                    , {t('account.lastSeen', { since: format.since(each.lastSeenAt, now) })}
                  </p>
                </div>
                {!each.current && (
                  <Button
                    aria-label={t('account.endOf', { device })}
                    busy={end.isPending && end.variables.id === each.id}
                    onClick={() => end.mutate({ id: each.id, device })}
                  >
                    {t('account.end')}
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
      )}
      <div>
        <Button look="danger" onClick={() => void signOut(true)}>
          {t('account.everywhere')}
        </Button>
      </div>
    </Section>
  )
}

function PasswordForm() {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const session = useSession()
  const client = useQueryClient()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState(false)
  const change = useMutation({
    mutationFn: () => api.POST('/api/identity/accounts/password', { body: { current, password } }),
    onSuccess: () => {
      setCurrent('')
      setPassword('')
      void client.invalidateQueries({ queryKey: ['person', session.person.id, 'audit'] })
      return client.invalidateQueries({ queryKey: ['sessions'] })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setMissing(!current)
    if (current) change.mutate()
    else event.currentTarget.querySelector<HTMLInputElement>('[name="current"]')?.focus()
  }
  const code = change.error instanceof ApiProblem ? change.error.code : undefined
  const aboutNew = code !== undefined && code !== 'password_wrong' && code.startsWith('password_')
  const wrongCurrent = missing ? t('account.currentMissing') : code === 'password_wrong' && explain(change.error)
  return (
    <form className="stack measure" noValidate onSubmit={submit}>
      <p className="quiet">{t('account.passwordHint')}</p>
      <div aria-live="polite">{change.isSuccess && <Notice kind="success" title={t('account.changed')} />}</div>
      {change.error && !aboutNew && code !== 'password_wrong' && (
        <Notice kind="danger" live="alert" title={explain(change.error)} />
      )}
      <input autoComplete="username" hidden name="username" readOnly value={session.login} />
      <PasswordField
        autoComplete="current-password"
        error={wrongCurrent}
        label={t('account.current')}
        name="current"
        onChange={(event) => setCurrent(event.target.value)}
        required
        value={current}
        wording={{ show: t('password.show'), hide: t('password.hide') }}
      />
      <NewPassword error={aboutNew ? explain(change.error) : undefined} onChange={setPassword} value={password} />
      <div>
        <Button busy={change.isPending} look="primary" type="submit">
          {t('account.change')}
        </Button>
      </div>
    </form>
  )
}
