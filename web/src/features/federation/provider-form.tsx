import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ChangeEvent, type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox, PasswordField, RadioGroup, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import {
  type Declared,
  type Draft,
  emptyDraft,
  findErrors,
  kinds,
  profiles,
  toDeclaration,
  toDraft,
} from './provider-draft.ts'
import { useReasonText } from './reason-text.ts'
import './federation.css'

type TextOf =
  | 'slug'
  | 'name'
  | 'issuer'
  | 'clientId'
  | 'scope'
  | 'metadataUrl'
  | 'metadata'
  | 'certificates'
  | 'referenceClaim'

/** How a provider is declared; it can be tried before anything is kept. */
export function ProviderForm({ declared, taken }: { declared: Declared | undefined; taken: string[] }) {
  const { t } = useTranslation(['federation', 'identity'])
  const explain = useProblemText()
  const tellReason = useReasonText()
  const format = useFormat()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useState<Draft>(declared ? toDraft(declared) : emptyDraft)
  const [checked, setChecked] = useState(false)
  const errors = { ...(!declared && taken.includes(draft.slug) && { slug: 'slugTaken' }), ...findErrors(draft) }
  const { protocol, profile } = draft
  const request = () => ({ params: { path: { slug: draft.slug } }, body: toDeclaration(draft, declared) })
  const attempt = useMutation({
    mutationFn: () => read(api.POST('/api/federation/declarations/{slug}/try', request())),
  })
  const save = useMutation({
    mutationFn: () => read(api.PUT('/api/federation/declarations/{slug}', request())),
    onSuccess: async ({ slug }) => {
      attempt.reset()
      setChecked(false)
      setDraft({ ...draft, secret: '' })
      await queries.invalidateQueries({ queryKey: ['federation'] })
      if (!declared) await navigate(paths.provider(slug))
    },
  })
  const change = (changes: Partial<Draft>) => {
    attempt.reset()
    save.reset()
    setDraft({ ...draft, ...changes })
  }
  const whenRight = (work: () => void) => {
    setChecked(true)
    if (Object.keys(errors).length === 0) work()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    whenRight(() => save.mutate())
  }
  const errorOf = (field: keyof Draft) =>
    checked && errors[field] ? findText(`federation:manage.wrong.${errors[field]}`) : undefined
  const control = (field: TextOf) => ({
    autoComplete: 'off',
    error: errorOf(field),
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => change({ [field]: target.value }),
    value: draft[field],
  })
  return (
    <form className="provider-form" noValidate onSubmit={submit}>
      <TextField {...control('name')} hint={t('manage.hint.name')} label={t('manage.field.name')} maxLength={80} />
      {!declared && (
        <>
          <TextField
            {...control('slug')}
            autoCapitalize="none"
            hint={t('manage.hint.slug')}
            label={t('manage.field.slug')}
            maxLength={40}
            spellCheck={false}
          />
          <RadioGroup
            legend={t('manage.protocol')}
            name="protocol"
            onChoose={(chosen) => change({ protocol: chosen, profile: 'generic' })}
            options={(['saml', 'oidc', 'cas'] as const).map((value) => ({
              value,
              label: t(`manage.protocols.${value}`),
            }))}
            value={protocol}
          />
        </>
      )}
      <SelectField
        hint={t('manage.hint.profile')}
        label={t('manage.field.profile')}
        onChange={({ target }) =>
          change({ profile: profiles[protocol].find((each) => each === target.value) ?? 'generic' })
        }
        options={profiles[protocol].map((value) => ({ value, label: t(`manage.profiles.${value}`) }))}
        value={profile}
      />
      <TextField
        {...control('issuer')}
        inputMode={protocol === 'saml' ? 'text' : 'url'}
        label={t(`manage.field.issuer.${protocol}`)}
      />
      {protocol === 'oidc' && (
        <>
          <TextField {...control('clientId')} label={t('manage.field.clientId')} />
          <PasswordField
            autoComplete="off"
            hint={declared?.hasSecret ? t('manage.hint.secretKept') : t('manage.hint.secret')}
            label={t('manage.field.secret')}
            onChange={({ target }) => change({ secret: target.value })}
            value={draft.secret}
            wording={{ show: t('identity:password.show'), hide: t('identity:password.hide') }}
          />
          <TextField {...control('scope')} hint={t('manage.hint.scope')} label={t('manage.field.scope')} />
        </>
      )}
      {protocol === 'saml' && (
        <>
          <TextField
            {...control('metadataUrl')}
            hint={t('manage.hint.metadataUrl')}
            inputMode="url"
            label={t('manage.field.metadataUrl')}
          />
          <TextArea
            {...control('metadata')}
            className="code"
            hint={t('manage.hint.metadata')}
            label={t('manage.field.metadata')}
            rows={3}
          />
          <TextArea
            {...control('certificates')}
            className="code"
            hint={t('manage.hint.certificates')}
            label={t('manage.field.certificates')}
            rows={3}
          />
          <Checkbox
            checked={draft.unsolicited}
            label={t('manage.field.unsolicited')}
            onChange={({ target }) => change({ unsolicited: target.checked })}
          />
        </>
      )}
      <TextField
        {...control('referenceClaim')}
        hint={t('manage.hint.referenceClaim')}
        label={t('manage.field.referenceClaim')}
      />
      <fieldset className="field">
        <legend className="field-label">{t('manage.people')}</legend>
        {errorOf('recordKinds') && <p className="field-error">{errorOf('recordKinds')}</p>}
        <div className="provider-people">
          {kinds.map((kind) => (
            <Checkbox
              checked={draft.recordKinds.includes(kind)}
              key={kind}
              label={t(`audience.${kind}`)}
              onChange={({ target }) =>
                change({
                  recordKinds: kinds.filter((each) =>
                    each === kind ? target.checked : draft.recordKinds.includes(each),
                  ),
                })
              }
            />
          ))}
        </div>
      </fieldset>
      <TextArea
        hint={t('manage.hint.organisations')}
        label={t('manage.field.organisations')}
        onChange={({ target }) => change({ organisations: target.value })}
        rows={3}
        value={draft.organisations}
      />
      <div aria-live="polite" className="stack">
        {checked && Object.keys(errors).length > 0 && <Notice kind="danger" title={t('manage.wrong.some')} />}
        {(attempt.error ?? save.error) && <Notice kind="danger" title={explain(attempt.error ?? save.error)} />}
        {attempt.data && attempt.data.reason !== null && (
          <Notice kind="warning" title={t('manage.fails', { reason: tellReason(attempt.data.reason) })}>
            <p>{t('manage.failsHint')}</p>
          </Notice>
        )}
        {attempt.data && attempt.data.reason === null && (
          <Notice kind="success" title={t('manage.works', { ms: format.number(attempt.data.latencyMs) })}>
            {attempt.data.metadata && profile === 'renater' && (
              <p>{t('status.entities', { count: format.number(attempt.data.metadata.entities) })}</p>
            )}
            {attempt.data.metadata?.validUntil && (
              <p>{t('status.until', { until: format.dateTime(attempt.data.metadata.validUntil) })}</p>
            )}
          </Notice>
        )}
        {save.isSuccess && <Notice kind="success" title={t('manage.saved')} />}
      </div>
      <div className="row">
        <Button busy={save.isPending} look="primary" type="submit">
          {t(declared ? 'manage.save' : 'manage.declare')}
        </Button>
        <Button busy={attempt.isPending} onClick={() => whenRight(() => attempt.mutate())}>
          {t('manage.try')}
        </Button>
      </div>
    </form>
  )
}
