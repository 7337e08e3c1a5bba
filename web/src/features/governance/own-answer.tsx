import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Meeting, useAct } from './meetings.ts'

/** One's own invitation: its file for a calendar, and the answer. */
export function OwnAnswer({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [deputy, setDeputy] = useState('')
  const own = meeting.invitations.find(({ representativeId }) => representativeId === meeting.ownInvitation)
  const answer = useAct((body: { answer: 'accepted' | 'declined' | 'delegated'; delegatedTo: string | null }) =>
    api.PUT('/api/governance/agreements/{slug}/meetings/{id}/answer', {
      params: { path: { slug, id: meeting.id } },
      body,
    }),
  )
  if (!own) return null
  const deputies = meeting.invitations.filter(({ party, rank }) => party === own.party && rank === 'deputy')
  const nameOf = (id: string | null) => {
    const found = meeting.invitations.find(({ representativeId }) => representativeId === id)
    return found?.name ? format.name(found.name) : t('erased')
  }
  const holder = meeting.invitations.find(({ delegatedTo }) => delegatedTo === own.representativeId)
  const votes = meeting.parties.some((each) => each.votes && each.party === own.party)
  const answerable = meeting.state === 'convened' || meeting.state === 'open'
  return (
    <Section title={t('own.title')}>
      <p aria-live="polite">
        {own.answer === 'delegated' ? t('own.delegated', { name: nameOf(own.delegatedTo) }) : t(`own.${own.answer}`)}{' '}
        {holder && t('own.asked', { name: nameOf(holder.representativeId) })}
      </p>
      <div className="row">
        {answerable && own.answer !== 'accepted' && (
          <Button
            busy={answer.isPending}
            look="primary"
            onClick={() => answer.mutate({ answer: 'accepted', delegatedTo: null })}
          >
            {t('own.accept')}
          </Button>
        )}
        {answerable && own.answer !== 'declined' && (
          <Button busy={answer.isPending} onClick={() => answer.mutate({ answer: 'declined', delegatedTo: null })}>
            {t('own.decline')}
          </Button>
        )}
        <a href={paths.meetingFile(slug, meeting.id, 'invitation.ics')}>{t('own.calendar')}</a>
      </div>
      {answerable && own.rank === 'holder' && meeting.deputiesAllowed && deputies.length > 0 && (
        <form
          className="stack stack-tight measure"
          onSubmit={(event) => {
            event.preventDefault()
            answer.mutate({ answer: 'delegated', delegatedTo: deputy || (deputies[0]?.representativeId ?? null) })
          }}
        >
          <SelectField
            label={t('own.deputy')}
            onChange={({ target }) => setDeputy(target.value)}
            options={deputies.map(({ representativeId }) => ({
              value: representativeId,
              label: nameOf(representativeId),
            }))}
            value={deputy || (deputies[0]?.representativeId ?? '')}
          />
          <div>
            <Button busy={answer.isPending} type="submit">
              {t('own.delegate')}
            </Button>
          </div>
        </form>
      )}
      {answerable && own.rank === 'holder' && meeting.proxiesAllowed && votes && (
        <p>
          <Link to={paths.governanceMeeting(slug, meeting.id, { view: 'register' })}>{t('proxies.own')}</Link>
        </p>
      )}
      {answer.error && <Failure error={answer.error} />}
    </Section>
  )
}
