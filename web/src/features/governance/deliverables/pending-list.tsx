import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { buttonClass } from '../../../ui/button.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { useNames } from '../changes.ts'
import { useAgreementSlug } from '../governance.ts'
import { StepForm } from '../step-form.tsx'
import { type Deliverables, useDeliverables } from './deliverables.ts'

/** What the manager prepares: the draft of the next list, what it lacks, and its way to the vote. */
export function PendingList({ data: { pending, meetings, rules, list } }: { data: Deliverables }) {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const format = useFormat()
  const write = (
    <div>
      <Link className={buttonClass(pending ? 'secondary' : 'primary')} to={paths.governanceDeliverableDraft(slug)}>
        {t(pending ? 'pending.edit' : list ? 'pending.next' : 'pending.first')}
      </Link>
    </div>
  )
  if (!pending) {
    return (
      <Section hint={t('pending.hint')} title={t('pending.title')}>
        {write}
      </Section>
    )
  }
  return (
    <Section title={t('pending.titleNumber', { number: pending.number })}>
      {pending.agenda && (
        <Notice kind="info" title={t('pending.waits')}>
          <p>
            <Link to={paths.governanceVotes(slug, pending.agenda.meetingId)}>
              {pending.agenda.meeting}, {format.dateTime(pending.agenda.startsAt)}
            </Link>
          </p>
        </Notice>
      )}
      {pending.state === 'draft' && write}
      {pending.state === 'draft' && pending.gaps.length > 0 && <Gaps pending={pending} />}
      {!pending.agenda && pending.gaps.length === 0 && (
        <Submit body={rules.validation.body} meetings={meetings} revision={pending.revision} />
      )}
      {pending.state === 'submitted' && !pending.agenda && <TakeBack />}
    </Section>
  )
}

/** What a list lacks before it can be voted. */
export function Gaps({
  pending: { gaps, content },
}: {
  pending: Pick<NonNullable<Deliverables['pending']>, 'gaps' | 'content'>
}) {
  const { t } = useTranslation('deliverables')
  const format = useFormat()
  const keys = [...new Set(gaps.map(({ deliverable }) => deliverable))]
  return (
    <Notice kind="warning" title={t('gaps.head')}>
      <ul>
        {keys.map((key) => {
          const fields = gaps.filter((gap) => gap.deliverable === key).map(({ field }) => t(`gaps.${field}`))
          const title = content.deliverables.find((each) => each.key === key)?.title
          return (
            <li key={key}>
              {key === null
                ? t('gaps.list', { fields: format.list(fields) })
                : t('gaps.of', { title: title || key, fields: format.list(fields) })}
            </li>
          )
        })}
      </ul>
    </Notice>
  )
}

function Submit({ body, meetings, revision }: { body: string; meetings: Deliverables['meetings']; revision: number }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  const [chosen, setChosen] = useState('')
  const meetingId = chosen || (meetings[0]?.id ?? '')
  const submit = useDeliverables((slug, input: { revision: number; meetingId: string }) =>
    api.POST('/api/governance/agreements/{slug}/deliverables/agenda', { params: { path: { slug } }, body: input }),
  )
  if (meetings.length === 0) return <p>{t('pending.noMeeting', { body: names.body(body) })}</p>
  return (
    <StepForm
      hint={t('pending.submitHint')}
      label={t('pending.submit')}
      onSubmit={() => submit.mutate({ revision, meetingId })}
      step={submit}
      title={t('pending.toVote')}
    >
      <SelectField
        label={t('pending.meeting', { body: names.body(body) })}
        onChange={({ target }) => setChosen(target.value)}
        options={meetings.map(({ id, title, startsAt }) => ({
          value: id,
          label: `${title}, ${format.dateTime(startsAt)}`,
        }))}
        value={meetingId}
      />
    </StepForm>
  )
}

function TakeBack() {
  const { t } = useTranslation('deliverables')
  const takeBack = useDeliverables((slug, _input: undefined) =>
    api.POST('/api/governance/agreements/{slug}/deliverables/taking-back', { params: { path: { slug } } }),
  )
  return (
    <StepForm
      hint={t('pending.takeBackHint')}
      label={t('pending.takeBack')}
      look="secondary"
      onSubmit={() => takeBack.mutate(undefined)}
      step={takeBack}
      title={t('pending.takeBackTitle')}
    />
  )
}
