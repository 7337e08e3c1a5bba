import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ApiProblem } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox, SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Meeting, useAct, useMoments } from './meetings.ts'

/** Changes a meeting: its time and place until it opens, its chair and secretary until it closes. */
export function MeetingSettings({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { person } = useSession()
  const moments = useMoments()
  const [fields, setFields] = useState({
    title: meeting.title,
    from: moments.write(meeting.startsAt),
    to: moments.write(meeting.endsAt),
    place: meeting.place,
    chairId: meeting.chairId ?? '',
    secretaryId: meeting.secretary?.personId ?? '',
  })
  const [acknowledged, setAcknowledged] = useState(false)
  const set = (changed: Partial<typeof fields>) => setFields({ ...fields, ...changed })
  const planned = meeting.state !== 'open'
  const save = useAct(() => {
    const [startsAt, endsAt] = [moments.read(fields.from), moments.read(fields.to)]
    const moved =
      startsAt !== null &&
      endsAt !== null &&
      (fields.from !== moments.write(meeting.startsAt) || fields.to !== moments.write(meeting.endsAt))
    return api.PATCH('/api/governance/agreements/{slug}/meetings/{id}', {
      params: { path: { slug, id: meeting.id } },
      body: {
        acknowledged,
        ...(planned && fields.title !== meeting.title && { title: fields.title }),
        ...(planned && fields.place !== meeting.place && { place: fields.place }),
        ...(planned && moved && { startsAt, endsAt }),
        ...(fields.chairId !== (meeting.chairId ?? '') && { chairId: fields.chairId || null }),
        ...(fields.secretaryId !== (meeting.secretary?.personId ?? '') && { secretaryId: fields.secretaryId || null }),
      },
    })
  })
  const people = meeting.representatives.map((each) => ({
    ...each,
    label: each.name ? format.name(each.name) : t('erased'),
  }))
  const partyName = (key: string) => meeting.parties.find(({ party }) => party === key)?.name ?? key
  const secretaries = people.some(({ personId }) => personId === person.id)
    ? people
    : [{ personId: person.id, label: t('settings.you') }, ...people]
  const warned = save.error instanceof ApiProblem && save.error.code === 'convening_warned'
  return (
    <details className="act">
      <summary>{t('settings.title')}</summary>
      <form
        className="stack measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (!save.isPending) save.mutate()
        }}
      >
        {planned && (
          <>
            <TextField
              label={t('new.name')}
              maxLength={200}
              onChange={({ target }) => set({ title: target.value })}
              required
              value={fields.title}
            />
            <TextField
              label={t('new.from')}
              onChange={({ target }) => set({ from: target.value })}
              required
              type="datetime-local"
              value={fields.from}
            />
            <TextField
              label={t('settings.to')}
              onChange={({ target }) => set({ to: target.value })}
              required
              type="datetime-local"
              value={fields.to}
            />
            <TextField
              label={t('new.place')}
              maxLength={300}
              onChange={({ target }) => set({ place: target.value })}
              value={fields.place}
            />
          </>
        )}
        <SelectField
          label={t('settings.chair')}
          onChange={({ target }) => set({ chairId: target.value })}
          options={[
            { value: '', label: t('settings.nobody') },
            ...people.map(({ id, label, party }) => ({ value: id, label: `${label} (${partyName(party)})` })),
          ]}
          value={fields.chairId}
        />
        <SelectField
          label={t('settings.secretary')}
          onChange={({ target }) => set({ secretaryId: target.value })}
          options={[
            { value: '', label: t('settings.nobody') },
            ...secretaries.map(({ personId, label }) => ({ value: personId, label })),
          ]}
          value={fields.secretaryId}
        />
        {warned && (
          <Checkbox
            checked={acknowledged}
            label={t('settings.acknowledge')}
            onChange={({ target }) => setAcknowledged(target.checked)}
          />
        )}
        <div>
          <Button busy={save.isPending} look="primary" type="submit">
            {t('settings.save')}
          </Button>
        </div>
        {save.error && <Failure error={save.error} />}
        {save.isSuccess && (
          <Notice
            kind="success"
            live="status"
            title={t(meeting.state === 'convened' ? 'settings.savedTold' : 'settings.saved')}
          />
        )}
      </form>
    </details>
  )
}
