import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { RadioGroup, SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { IndicatorSettings } from '../insight/indicator-settings.tsx'
import { type Indicator, indicatorsQuery } from '../insight/indicators.ts'
import type { Launch } from './take-launch.ts'
import './lti.css'

/** What a link of the course is to show: its whole dashboard, or one indicator. The answer goes back to the platform. */
export function DeepLinkPicker({ deepLink: { ticket } }: { deepLink: NonNullable<Launch['deepLink']> }) {
  const { t, i18n } = useTranslation('lti')
  const explain = useProblemText()
  const { data, error, refetch } = useQuery(indicatorsQuery(undefined))
  const [what, setWhat] = useState<'whole' | 'one'>('whole')
  const [chosen, setChosen] = useState<string>()
  const [typed, setTyped] = useState<string>()
  const [parameters, setParameters] = useState<Record<string, string>>({})
  const [checked, setChecked] = useState(false)
  const textsOf = (indicator: Indicator) => (i18n.language === 'en' ? indicator.texts.en : indicator.texts.fr)
  const indicators = data?.indicators ?? []
  const indicator = indicators.find(({ name }) => name === chosen) ?? indicators[0]
  const isUnset =
    what === 'one' &&
    Object.entries(indicator?.parameters ?? {}).some(
      ([name, parameter]) => parameter.type === 'activity' && parameter.required && !parameters[name],
    )
  const proposed = what === 'one' && indicator ? textsOf(indicator).title : t('choose.defaultTitle')
  const title = typed ?? proposed
  const send = useMutation({
    mutationFn: () => {
      const one = what === 'one' && indicator ? { name: indicator.name, parameters } : null
      return read(api.POST('/api/lti/deep-links', { body: { ticket, title: title.trim(), indicator: one } }))
    },
    onSuccess: ({ url, jwt }) => submitTo(url, jwt),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (title.trim() !== '' && !isUnset) send.mutate()
  }
  return (
    <Page busy={!data && !error} lead={t('choose.lead')} title={t('choose.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      <form className="lti-form" noValidate onSubmit={submit}>
        <div aria-live="polite">
          {send.error && <Notice kind="danger" title={explain(send.error)} />}
          {checked && isUnset && <Notice kind="danger" title={t('choose.unset')} />}
        </div>
        <RadioGroup
          legend={t('choose.what')}
          name="what"
          onChoose={setWhat}
          options={[
            { value: 'whole', label: t('choose.whole') },
            { value: 'one', label: t('choose.one') },
          ]}
          value={what}
        />
        {what === 'one' && indicator && (
          <>
            <SelectField
              hint={textsOf(indicator).question}
              label={t('choose.indicator')}
              onChange={({ target }) => {
                setChosen(target.value)
                setParameters({})
              }}
              options={indicators.map((each) => ({ value: each.name, label: textsOf(each).title }))}
              value={indicator.name}
            />
            <IndicatorSettings
              indicator={indicator}
              key={indicator.name}
              onSet={(name, value) => setParameters({ ...parameters, [name]: value })}
              question={{ parameters, course: undefined, as: undefined }}
              texts={textsOf(indicator)}
            />
          </>
        )}
        <TextField
          error={checked && title.trim() === '' ? t('choose.missing') : undefined}
          label={t('choose.linkTitle')}
          maxLength={200}
          onChange={({ target }) => setTyped(target.value)}
          value={title}
        />
        <div>
          <Button busy={send.isPending || send.isSuccess} look="primary" type="submit">
            {t('choose.send')}
          </Button>
        </div>
      </form>
    </Page>
  )
}

/** Sends the browser back to the platform with a form, as it wants its answer (LTI Deep Linking 2.0 §4.6). */
function submitTo(url: string, jwt: string): void {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = url
  const field = document.createElement('input')
  field.type = 'hidden'
  field.name = 'JWT'
  field.value = jwt
  form.append(field)
  document.body.append(form)
  form.submit()
}
