import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Body, useMaking, useMoments } from './meetings.ts'

/** Prepares a meeting of a body, as a draft. */
export function NewMeetingForm({ body }: { body: Body }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const navigate = useNavigate()
  const [title, setTitle] = useState('')
  const [from, setFrom] = useState('')
  const [hours, setHours] = useState('2')
  const [place, setPlace] = useState('')
  const [urgent, setUrgent] = useState(false)
  const moments = useMoments()
  const startsAt = moments.read(from)
  const create = useMaking(async (requestKey) => {
    if (startsAt === null) return
    const { id } = await read(
      api.POST('/api/governance/agreements/{slug}/bodies/{body}/meetings', {
        params: { path: { slug, body: body.key } },
        body: { requestKey, title, startsAt, endsAt: addHours(startsAt, Number(hours)), place, urgent },
      }),
    )
    await navigate(paths.governanceMeeting(slug, id))
  })
  return (
    <details className="act">
      <summary>{t('new.title')}</summary>
      <form
        className="stack measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (!create.isPending) create.mutate()
        }}
      >
        <TextField
          label={t('new.name')}
          maxLength={200}
          onChange={({ target }) => setTitle(target.value)}
          required
          value={title}
        />
        <TextField
          label={t('new.from')}
          onChange={({ target }) => setFrom(target.value)}
          required
          type="datetime-local"
          value={from}
        />
        <TextField
          inputMode="decimal"
          label={t('new.hours')}
          max={24}
          min={0.25}
          onChange={({ target }) => setHours(target.value)}
          required
          step={0.25}
          type="number"
          value={hours}
        />
        <TextField
          hint={t('new.placeHint')}
          label={t('new.place')}
          maxLength={300}
          onChange={({ target }) => setPlace(target.value)}
          value={place}
        />
        {body.notice !== null && body.notice.urgentDays !== null && (
          <Checkbox
            checked={urgent}
            label={t('new.urgent', { count: body.notice.urgentDays })}
            onChange={({ target }) => setUrgent(target.checked)}
          />
        )}
        <div>
          <Button busy={create.isPending} look="primary" type="submit">
            {t('new.submit')}
          </Button>
        </div>
        {create.error && <Failure error={create.error} />}
      </form>
    </details>
  )
}

/** A moment some hours later. */
export function addHours(instant: string, hours: number): string {
  return new Date(new Date(instant).getTime() + hours * 3_600_000).toISOString()
}
