import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Badge } from '../../../ui/badge.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useNames } from '../changes.ts'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreementSlug } from '../governance.ts'
import { DeliverableActs } from './deliverable-acts.tsx'
import { changeTones, type Deliverable, deliverableQuery } from './deliverables.ts'
import { Deadlines, StateMark } from './deliverables-page.tsx'
import { DeliveryView } from './delivery-view.tsx'
import { ChangesTable, DefinitionView } from './list-version-page.tsx'
import './deliverables.css'

/** One deliverable: its way, what is awaited, what one may record, its deliveries and trials, its transfer, its history. */
export function DeliverablePage() {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const { key = '' } = useParams()
  const { data, error, refetch } = useQuery(deliverableQuery(slug, key))
  return (
    <GovernancePage
      back={{ to: paths.governanceDeliverables(slug), label: t('title') }}
      busy={!data && !error}
      lead={data && <StateMark deliverable={data} />}
      title={data?.title ?? t('deliverable')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          {data.dropped && <Notice kind="info" title={t('page.dropped')} />}
          <Way deliverable={data} />
          {data.deadlines.length > 0 && (
            <Section title={t('awaited')}>
              <Deadlines deadlines={data.deadlines} />
            </Section>
          )}
          <DeliverableActs deliverable={data} key={data.acts.length} />
          <Section title={t('page.definition', { number: data.list })}>
            <DefinitionView definition={data} />
          </Section>
          {data.deliveries.length > 0 && (
            <Section title={t('page.deliveries')}>
              {data.deliveries
                .map((delivery, index) => (
                  <DeliveryView
                    deliverable={data}
                    delivery={delivery}
                    isLast={index === data.deliveries.length - 1}
                    key={index}
                    number={index + 1}
                  />
                ))
                .toReversed()}
            </Section>
          )}
          {data.handOvers.length > 0 && <HandOvers deliverable={data} />}
          <Wording deliverable={data} />
          {data.acts.length > 0 && <History deliverable={data} />}
        </>
      )}
    </GovernancePage>
  )
}

function Way({ deliverable }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const format = useFormat()
  const names = useNames()
  const { deliveredOn, acceptedOn, acceptedBy, transferredOn, rules, satisfied, pilots, received, receivers } =
    deliverable
  const steps = [
    { key: 'delivery', on: deliveredOn, detail: '' },
    {
      key: 'acceptance',
      on: acceptedOn,
      detail: acceptedOn
        ? t('page.acceptedBy', { parties: format.list(acceptedBy.map(names.party)) })
        : t('page.needed', { count: rules.acceptance.atLeast, done: satisfied.length, of: pilots.length }),
    },
    ...(rules.transfer
      ? [
          {
            key: 'transfer' as const,
            on: transferredOn,
            detail: t('progress.received', { count: received.length, of: receivers.length }),
          },
        ]
      : []),
  ] as const
  const now = steps.findIndex(({ on }) => on === null)
  return (
    <Section title={t('page.way')}>
      <ol className="course">
        {steps.map(({ key, on, detail }, index) => (
          <li
            aria-current={index === now ? 'step' : undefined}
            className={on ? 'course-done' : index === now ? 'course-now' : undefined}
            key={key}
          >
            <span className="course-mark">
              {on && <Icon name="check" size={16} />}
              {on && <span className="visually-hidden">{t('page.done')}</span>}
            </span>
            <div>
              <p className="course-name">{t(`page.steps.${key}`)}</p>
              {on && <p className="small">{format.day(on)}</p>}
              {detail && <p className="small quiet">{detail}</p>}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  )
}

function HandOvers({ deliverable: { handOvers } }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  return (
    <Section title={t('page.handOvers')}>
      <Table
        caption={t('page.handOvers')}
        head={
          <tr>
            <th scope="col">{t('handOver.title')}</th>
            <th scope="col">{t('handOver.to')}</th>
            <th scope="col">{t('handOver.materials')}</th>
            <th scope="col">{t('handOver.confirmed')}</th>
          </tr>
        }
        stacked
      >
        {handOvers.map(({ title, what, on, to, materials, link, confirmedOn, note }, index) => (
          <tr key={index}>
            <th scope="row">
              {title}
              <br />
              <span className="small quiet">
                {t(`handOver.kinds.${what}`)}, {format.dayMedium(on)}
              </span>
            </th>
            <td data-label={t('handOver.to')}>
              <div>{names.party(to)}</div>
            </td>
            <td data-label={t('handOver.materials')}>
              <div className="deliverable-text">
                {materials || (link ? null : '–')}
                {link && (
                  <>
                    {materials && <br />}
                    <a href={link} rel="noreferrer">
                      {link}
                    </a>
                  </>
                )}
              </div>
            </td>
            <td data-label={t('handOver.confirmed')}>
              <div>
                {confirmedOn ? format.dayMedium(confirmedOn) : t('handOver.awaited')}
                {note && (
                  <>
                    <br />
                    <span className="small quiet">{note}</span>
                  </>
                )}
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

function Wording({ deliverable: { wording } }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const format = useFormat()
  if (wording.length < 2) return null
  return (
    <Section title={t('page.wording')}>
      {wording.map(({ list, decidedOn, kind, changes }) => (
        <div key={list}>
          <h3>
            {t('versions.number', { number: list })}
            {decidedOn && `, ${format.dayMedium(decidedOn)}`}{' '}
            <Badge tone={changeTones[kind]}>{t(`diff.${kind}`)}</Badge>
          </h3>
          {changes.length > 0 && <ChangesTable caption={t('versions.number', { number: list })} changes={changes} />}
        </div>
      ))}
    </Section>
  )
}

function History({ deliverable: { acts } }: { deliverable: Deliverable }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  return (
    <Section title={t('page.history')}>
      <Table
        caption={t('page.history')}
        head={
          <tr>
            <th scope="col">{t('page.act')}</th>
            <th scope="col">{t('page.on')}</th>
            <th scope="col">{t('page.by')}</th>
            <th scope="col">{t('page.recorded')}</th>
          </tr>
        }
        stacked
      >
        {acts.map(({ act, on, party, list, version, recordedAt }, index) => (
          <tr key={index}>
            <th scope="row">{t(`acts.${act}`)}</th>
            <td data-label={t('page.on')}>
              <div>{format.dayMedium(on)}</div>
            </td>
            <td data-label={t('page.by')}>
              <div>
                {party
                  ? names.party(party)
                  : act === 'accept' || act === 'transfer'
                    ? t('page.follows')
                    : t('page.manager')}
              </div>
            </td>
            <td data-label={t('page.recorded')}>
              <div>
                {format.dateTime(recordedAt)}
                <br />
                <span className="small quiet">{t('page.under', { list, version })}</span>
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
