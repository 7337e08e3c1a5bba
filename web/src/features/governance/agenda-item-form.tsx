import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'
import { type AgendaItem, bodyQuery, type Meeting, subjectsQuery, useMaking } from './meetings.ts'

const kinds = ['information', 'discussion', 'opinion', 'decision', 'minutes'] as const

/** Adds an item to an agenda, or changes one. */
export function AgendaItemForm({
  meeting,
  item,
  onDone,
}: {
  meeting: Meeting
  item?: AgendaItem
  onDone?: () => void
}) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: body } = useQuery(bodyQuery(slug, meeting.body))
  const [fields, setFields] = useState({
    title: item?.title ?? '',
    text: item?.text ?? '',
    kind: item?.kind ?? 'discussion',
    ballotRule: item?.ballotRule?.key ?? '',
    minutesOf: item?.kind === 'minutes' ? (item.subjectId ?? '') : '',
    /** Id of a matter that awaits a vote; '' for none of them. */
    about: '',
  })
  const { data: awaiting } = useQuery({
    ...subjectsQuery(slug, meeting.id),
    enabled: fields.kind === 'decision',
  })
  const subjects = fields.kind === 'decision' ? (awaiting?.subjects ?? []) : []
  const about = subjects.find(({ id }) => id === fields.about)
  const set = (changed: Partial<typeof fields>) => setFields({ ...fields, ...changed })
  const voted = fields.kind === 'decision' || fields.kind === 'opinion'
  const earlier = body?.meetings.filter(({ id, state }) => state === 'closed' && id !== meeting.id) ?? []
  const save = useMaking(async (requestKey) => {
    const minutes = fields.kind === 'minutes' ? fields.minutesOf || (earlier[0]?.id ?? null) : null
    const kept = item && item.kind !== 'minutes' && fields.kind !== 'minutes'
    const content = {
      title: fields.title,
      text: fields.text,
      kind: fields.kind,
      ballotRule: voted ? fields.ballotRule || null : null,
      subjectKind: minutes === null ? (about?.kind ?? (kept ? item.subjectKind : null)) : 'minutes',
      subjectId: minutes ?? about?.id ?? (kept ? item.subjectId : null),
    }
    return item
      ? api.PUT('/api/governance/agreements/{slug}/agenda-items/{id}', {
          params: { path: { slug, id: item.id } },
          body: content,
        })
      : api.POST('/api/governance/agreements/{slug}/meetings/{id}/agenda', {
          params: { path: { slug, id: meeting.id } },
          body: { ...content, requestKey },
        })
  }, onDone)
  const form = (
    <form
      className="stack measure"
      onSubmit={(event) => {
        event.preventDefault()
        if (!save.isPending) save.mutate()
      }}
    >
      <TextField
        label={t('agenda.itemTitle')}
        maxLength={300}
        onChange={({ target }) => set({ title: target.value })}
        required
        value={fields.title}
      />
      <SelectField
        hint={t(`item.hint.${fields.kind}`)}
        label={t('agenda.kind')}
        onChange={({ target }) => set({ kind: kinds.find((kind) => kind === target.value) ?? 'discussion' })}
        options={kinds
          .filter((kind) => meeting.bodyKind !== 'advisory' || kind !== 'decision')
          .map((kind) => ({ value: kind, label: t(`item.${kind}`) }))}
        value={fields.kind}
      />
      {subjects.length > 0 && (
        <SelectField
          hint={t('agenda.aboutHint')}
          label={t('agenda.about')}
          onChange={({ target }) => {
            const subject = subjects.find(({ id }) => id === target.value)
            set({
              about: target.value,
              ...(subject && { ballotRule: subject.ballotRule, title: fields.title || subject.title }),
            })
          }}
          options={[
            { value: '', label: t(item?.subjectId ? 'agenda.aboutSame' : 'agenda.aboutNothing') },
            ...subjects.map(({ kind, id, title }) => ({ value: id, label: `${t(`agenda.of.${kind}`)}${title}` })),
          ]}
          value={about ? fields.about : ''}
        />
      )}
      {voted && (
        <SelectField
          label={t('agenda.rule')}
          onChange={({ target }) => set({ ballotRule: target.value })}
          options={[
            { value: '', label: t('agenda.noRule') },
            ...(body?.ballots.map(({ key, name, article }) => ({
              value: key,
              label: `${name} (${t('article', { number: article })})`,
            })) ?? []),
          ]}
          value={fields.ballotRule}
        />
      )}
      {fields.kind === 'minutes' && (
        <SelectField
          label={t('agenda.minutesOf')}
          onChange={({ target }) => set({ minutesOf: target.value })}
          options={earlier.map(({ id, title, startsAt }) => ({
            value: id,
            label: `${format.dateTime(startsAt)}, ${title}`,
          }))}
          value={fields.minutesOf || (earlier[0]?.id ?? '')}
        />
      )}
      <TextArea
        hint={voted ? t('agenda.textVoted') : undefined}
        label={t('agenda.text')}
        maxLength={20_000}
        onChange={({ target }) => set({ text: target.value })}
        rows={4}
        value={fields.text}
      />
      <div className="row">
        <Button busy={save.isPending} look="primary" type="submit">
          {t(item ? 'settings.save' : 'agenda.add')}
        </Button>
        {onDone && (
          <Button look="quiet" onClick={onDone}>
            {t('cancel')}
          </Button>
        )}
      </div>
      {save.error && <Failure error={save.error} />}
    </form>
  )
  if (item) return form
  return (
    <details className="act">
      <summary>{t('agenda.addItem')}</summary>
      {form}
    </details>
  )
}
