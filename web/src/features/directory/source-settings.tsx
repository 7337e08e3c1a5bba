import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { appearanceQuery } from '../../api/queries.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { recordKinds } from './import-words.ts'
import { readSettings, type SettingsDraft, toDraft, weekdays } from './source-draft.ts'
import type { Source } from './source-words.ts'

/** How a source is received: when it is expected, from where, what must be looked at, and how long files are kept. */
export function SourceSettingsForm({ source }: { source: Source }) {
  const { t } = useTranslation(['sources', 'imports'])
  const explain = useProblemText()
  const client = useQueryClient()
  const { data: appearance } = useQuery(appearanceQuery)
  const [draft, setDraft] = useState(() => toDraft(source.settings))
  const [shown, setShown] = useState(false)
  const { settings, errors } = readSettings(draft, source.settings)
  const save = useMutation({
    mutationFn: (body: Source['settings']) =>
      read(api.PUT('/api/directory/sources/{id}/settings', { params: { path: { id: source.id } }, body })),
    onSuccess: (after) => {
      setDraft(toDraft(after.settings))
      client.setQueryData(['sources', source.id], after)
      return client.invalidateQueries({ queryKey: ['feed-alerts'] })
    },
  })
  const change = (part: Partial<SettingsDraft>) => {
    setDraft({ ...draft, ...part })
    save.reset()
  }
  const errorOf = (field: Exclude<keyof typeof errors, 'thresholds'>) => {
    const code = shown ? errors[field] : undefined
    return code && t(`settings.${code}`)
  }
  const text = (field: 'at' | 'grace' | 'folder' | 'quarantineLimit' | 'smallLimit' | 'retention') => ({
    error: errorOf(field),
    value: draft[field],
    onChange: (event: { target: { value: string } }) => change({ [field]: event.target.value }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setShown(true)
    if (settings) save.mutate(settings)
  }
  return (
    <form className="settings" noValidate onSubmit={submit}>
      <p className="measure">{t('settings.lead')}</p>
      <fieldset>
        <legend className="settings-legend">{t('settings.when')}</legend>
        <div className="settings-fields">
          <TextField
            hint={t('settings.atHint', { zone: appearance?.timeZone ?? '' })}
            label={t('settings.at')}
            type="time"
            {...text('at')}
          />
          <TextField
            hint={t('settings.graceHint')}
            inputMode="numeric"
            label={t('settings.grace')}
            {...text('grace')}
          />
        </div>
        <fieldset>
          <legend className="field-label">{t('settings.days')}</legend>
          {errorOf('days') && <p className="field-error">{errorOf('days')}</p>}
          <div className="row">
            {weekdays.map((day) => (
              <Checkbox
                checked={draft.days.includes(day)}
                key={day}
                label={t(`settings.day.${day}`)}
                onChange={({ target }) =>
                  change({
                    days: target.checked ? [...draft.days, day].toSorted() : draft.days.filter((each) => each !== day),
                  })
                }
              />
            ))}
          </div>
        </fieldset>
      </fieldset>
      <fieldset>
        <legend className="settings-legend">{t('settings.where')}</legend>
        {source.settings.folder?.startsWith('/') ? (
          <p>
            <span className="code">{source.settings.folder}</span>
            <br />
            <span className="quiet">{t('settings.folderOutside')}</span>
          </p>
        ) : (
          <TextField
            autoCapitalize="none"
            hint={t('settings.folderHint', { path: source.commonFolder })}
            label={t('settings.folder')}
            spellCheck={false}
            {...text('folder')}
          />
        )}
        <Checkbox
          checked={draft.unattended}
          label={t('settings.unattended')}
          onChange={({ target }) => change({ unattended: target.checked })}
        />
      </fieldset>
      <fieldset>
        <legend className="settings-legend">{t('settings.limits')}</legend>
        <div className="stack">
          <TextField
            hint={t('settings.quarantineHint')}
            inputMode="decimal"
            label={t('settings.quarantineLimit')}
            {...text('quarantineLimit')}
          />
          <TextField
            hint={t('settings.smallHint')}
            inputMode="decimal"
            label={t('settings.smallLimit')}
            {...text('smallLimit')}
          />
        </div>
        <fieldset>
          <legend className="field-label">{t('settings.thresholds')}</legend>
          <p className="field-hint">{t('settings.thresholdsHint')}</p>
          <div className="settings-fields">
            {recordKinds.map((kind) => (
              <TextField
                error={shown && errors.thresholds?.includes(kind) ? t('settings.percent') : undefined}
                inputMode="decimal"
                key={kind}
                label={t(`imports:kind.${kind}`)}
                onChange={({ target }) => change({ thresholds: { ...draft.thresholds, [kind]: target.value } })}
                value={draft.thresholds[kind] ?? ''}
              />
            ))}
          </div>
        </fieldset>
      </fieldset>
      <fieldset>
        <legend className="settings-legend">{t('settings.keep')}</legend>
        <TextField
          hint={t('settings.retentionHint')}
          inputMode="numeric"
          label={t('settings.retention')}
          {...text('retention')}
        />
      </fieldset>
      {shown && !settings && <Notice kind="danger" live="alert" title={t('settings.invalid')} />}
      {save.error && <Notice kind="danger" live="alert" title={explain(save.error)} />}
      {save.isSuccess && <Notice kind="success" live="status" title={t('settings.saved')} />}
      <div>
        <Button busy={save.isPending} look="primary" type="submit">
          {t('settings.save')}
        </Button>
      </div>
    </form>
  )
}
