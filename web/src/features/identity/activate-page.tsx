import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useEnter } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { EntryLayout } from './entry-layout.tsx'
import { NewPassword } from './new-password.tsx'
import { toReturnPath } from './return-path.ts'

/** From a code on paper to one's own home: the code, then the password, one thing a page. */
export function ActivatePage() {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const enter = useEnter()
  const [parameters] = useSearchParams()
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const [wrong, setWrong] = useState<string>()
  const check = useMutation({
    mutationFn: () => read(api.POST('/api/identity/codes/check', { body: { code } })),
    onSuccess: () => setWrong(undefined),
    onError: (error) => setWrong(explain(error)),
  })
  const redeem = useMutation({
    mutationFn: () => api.POST('/api/identity/codes/redeem', { body: { code, password } }),
    onSuccess: () =>
      enter(check.data?.purpose === 'activation' ? paths.welcome() : toReturnPath(parameters.get('returnTo'))),
    onError: (error) => {
      // The code itself failed meanwhile: back to it, with the reason.
      if (error instanceof ApiProblem && error.code.startsWith('code_')) check.reset()
      setWrong(explain(error))
    },
  })
  const holder = check.data
  useEffect(() => {
    if (holder) document.querySelector<HTMLElement>('h1')?.focus()
  }, [holder])

  const submitCode = (event: FormEvent) => {
    event.preventDefault()
    if (code.trim()) check.mutate()
    else setWrong(t('activate.codeMissing'))
  }
  const submitPassword = (event: FormEvent) => {
    event.preventDefault()
    if (password) redeem.mutate()
    else setWrong(t('activate.passwordMissing'))
  }

  if (!holder) {
    return (
      <EntryLayout title={t('activate.title')}>
        <div className="stack stack-tight">
          <BackToSignIn />
          <h1 tabIndex={-1}>{t('activate.title')}</h1>
        </div>
        <form noValidate onSubmit={submitCode}>
          <TextField
            autoCapitalize="characters"
            autoComplete="one-time-code"
            autoCorrect="off"
            className="control code"
            error={wrong}
            hint={t('activate.codeHint')}
            label={t('activate.code')}
            maxLength={40}
            name="code"
            onChange={(event) => setCode(event.target.value.toUpperCase())}
            required
            spellCheck={false}
            value={code}
          />
          <Button busy={check.isPending} look="primary" type="submit">
            {t('activate.continue')}
          </Button>
        </form>
        <p className="quiet">{t('activate.noCode')}</p>
      </EntryLayout>
    )
  }
  return (
    <EntryLayout title={t('activate.hello', { name: holder.givenName })}>
      <h1 tabIndex={-1}>{t('activate.hello', { name: holder.givenName })}</h1>
      <div className="stack stack-tight">
        <p>{holder.purpose === 'activation' ? t('activate.choose') : t('activate.chooseAgain')}</p>
        <p>
          {t('activate.yourLogin')} <strong className="code">{holder.login}</strong>
        </p>
      </div>
      <form noValidate onSubmit={submitPassword}>
        {/* Password managers keep the login beside the password. */}
        <input autoComplete="username" hidden name="username" readOnly value={holder.login} />
        <NewPassword error={wrong} onChange={setPassword} value={password} />
        <Button busy={redeem.isPending} look="primary" type="submit">
          {holder.purpose === 'activation' ? t('activate.open') : t('activate.save')}
        </Button>
      </form>
    </EntryLayout>
  )
}

function BackToSignIn() {
  const { t } = useTranslation('identity')
  return (
    <Link className="page-back" to={paths.signIn()}>
      <Icon name="back" size={18} /> {t('activate.back')}
    </Link>
  )
}
