import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, RadioGroup, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Platform, PlatformSettings } from './platforms.ts'

/** What is typed: texts, until they are sent. */
interface Draft {
  texts: Record<TextName, string>
  kind: 'account' | 'mbox'
  readsMembers: boolean
  readsGrades: boolean
}
const places = [
  'name',
  'product',
  'issuer',
  'clientId',
  'authorizationUrl',
  'tokenUrl',
  'keysUrl',
  'frameOrigin',
] as const
const optional: TextName[] = ['product']
type TextName = (typeof places)[number] | 'deployments' | 'courseRule' | 'homePage' | 'accountName' | 'email'

function toDraft(platform: Platform | undefined): Draft {
  const rule = platform?.identityRule ?? { kind: 'account', homePage: '{issuer}', name: '{sub}' }
  return {
    texts: {
      name: platform?.name ?? '',
      product: platform?.product ?? '',
      issuer: platform?.issuer ?? '',
      clientId: platform?.clientId ?? '',
      authorizationUrl: platform?.authorizationUrl ?? '',
      tokenUrl: platform?.tokenUrl ?? '',
      keysUrl: platform?.keysUrl ?? '',
      frameOrigin: platform?.frameOrigin ?? '',
      deployments: platform?.deployments.join('\n') ?? '',
      courseRule: platform?.courseRule ?? '{issuer}/course/view.php?id={context.id}',
      homePage: rule.kind === 'account' ? rule.homePage : '{issuer}',
      accountName: rule.kind === 'account' ? rule.name : '{sub}',
      email: rule.kind === 'mbox' ? rule.email : '{email}',
    },
    kind: rule.kind,
    readsMembers: platform?.readsMembers ?? true,
    readsGrades: platform?.readsGrades ?? true,
  }
}

function toSettings({ texts, kind, readsMembers, readsGrades }: Draft, former: Platform | undefined): PlatformSettings {
  const { deployments, homePage, accountName, email, ...rest } = texts
  return {
    ...rest,
    tokenAudience: former?.tokenAudience ?? null,
    deployments: deployments.split('\n').flatMap((line) => line.trim() || []),
    identityRule: kind === 'account' ? { kind, homePage, name: accountName } : { kind, email },
    readsMembers,
    readsGrades,
  }
}

/** Declares a platform by hand, or changes one. */
export function PlatformForm({ platform }: { platform: Platform | undefined }) {
  const { t } = useTranslation('lti')
  const explain = useProblemText()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useState(() => toDraft(platform))
  const [checked, setChecked] = useState(false)
  const save = useMutation({
    mutationFn: () => {
      const body = toSettings(draft, platform)
      if (!platform) return read(api.POST('/api/lti/platforms', { body }))
      return read(api.PUT('/api/lti/platforms/{id}', { params: { path: { id: platform.id } }, body }))
    },
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: ['lti', 'platforms'] })
      if (!platform) await navigate(paths.platform(saved.id))
    },
  })
  const unused: TextName[] = draft.kind === 'account' ? ['email'] : ['homePage', 'accountName']
  const isMissing = (name: TextName) =>
    !optional.includes(name) && !unused.includes(name) && draft.texts[name].trim() === ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (!(Object.keys(draft.texts) as TextName[]).some(isMissing)) save.mutate()
  }
  const control = (name: TextName) => ({
    autoComplete: 'off',
    error: checked && isMissing(name) ? t('platform.missing') : undefined,
    label: t(`platform.field.${name}`),
    onChange: ({ target }: { target: { value: string } }) => {
      save.reset()
      setDraft({ ...draft, texts: { ...draft.texts, [name]: target.value } })
    },
    value: draft.texts[name],
  })
  return (
    <Section hint={platform && t('platform.settingsHint')} title={t('platform.settings')}>
      <form className="lti-form" noValidate onSubmit={submit}>
        <div aria-live="polite">
          {save.error && <Notice kind="danger" title={explain(save.error)} />}
          {save.isSuccess && <Notice kind="success" title={t('platform.saved')} />}
        </div>
        {places.map((name) => (
          <TextField
            key={name}
            {...control(name)}
            {...(name === 'frameOrigin' ? { hint: t('platform.hint.frameOrigin') } : {})}
          />
        ))}
        <TextArea {...control('deployments')} hint={t('platform.hint.deployments')} rows={2} />
        <RadioGroup
          hint={t('platform.identityHint')}
          legend={t('platform.identity')}
          name="identity"
          onChoose={(kind) => setDraft({ ...draft, kind })}
          options={[
            { value: 'account', label: t('platform.byAccount') },
            { value: 'mbox', label: t('platform.byMbox') },
          ]}
          value={draft.kind}
        />
        {draft.kind === 'account' ? (
          <>
            <TextField {...control('homePage')} />
            <TextField {...control('accountName')} />
          </>
        ) : (
          <TextField {...control('email')} />
        )}
        <TextField {...control('courseRule')} hint={t('platform.hint.courseRule')} />
        <Checkbox
          checked={draft.readsMembers}
          label={t('platform.readsMembers')}
          onChange={({ target }) => setDraft({ ...draft, readsMembers: target.checked })}
        />
        <Checkbox
          checked={draft.readsGrades}
          label={t('platform.readsGrades')}
          onChange={({ target }) => setDraft({ ...draft, readsGrades: target.checked })}
        />
        <div>
          <Button busy={save.isPending} look="primary" type="submit">
            {platform ? t('platform.save') : t('platform.create')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
