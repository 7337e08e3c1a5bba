import { useTranslation } from 'react-i18next'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Table } from '../../ui/table.tsx'
import { useAgreementSlug } from './governance.ts'
import type { Meeting } from './meetings.ts'

/** Who is invited, and what they answered. */
export function MeetingInvitations({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { invitations, parties } = meeting
  if (invitations.length === 0) return <Empty title={t('invitations.none')}>{t('invitations.noneText')}</Empty>
  const nameOf = (id: string) => {
    const found = invitations.find(({ representativeId }) => representativeId === id)
    return found?.name ? format.name(found.name) : t('erased')
  }
  const awaited = invitations.filter(({ answer, role }) => answer === 'awaited' && role !== 'informed').length
  return (
    <Section
      hint={awaited > 0 ? t('invitations.awaited', { count: awaited }) : t('invitations.allAnswered')}
      title={t('views.invitations')}
    >
      <Table
        caption={t('views.invitations')}
        head={
          <tr>
            <th scope="col">{t('invitations.person')}</th>
            <th scope="col">{t('seats.party')}</th>
            <th scope="col">{t('invitations.role')}</th>
            <th scope="col">{t('invitations.answer')}</th>
            {meeting.leads && <th scope="col">{t('invitations.file')}</th>}
          </tr>
        }
        stacked
      >
        {invitations.map((each) => (
          <tr key={each.representativeId}>
            <th scope="row">{nameOf(each.representativeId)}</th>
            <td data-label={t('seats.party')}>
              <span>
                {parties.find(({ party }) => party === each.party)?.name ?? each.party}, {t(`rank.${each.rank}`)}
              </span>
            </td>
            <td data-label={t('invitations.role')}>
              <span>{t(`invitations.roles.${each.role}`)}</span>
            </td>
            <td data-label={t('invitations.answer')}>
              <span>
                {each.delegatedTo === null
                  ? t(`invitations.answers.${each.answer}`)
                  : t('invitations.delegatedTo', { name: nameOf(each.delegatedTo) })}
              </span>
            </td>
            {meeting.leads && (
              <td data-label={t('invitations.file')}>
                <a href={paths.meetingFile(slug, meeting.id, 'invitation.ics', each.representativeId)}>
                  iCalendar<span className="visually-hidden"> : {nameOf(each.representativeId)}</span>
                </a>
              </td>
            )}
          </tr>
        ))}
      </Table>
    </Section>
  )
}
