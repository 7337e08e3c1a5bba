import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Checkbox, TextArea } from '../../ui/field.tsx'
import { type Departure, useMembershipAct } from './members.ts'
import { StepForm } from './step-form.tsx'

/** Records a departure, once what it changes was read. */
export function DepartureForm({ departure, name }: { departure: Departure; name: string }) {
  const { t } = useTranslation('changes')
  const [reason, setReason] = useState('')
  const [agreed, setAgreed] = useState(false)
  const record = useMembershipAct((slug, body: Departure & { reason: string }) =>
    read(api.POST('/api/governance/agreements/{slug}/membership/departures', { params: { path: { slug } }, body })),
  )
  return (
    <StepForm
      hint={t('members.recordHint', { party: name })}
      label={t('members.record')}
      look="danger"
      onSubmit={() => record.mutate({ ...departure, reason })}
      step={record}
      title={t('members.record')}
    >
      <TextArea
        label={t('members.reason')}
        onChange={({ target }) => setReason(target.value)}
        rows={2}
        value={reason}
      />
      <Checkbox
        checked={agreed}
        label={t('members.confirm')}
        onChange={({ target }) => setAgreed(target.checked)}
        required
      />
    </StepForm>
  )
}
