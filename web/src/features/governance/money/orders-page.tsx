import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useAdoptedDecisions } from '../decision-field.tsx'
import { useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { MoneyPage } from './money-page.tsx'
import { type Budget, moneyKey, type Order, type Orders, sumCents, useBudget, useNames } from './money.ts'
import { Offers } from './offers.tsx'
import { Reduction, Regularisation } from './order-proposals.tsx'

/** Orders: who bears what, what is paid, what is still committed; services open to orders. */
export function OrdersPage() {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const { data: budget } = useBudget()
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'orders'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}/money/orders', { params: { path: { slug } } })),
  })
  return (
    <MoneyPage busy={!data && !error} lead={t('orders.lead')} title={t('orders.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} />}
      {data && budget && (
        <>
          <Offers budget={budget} offers={data.offers} orders={data.orders} />
          <Section title={t('orders.all')}>
            {data.orders.length === 0 && <Empty title={t('orders.none')}>{t('orders.noneText')}</Empty>}
            <ul className="money-steps">
              {data.orders.map((order) => (
                <OrderItem all={data} budget={budget} key={order.id} order={order} />
              ))}
            </ul>
            {budget.manages && <NewOrder budget={budget} />}
          </Section>
          <p>
            <a download href={paths.moneyFile(slug, 'orders')}>
              {t('orders.csv')}
            </a>
          </p>
        </>
      )}
    </MoneyPage>
  )
}

function OrderItem({ order, budget, all }: { order: Order; budget: Budget; all: Orders }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const key = budget.sharingKeys.find((each) => each.key === order.sharingKey)
  const gathered = order.scope === 'shared' && order.party !== null && order.state === 'settled'
  const committed = sumCents(order.parts.map(({ committedCents }) => committedCents))
  return (
    <li className="money-step">
      <div className="money-head">
        <h3>
          {order.number} · {order.label}
        </h3>
        {order.cents !== '0' && <strong>{format.euros(order.cents)}</strong>}
      </div>
      <p className="small quiet">
        {t(`scopes.${order.scope}`)} · {t(`states.${gathered ? 'gathered' : order.state}`)} ·{' '}
        {format.dayMedium(order.effectiveOn)}
        {order.decisionNumber !== null && ` · ${t('decisionNumber', { number: order.decisionNumber })}`}
        {order.party !== null && ` · ${nameOf(order.party)}`}
      </p>
      <p>
        {key?.name ?? order.sharingKey}
        {committed !== '0' && ` · ${t('orders.still', { cents: format.euros(committed) })}`}
      </p>
      {order.lines.length > 0 && (
        <p className="small">
          {t('orders.establishments', {
            count: order.lines.length,
            pupils: format.number(order.lines.reduce((so, { pupils }) => so + pupils, 0)),
          })}
        </p>
      )}
      {order.parts.length > 0 && (
        <details>
          <summary>{t('orders.parts', { count: order.parts.length })}</summary>
          <Table
            caption={t('orders.partsOf', { number: order.number })}
            head={
              <tr>
                <th scope="col">{t('member')}</th>
                <th className="number" scope="col">
                  {t('orders.part')}
                </th>
                <th className="number" scope="col">
                  {t('columns.committed')}
                </th>
                <th className="number" scope="col">
                  {t('columns.cost')}
                </th>
              </tr>
            }
            stacked
          >
            {order.parts.map((part) => (
              <tr key={part.party}>
                <th scope="row">{nameOf(part.party)}</th>
                <td className="number" data-label={t('orders.part')}>
                  <span>{format.euros(part.cents)}</span>
                </td>
                <td className="number" data-label={t('columns.committed')}>
                  <span>{format.euros(part.committedCents)}</span>
                </td>
                <td className="number" data-label={t('columns.cost')}>
                  <span>{format.euros(part.costCents)}</span>
                </td>
              </tr>
            ))}
          </Table>
        </details>
      )}
      {all.regularisations
        .filter(({ orderId }) => orderId === order.id)
        .map((regularisation) => (
          <Regularisation key={regularisation.id} manages={budget.manages} regularisation={regularisation} />
        ))}
      {all.reductions
        .filter(({ orderId }) => orderId === order.id)
        .map((reduction) => (
          <Reduction key={reduction.id} manages={budget.manages} reduction={reduction} />
        ))}
      {budget.manages && <OrderActs budget={budget} order={order} />}
    </li>
  )
}

const keyOptions = (budget: Budget) => budget.sharingKeys.map(({ key, name }) => ({ value: key, label: name }))
const memberOptions = (budget: Budget) =>
  budget.parties.filter(({ member }) => member).map(({ key, name }) => ({ value: key, label: name }))

/** Who voted for, when the key needs to know it: one box a member. */
function useVoters(budget: Budget) {
  const amongVoters = (name: string | undefined) =>
    budget.sharingKeys.find(({ key }) => key === name)?.among === 'votersInFavour'
  return {
    fields: memberOptions(budget).map(({ value, label }) => ({
      name: `for-${value}`,
      label,
      kind: 'check' as const,
      when: (values: Record<string, string>) => amongVoters(values['sharingKey']),
    })),
    read: (values: Record<string, string>) =>
      amongVoters(values['sharingKey'])
        ? memberOptions(budget)
            .map(({ value }) => value)
            .filter((party) => values[`for-${party}`] === 'yes')
        : null,
  }
}

function OrderActs({ order, budget }: { order: Order; budget: Budget }) {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const voters = useVoters(budget)
  const path = { slug, id: order.id }
  return (
    <>
      {order.state === 'committed' && (
        <ActForm
          act={({ cents = '0', effectiveOn = '', document = '', last }, requestKey) =>
            api.POST('/api/governance/agreements/{slug}/money/orders/{id}/payments', {
              params: { path },
              body: { requestKey, cents, effectiveOn, document, last: last === 'yes' },
            })
          }
          fields={[
            { name: 'cents', label: t('amount'), kind: 'euros' },
            { name: 'effectiveOn', label: t('effectiveOn'), kind: 'day' },
            { name: 'document', label: t('document'), kind: 'text', hint: t('orders.documentHint') },
            { name: 'last', label: t('orders.last'), kind: 'check' },
          ]}
          submit={t('orders.pay')}
          title={t('orders.payTitle')}
        />
      )}
      {order.state !== 'placed' && order.parts.length > 0 && (
        <ActForm
          act={({ label = '', cents = '0', effectiveOn = '' }, requestKey) =>
            api.POST('/api/governance/agreements/{slug}/money/orders/{id}/reductions', {
              params: { path },
              body: { requestKey, label, cents, effectiveOn },
            })
          }
          fields={[
            { name: 'label', label: t('reason'), kind: 'text' },
            { name: 'cents', label: t('amount'), kind: 'euros' },
            { name: 'effectiveOn', label: t('effectiveOn'), kind: 'day' },
          ]}
          submit={t('orders.propose')}
          title={t('orders.reductionTitle')}
        />
      )}
      {order.state === 'settled' && order.parts.length > 0 && (
        <ActForm
          act={(values) =>
            api.POST('/api/governance/agreements/{slug}/money/orders/{id}/regularisations', {
              params: { path },
              body: {
                label: values['label'] ?? '',
                sharingKey: values['sharingKey'] ?? '',
                effectiveOn: values['effectiveOn'] ?? '',
                cents: values['cents'] || null,
                votersInFavour: voters.read(values),
              },
            })
          }
          fields={[
            { name: 'label', label: t('reason'), kind: 'text' },
            { name: 'sharingKey', label: t('key'), kind: 'select', options: keyOptions(budget) },
            ...voters.fields,
            { name: 'cents', label: t('orders.finalCost'), kind: 'euros', optional: true },
            { name: 'effectiveOn', label: t('effectiveOn'), kind: 'day' },
          ]}
          submit={t('orders.propose')}
          title={t('orders.regulariseTitle')}
        />
      )}
    </>
  )
}

function NewOrder({ budget }: { budget: Budget }) {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const decisions = useAdoptedDecisions()
  const voters = useVoters(budget)
  const needsOne = ({ sharingKey }: Record<string, string>) =>
    ['oneMember', 'orderingMembers'].includes(budget.sharingKeys.find(({ key }) => key === sharingKey)?.among ?? '')
  return (
    <ActForm
      act={(values, requestKey) =>
        api.POST('/api/governance/agreements/{slug}/money/orders', {
          params: { path: { slug } },
          body: {
            requestKey,
            label: values['label'] ?? '',
            sharingKey: values['sharingKey'] ?? '',
            cents: values['cents'] ?? '',
            effectiveOn: values['effectiveOn'] ?? '',
            decisionId: values['decisionId'] || null,
            votersInFavour: voters.read(values),
            party: values['party'] || null,
          },
        })
      }
      fields={[
        { name: 'label', label: t('label'), kind: 'text' },
        { name: 'cents', label: t('amount'), kind: 'euros' },
        { name: 'sharingKey', label: t('key'), kind: 'select', options: keyOptions(budget) },
        { name: 'party', label: t('orders.payer'), kind: 'select', options: memberOptions(budget), when: needsOne },
        ...voters.fields,
        { name: 'effectiveOn', label: t('effectiveOn'), kind: 'day' },
        { name: 'decisionId', label: t('orders.decision'), kind: 'select', options: decisions, optional: true },
      ]}
      submit={t('orders.create')}
      title={t('orders.newTitle')}
    />
  )
}
