import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { Cited } from './cited.tsx'
import { DepartureForm } from './departure-form.tsx'
import { DepartureEffects } from './departure-effects.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { JoinForm, MembershipActs } from './joining.tsx'
import { type Departure, type Membership, membershipQuery, useSimulation } from './members.ts'
import './change-page.css'

/** The members of a consortium, who joins and who leaves, and what a departure would change. */
export function MembersPage() {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(membershipQuery(slug))
  return (
    <GovernancePage busy={!data && !error} lead={t('members.lead')} title={t('members.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <MemberList membership={data} />
          <SimulationSection membership={data} />
          <FormerMembers membership={data} />
          <MembershipActs membership={data} />
          {agreement?.manages && <JoinForm membership={data} />}
        </>
      )}
    </GovernancePage>
  )
}

function MemberList({ membership: { members } }: { membership: Membership }) {
  const { t } = useTranslation('changes')
  if (members.every(({ joinedOn, lastDay, earlier }) => !joinedOn && !lastDay && earlier.length === 0)) {
    return (
      <Section hint={t('members.allAlong', { count: members.length })} title={t('members.list')}>
        <ul className="member-list">
          {members.map(({ party, name }) => (
            <li key={party}>{name}</li>
          ))}
        </ul>
      </Section>
    )
  }
  return (
    <Section title={t('members.list')}>
      <Memberships caption={t('members.list')} members={members} />
    </Section>
  )
}

function FormerMembers({ membership: { former } }: { membership: Membership }) {
  const { t } = useTranslation('changes')
  if (former.length === 0) return null
  return (
    <Section hint={t('members.formerHint')} title={t('members.former')}>
      <Memberships caption={t('members.former')} members={former} />
    </Section>
  )
}

/** From when to when each is a member, and was before. */
function Memberships({ caption, members }: { caption: string; members: Membership['members'] }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const since = (day: string | null) => (day ? format.dayMedium(day) : t('members.fromStart'))
  return (
    <Table
      caption={caption}
      head={
        <tr>
          <th scope="col">{t('members.member')}</th>
          <th scope="col">{t('members.since')}</th>
          <th scope="col">{t('members.until')}</th>
        </tr>
      }
      stacked
    >
      {members.map(({ party, name, joinedOn, lastDay, earlier }) => (
        <tr key={party}>
          <th scope="row">
            {name}
            {earlier.map((period) => (
              <span className="small quiet member-earlier" key={period.lastDay}>
                {t('members.earlierPeriod', {
                  since: since(period.joinedOn),
                  until: period.lastDay ? format.dayMedium(period.lastDay) : '',
                })}
              </span>
            ))}
          </th>
          <td data-label={t('members.since')}>
            <div>{since(joinedOn)}</div>
          </td>
          <td data-label={t('members.until')}>
            {lastDay ? <strong>{format.dayMedium(lastDay)}</strong> : <span>{t('members.stays')}</span>}
          </td>
        </tr>
      ))}
    </Table>
  )
}

function SimulationSection({ membership }: { membership: Membership }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const [search, setSearch] = useSearchParams()
  const party = search.get('party') ?? ''
  const kind: Departure['kind'] = search.get('kind') === 'termination' ? 'termination' : 'leaving'
  const notifiedOn = search.get('notifiedOn') ?? agreement?.today ?? ''
  const departure = party !== '' && notifiedOn !== '' ? { party, kind, notifiedOn } : undefined
  const { data, error } = useSimulation(departure)
  const change = (said: Partial<Departure>) =>
    setSearch(Object.entries({ party, kind, notifiedOn, ...said }), { replace: true, preventScrollReset: true })
  const rule = membership[kind]
  const member = membership.members.find((each) => each.party === party)
  const name = member?.name ?? party
  const lastDay = member?.lastDay
  return (
    <Section hint={t('members.simulateHint')} title={t('members.simulate')}>
      <div className="member-departure">
        <SelectField
          label={t('members.who')}
          onChange={({ target }) => change({ party: target.value })}
          options={[
            { value: '', label: t('members.choose') },
            ...membership.members.map(({ party: value, name: label }) => ({ value, label })),
          ]}
          value={party}
        />
        <SelectField
          label={t('members.kind')}
          onChange={({ target }) => change({ kind: target.value === 'termination' ? 'termination' : 'leaving' })}
          options={(['leaving', 'termination'] as const).map((value) => ({ value, label: t(`members.${value}`) }))}
          value={kind}
        />
        <TextField
          label={t('members.notifiedOn')}
          max={agreement?.today}
          onChange={({ target }) => change({ notifiedOn: target.value })}
          type="date"
          value={notifiedOn}
        />
      </div>
      <Cited article={rule.article} interpretation={rule.interpretation} />
      <div aria-live="polite" className="stack stack-wide">
        {error && departure && <Failure error={error} />}
        {!data && !error && departure && <SkeletonRows count={5} />}
        {data && departure && (
          <>
            <p className="measure">
              <strong>
                {t('members.calendar', {
                  kind: t(`members.actKinds.${kind}`),
                  notified: format.day(data.calendar.notifiedOn),
                  months: data.calendar.noticeMonths,
                  notice: format.day(data.calendar.noticeEndsOn),
                  effective: format.day(data.calendar.effectiveOn),
                })}
              </strong>{' '}
              {t('members.lastDay', { day: format.day(data.calendar.lastDay) })}
            </p>
            <DepartureEffects simulation={data} />
          </>
        )}
      </div>
      {lastDay && <Notice kind="success" live="status" title={t('members.recorded', { day: format.day(lastDay) })} />}
      {data &&
        departure &&
        !lastDay &&
        (agreement?.manages || (kind === 'leaving' && membership.leavesFor.includes(party))) && (
          <DepartureForm departure={departure} key={`${party} ${kind} ${notifiedOn}`} name={name} />
        )}
    </Section>
  )
}
