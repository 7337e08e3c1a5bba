import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Badge, type Tone } from '../../../ui/badge.tsx'
import { buttonClass } from '../../../ui/button.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useNames } from '../changes.ts'
import { Cited } from '../cited.tsx'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreement, useAgreementSlug } from '../governance.ts'
import { DeliverableTimeline } from './deliverable-timeline.tsx'
import { type DeliverableHead, type Deliverables, deliverablesQuery, states } from './deliverables.ts'
import { PendingList } from './pending-list.tsx'
import './deliverables.css'

const filters = ['late', ...states, 'dropped'] as const

/** What is to be handed over: where each deliverable is, what is awaited and when, and the list it comes from. */
export function DeliverablesPage() {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(deliverablesQuery(slug))
  return (
    <GovernancePage
      actions={
        data && data.deliverables.length > 0 ? (
          <a className={buttonClass('secondary')} download href={paths.exportDeliverables(slug)}>
            {t('csv')}
          </a>
        ) : undefined
      }
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} />}
      {data && (
        <>
          <RulesLine rules={data.rules} />
          {!data.list && <Empty title={t('none')}>{t(agreement?.manages ? 'noneManager' : 'noneText')}</Empty>}
          {data.deliverables.length > 0 && <DeliverableList deliverables={data.deliverables} today={data.today} />}
          {agreement?.manages && <PendingList data={data} />}
          {data.perimeter && <Perimeter perimeter={data.perimeter} />}
          {data.versions.length > 0 && <Versions versions={data.versions} />}
        </>
      )}
    </GovernancePage>
  )
}

function RulesLine({ rules: { validation, acceptance, transfer } }: { rules: Deliverables['rules'] }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  return (
    <ul className="deliverable-rules measure">
      <li>
        {t('rules.validation', { body: names.body(validation.body) })} <Cited {...validation} />
      </li>
      <li>
        {t('rules.acceptance', { count: acceptance.atLeast, days: acceptance.trialDays })} <Cited {...acceptance} />
      </li>
      {transfer && (
        <li>
          {transfer.withinDays === null
            ? t('rules.transfer')
            : t('rules.transferWithin', { days: transfer.withinDays })}{' '}
          <Cited {...transfer} />
        </li>
      )}
    </ul>
  )
}

function DeliverableList({ deliverables, today }: { deliverables: DeliverableHead[]; today: string }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const [parameters, setParameters] = useSearchParams()
  const filter = filters.find((each) => each === parameters.get('state'))
  const owner = parameters.get('owner') ?? ''
  const choose = (name: string, value: string) =>
    setParameters(
      (before) => {
        if (value === '') before.delete(name)
        else before.set(name, value)
        return before
      },
      { replace: true },
    )
  const owners = [...new Set(deliverables.map((each) => each.owner))]
  const shown = deliverables.filter(
    (each) =>
      (owner === '' || each.owner === owner) &&
      (filter === undefined
        ? true
        : filter === 'late'
          ? each.late
          : filter === 'dropped'
            ? each.dropped
            : each.state === filter && !each.dropped),
  )
  return (
    <Section title={t('list')}>
      <div className="row deliverable-filters">
        <SelectField
          label={t('filter.state')}
          onChange={({ target }) => choose('state', target.value)}
          options={[
            { value: '', label: t('filter.all') },
            ...filters.map((value) => ({
              value,
              label: value === 'late' || value === 'dropped' ? t(`filter.${value}`) : t(`states.${value}`),
            })),
          ]}
          value={filter ?? ''}
        />
        {owners.length > 1 && (
          <SelectField
            label={t('filter.owner')}
            onChange={({ target }) => choose('owner', target.value)}
            options={[
              { value: '', label: t('filter.allOwners') },
              ...owners.map((value) => ({ value, label: names.party(value) })),
            ]}
            value={owner}
          />
        )}
      </div>
      <p aria-live="polite" className="small quiet">
        {t('filter.shown', { count: shown.length, of: deliverables.length })}
      </p>
      {shown.length > 0 && (
        <>
          <DeliverableTable deliverables={shown} />
          <DeliverableTimeline deliverables={shown} today={today} />
        </>
      )}
    </Section>
  )
}

function DeliverableTable({ deliverables }: { deliverables: DeliverableHead[] }) {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const names = useNames()
  const format = useFormat()
  return (
    <Table
      caption={t('list')}
      head={
        <tr>
          <th scope="col">{t('deliverable')}</th>
          <th scope="col">{t('owner')}</th>
          <th scope="col">{t('dueOn')}</th>
          <th scope="col">{t('state')}</th>
          <th scope="col">{t('awaited')}</th>
        </tr>
      }
      stacked
    >
      {deliverables.map((each) => (
        <tr key={each.key}>
          <th scope="row">
            <Link to={paths.governanceDeliverable(slug, each.key)}>{each.title}</Link>
            <br />
            <span className="small quiet">{t(`kinds.${each.kind}`)}</span>
          </th>
          <td data-label={t('owner')}>
            <div>{names.party(each.owner)}</div>
          </td>
          <td data-label={t('dueOn')}>
            <div>{each.dueOn ? format.dayMedium(each.dueOn) : '–'}</div>
          </td>
          <td data-label={t('state')}>
            <div>
              <StateMark deliverable={each} />
              <Progress deliverable={each} />
            </div>
          </td>
          <td data-label={t('awaited')}>
            <div>
              <Deadlines deadlines={each.deadlines} />
            </div>
          </td>
        </tr>
      ))}
    </Table>
  )
}

const tones: Partial<Record<DeliverableHead['state'], Tone>> = {
  onTrial: 'accent',
  refused: 'danger',
  accepted: 'success',
  transferred: 'success',
}

/** Where a deliverable is, in a word. */
export function StateMark({ deliverable: { state, late, dropped } }: { deliverable: DeliverableHead }) {
  const { t } = useTranslation('deliverables')
  return (
    <span className="row deliverable-marks">
      <Badge tone={tones[state]}>{t(`states.${state}`)}</Badge>
      {late && <Badge tone="warning">{t('late')}</Badge>}
      {dropped && <Badge>{t('dropped')}</Badge>}
    </span>
  )
}

function Progress({
  deliverable: { state, satisfied, pilots, received, receivers },
}: {
  deliverable: DeliverableHead
}) {
  const { t } = useTranslation('deliverables')
  if (state === 'accepted' && receivers.length > 0) {
    return (
      <span className="small quiet">{t('progress.received', { count: received.length, of: receivers.length })}</span>
    )
  }
  if (state === 'onTrial' || state === 'delivered' || state === 'refused') {
    return (
      <span className="small quiet">{t('progress.satisfied', { count: satisfied.length, of: pilots.length })}</span>
    )
  }
  return null
}

/** What is awaited of whom, each with its last day and its article. */
export function Deadlines({ deadlines }: { deadlines: DeliverableHead['deadlines'] }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  if (deadlines.length === 0) return <span className="quiet">–</span>
  return (
    <ul className="stack stack-tight deliverable-awaited">
      {deadlines.map(({ kind, party, by, late, article, interpretation }) => (
        <li key={`${kind} ${party}`}>
          {t(`deadlines.${kind}`, { party: names.party(party) })}{' '}
          <strong className={late ? 'deliverable-overdue' : undefined}>
            {t(late ? 'overdueSince' : 'by', { day: format.dayMedium(by) })}
          </strong>{' '}
          <Cited article={article} interpretation={interpretation} />
        </li>
      ))}
    </ul>
  )
}

function Perimeter({ perimeter }: { perimeter: NonNullable<Deliverables['perimeter']> }) {
  const { t } = useTranslation('deliverables')
  return (
    <Section title={t('perimeter.title')}>
      <div className="deliverable-perimeter">
        {(['included', 'excluded'] as const).map((part) => (
          <div key={part}>
            <h3>{t(`perimeter.${part}`)}</h3>
            {perimeter[part].length === 0 ? (
              <p className="quiet">{t('perimeter.nothing')}</p>
            ) : (
              <ul className="deliverable-lines">
                {perimeter[part].map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            )}
          </div>
        ))}
      </div>
    </Section>
  )
}

function Versions({ versions }: { versions: Deliverables['versions'] }) {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const format = useFormat()
  return (
    <Section title={t('versions.title')}>
      <Table
        caption={t('versions.title')}
        head={
          <tr>
            <th scope="col">{t('versions.version')}</th>
            <th scope="col">{t('state')}</th>
            <th className="number" scope="col">
              {t('versions.count')}
            </th>
            <th scope="col">{t('versions.decision')}</th>
          </tr>
        }
        stacked
      >
        {versions.map(({ number, state, deliverables, decidedOn, decision, savedAt }) => (
          <tr key={number}>
            <th scope="row">
              <Link to={paths.governanceDeliverableList(slug, number)}>{t('versions.number', { number })}</Link>
            </th>
            <td data-label={t('state')}>
              <div>
                {t(`lists.${state}`)} <span className="small quiet">{format.dayMedium(decidedOn ?? savedAt)}</span>
              </div>
            </td>
            <td className="number" data-label={t('versions.count')}>
              <div>{deliverables}</div>
            </td>
            <td data-label={t('versions.decision')}>
              {decision ? <Link to={paths.governanceDecisions(slug)}>{decision}</Link> : <div>–</div>}
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
