import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { useFormat } from '../../../shell/format.ts'
import { Table } from '../../../ui/table.tsx'
import { Cited } from '../cited.tsx'
import { useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { type Orders, useBudget, useNames } from './money.ts'

/** New shares of what an order cost, before and after: what the members vote on. */
export function Regularisation({
  regularisation: { id, label, cents, state, sharingKey, parts },
  manages,
}: {
  regularisation: Orders['regularisations'][number]
  manages: boolean
}) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const { data: budget } = useBudget()
  const slug = useAgreementSlug()
  const key = budget?.sharingKeys.find((each) => each.key === sharingKey)
  return (
    <>
      <p className="small">
        {t('orders.regularisation', { label, cents: format.euros(cents) })} · {t(`proposals.${state}`)}
      </p>
      <details>
        <summary>{t('orders.newShares', { label })}</summary>
        <div>
          {key?.name ?? sharingKey} {key && <Cited article={key.article} interpretation={key.interpretation} />}
        </div>
        <Table
          caption={t('orders.newShares', { label })}
          head={
            <tr>
              <th scope="col">{t('member')}</th>
              <th className="number" scope="col">
                {t('orders.before')}
              </th>
              <th className="number" scope="col">
                {t('orders.after')}
              </th>
            </tr>
          }
          stacked
        >
          {parts.map(({ party, beforeCents, afterCents }) => (
            <tr key={party}>
              <th scope="row">{nameOf(party)}</th>
              <td className="number" data-label={t('orders.before')}>
                <span>{format.euros(beforeCents)}</span>
              </td>
              <td className="number" data-label={t('orders.after')}>
                <span>{format.euros(afterCents)}</span>
              </td>
            </tr>
          ))}
        </Table>
      </details>
      {manages && state === 'proposed' && (
        <ActForm
          act={() =>
            api.POST('/api/governance/agreements/{slug}/money/regularisations/{id}/withdrawal', {
              params: { path: { slug, id } },
            })
          }
          fields={[]}
          submit={t('orders.regularisationWithdraw', { label })}
          title={t('orders.regularisationWithdrawTitle')}
        />
      )}
    </>
  )
}

/** What is taken off an order, for who keeps the accounts to post or to withdraw. */
export function Reduction({ reduction, manages }: { reduction: Orders['reductions'][number]; manages: boolean }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { id, label, cents, state } = reduction
  return (
    <>
      <p className="small">
        {t('orders.reduction', { label, cents: format.euros(cents) })} · {t(`proposals.${state}`)}
      </p>
      {manages && state === 'proposed' && (
        <ActForm
          act={({ post }) =>
            api.POST('/api/governance/agreements/{slug}/money/reductions/{id}/settlement', {
              params: { path: { slug, id } },
              body: { post: post === 'post' },
            })
          }
          fields={[
            {
              name: 'post',
              label: t('orders.reductionChoice'),
              kind: 'select',
              options: [
                { value: 'post', label: t('orders.reductionPost') },
                { value: 'withdraw', label: t('orders.reductionWithdraw') },
              ],
            },
          ]}
          submit={t('form.save')}
          title={t('orders.reductionSettle')}
        />
      )}
    </>
  )
}
