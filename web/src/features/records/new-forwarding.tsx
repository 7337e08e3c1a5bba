import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, PasswordField, RadioGroup, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'

const fields = ['name', 'endpoint', 'key', 'secret'] as const
type Field = (typeof fields)[number]
const nothing: Record<Field, string> = { name: '', endpoint: '', key: '', secret: '' }
const versions = ['1.0.3', '2.0.0'] as const

const isFilled = (field: Field, text: string) =>
  field === 'endpoint' ? /^https?:\/\/\S+$/.test(text) : text !== '' && (field !== 'key' || !text.includes(':'))

const split = (text: string) => text.split(/\s+/).filter(Boolean)

/** Has records sent on to another store. */
export function NewForwarding() {
  const { t } = useTranslation(['records', 'identity'])
  const explain = useProblemText()
  const queries = useQueryClient()
  const { data: known } = useQuery({
    queryKey: ['records', 'credentials'],
    queryFn: () => read(api.GET('/api/records/credentials')),
  })
  const sources = new Map(known?.credentials.map(({ sourceId, name }) => [sourceId, name]))
  const [values, setValues] = useState(nothing)
  const [version, setVersion] = useState<(typeof versions)[number]>('1.0.3')
  const [fromStart, setFromStart] = useState(false)
  const [chosen, setChosen] = useState<Set<string>>(new Set())
  const [verbs, setVerbs] = useState('')
  const [activities, setActivities] = useState('')
  const [checked, setChecked] = useState(false)
  const create = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/records/forwardings', {
          body: {
            name: values.name.trim(),
            endpoint: values.endpoint.trim(),
            key: values.key.trim(),
            secret: values.secret,
            version,
            fromStart,
            sourceIds: [...chosen],
            verbs: split(verbs),
            activities: split(activities),
          },
        }),
      ),
    onSuccess: () => {
      setValues(nothing)
      setFromStart(false)
      setChosen(new Set())
      setVerbs('')
      setActivities('')
      setChecked(false)
      return queries.invalidateQueries({ queryKey: ['records', 'forwardings'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (fields.every((field) => isFilled(field, values[field].trim()))) create.mutate()
  }
  const control = (field: Field) => ({
    autoComplete: 'off',
    error: checked && !isFilled(field, values[field].trim()) ? t(`records:forwardings.missing.${field}`) : undefined,
    label: t(`records:forwardings.field.${field}`),
    onChange: ({ target }: { target: { value: string } }) => setValues({ ...values, [field]: target.value }),
    value: values[field],
  })
  return (
    <Section hint={t('records:forwardings.newHint')} title={t('records:forwardings.new')}>
      <div aria-live="polite">
        {create.isSuccess && (
          <Notice kind="success" title={t('records:forwardings.created', { name: create.data.name })} />
        )}
      </div>
      <form className="records-form" noValidate onSubmit={submit}>
        {create.error && <Notice kind="danger" live="alert" title={explain(create.error)} />}
        <TextField {...control('name')} maxLength={100} />
        <TextField {...control('endpoint')} hint={t('records:forwardings.endpointHint')} inputMode="url" />
        <TextField {...control('key')} />
        <PasswordField
          {...control('secret')}
          hint={t('records:forwardings.secretHint')}
          wording={{ show: t('identity:password.show'), hide: t('identity:password.hide') }}
        />
        <RadioGroup
          legend={t('records:forwardings.version')}
          name="version"
          onChoose={setVersion}
          options={versions.map((each) => ({ value: each, label: `xAPI ${each}` }))}
          value={version}
        />
        <Checkbox
          checked={fromStart}
          label={t('records:forwardings.fromStartChoice')}
          onChange={({ target }) => setFromStart(target.checked)}
        />
        <details>
          <summary>{t('records:forwardings.narrow')}</summary>
          <div className="records-form records-details">
            {sources.size > 0 && (
              <fieldset className="field">
                <legend className="field-label">{t('records:forwardings.ofSources')}</legend>
                <div className="records-list">
                  {[...sources].map(([id, name]) => (
                    <Checkbox
                      checked={chosen.has(id)}
                      key={id}
                      label={name}
                      onChange={({ target }) => {
                        const next = new Set(chosen)
                        if (target.checked) next.add(id)
                        else next.delete(id)
                        setChosen(next)
                      }}
                    />
                  ))}
                </div>
              </fieldset>
            )}
            <TextField
              hint={t('records:forwardings.listHint')}
              label={t('records:forwardings.ofVerbs')}
              onChange={({ target }) => setVerbs(target.value)}
              value={verbs}
            />
            <TextField
              hint={t('records:forwardings.listHint')}
              label={t('records:forwardings.ofActivities')}
              onChange={({ target }) => setActivities(target.value)}
              value={activities}
            />
          </div>
        </details>
        <div>
          <Button busy={create.isPending} look="primary" type="submit">
            {t('records:forwardings.create')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
