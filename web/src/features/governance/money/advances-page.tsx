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
import { useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { MoneyPage } from './money-page.tsx'
import { type Advance, moneyKey, useBudget, useNames } from './money.ts'

/** Money advanced in instalments, what is spent of it with supporting documents, and what goes back. */
export function AdvancesPage() {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const { data: budget } = useBudget()
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'advances'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}/money/advances', { params: { path: { slug } } })),
  })
  return (
    <MoneyPage busy={!data && !error} lead={t('advances.lead')} title={t('advances.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data?.advances.length === 0 && <Empty title={t('advances.none')}>{t('advances.noneText')}</Empty>}
      {data?.advances.map((advance) => (
        <AdvanceItem advance={advance} key={advance.id} manages={budget?.manages ?? false} />
      ))}
      {budget?.manages && data && (
        <ActForm
          act={({ party = '', label = '', first = '0', firstOn = '', second = '', secondOn = '' }, requestKey) => {
            const instalments = [
              { dueOn: firstOn, cents: first },
              ...(second === '' ? [] : [{ dueOn: secondOn || firstOn, cents: second }]),
            ]
            const cents = String(instalments.reduce((so, each) => so + BigInt(each.cents), 0n))
            return api.POST('/api/governance/agreements/{slug}/money/advances', {
              params: { path: { slug } },
              body: { requestKey, party, label, cents, decisionId: null, instalments },
            })
          }}
          fields={[
            {
              name: 'party',
              label: t('advances.party'),
              kind: 'select',
              options: budget.parties.map(({ key, name }) => ({ value: key, label: name })),
            },
            { name: 'label', label: t('label'), kind: 'text' },
            { name: 'first', label: t('advances.first'), kind: 'euros' },
            { name: 'firstOn', label: t('advances.firstOn'), kind: 'day' },
            { name: 'second', label: t('advances.second'), kind: 'euros', optional: true },
            { name: 'secondOn', label: t('advances.secondOn'), kind: 'day', optional: true },
          ]}
          submit={t('form.save')}
          title={t('advances.newTitle')}
        />
      )}
      <p>
        <a download href={paths.moneyFile(slug, 'advances')}>
          {t('advances.csv')}
        </a>
      </p>
    </MoneyPage>
  )
}

function AdvanceItem({ advance, manages }: { advance: Advance; manages: boolean }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const path = { slug, id: advance.id }
  const engaged = advance.expenses.filter(({ state }) => state !== 'refused')
  const waiting = advance.instalments.filter(({ receivedOn }) => receivedOn === null)
  const open = manages && advance.closedAt === null
  return (
    <Section
      hint={
        advance.closedAt ? t('advances.closed', { when: format.dateTime(advance.closedAt) }) : nameOf(advance.party)
      }
      title={advance.label}
    >
      <dl className="figures money-figures">
        {(['agreed', 'committed', 'received', 'spent', 'refunded', 'left'] as const).map((each) => (
          <div key={each}>
            <dt>{t(`advances.statement.${each}`)}</dt>
            <dd>{format.euros(advance.statement[`${each}Cents`])}</dd>
          </div>
        ))}
      </dl>
      <ul className="money-list">
        {advance.instalments.map(({ id, cents, dueOn, receivedOn }) => (
          <li key={id}>
            {format.euros(cents)} ·{' '}
            {receivedOn
              ? t('advances.receivedOn', { day: format.day(receivedOn) })
              : t(advance.closedAt ? 'advances.neverCame' : 'advances.dueOn', { day: format.day(dueOn) })}
          </li>
        ))}
      </ul>
      {advance.expenses.length > 0 && (
        <Table
          caption={t('advances.expenses', { label: advance.label })}
          head={
            <tr>
              <th scope="col">{t('advances.post')}</th>
              <th className="number" scope="col">
                {t('advances.days')}
              </th>
              <th className="number" scope="col">
                {t('advances.rate')}
              </th>
              <th className="number" scope="col">
                {t('advances.markUp')}
              </th>
              <th className="number" scope="col">
                {t('amount')}
              </th>
              <th scope="col">{t('document')}</th>
              <th scope="col">{t('state')}</th>
            </tr>
          }
          stacked
        >
          {advance.expenses.map((expense) => (
            <tr key={expense.id}>
              <th scope="row">{expense.post}</th>
              <td className="number" data-label={t('advances.days')}>
                <span>{format.number(Number(expense.daysHundredths) / 100)}</span>
              </td>
              <td className="number" data-label={t('advances.rate')}>
                <span>{format.euros(expense.dailyRateCents)}</span>
              </td>
              <td className="number" data-label={t('advances.markUp')}>
                <span>{format.percent(expense.markUpBasisPoints / 10_000)}</span>
              </td>
              <td className="number" data-label={t('amount')}>
                <span>{format.euros(expense.cents)}</span>
              </td>
              <td data-label={t('document')}>
                <span>{expense.document}</span>
              </td>
              <td data-label={t('state')}>
                <span>
                  {t(`expenseStates.${expense.state}`)}
                  {expense.reason && ` · ${expense.reason}`}
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {open && waiting.length > 0 && (
        <ActForm
          act={({ instalment = '', on = '' }) =>
            api.POST('/api/governance/agreements/{slug}/money/advances/{id}/instalments/{instalment}/receipt', {
              params: { path: { ...path, instalment } },
              body: { on },
            })
          }
          fields={[
            {
              name: 'instalment',
              label: t('advances.instalment'),
              kind: 'select',
              options: waiting.map(({ id, cents, dueOn }) => ({
                value: id,
                label: `${format.euros(cents)} · ${format.day(dueOn)}`,
              })),
            },
            { name: 'on', label: t('bills.receivedOn'), kind: 'day' },
          ]}
          submit={t('form.save')}
          title={t('advances.receiveTitle')}
        />
      )}
      {open && (
        <ActForm
          act={({ post = '', days = '', rate = '', markUp = '', document = '', on = '' }, requestKey) =>
            api.POST('/api/governance/agreements/{slug}/money/advances/{id}/expenses', {
              params: { path },
              body: {
                requestKey,
                post,
                daysHundredths: String(Math.round(Number(days) * 100)),
                dailyRateCents: rate,
                markUpBasisPoints: Math.round(Number(markUp) * 100),
                document,
                documentSha256: null,
                on,
              },
            })
          }
          fields={[
            { name: 'post', label: t('advances.post'), kind: 'text' },
            { name: 'days', label: t('advances.days'), kind: 'number' },
            { name: 'rate', label: t('advances.rate'), kind: 'euros' },
            { name: 'markUp', label: t('advances.markUpPercent'), kind: 'number' },
            { name: 'document', label: t('document'), kind: 'text', hint: t('advances.documentHint') },
            { name: 'on', label: t('effectiveOn'), kind: 'day' },
          ]}
          submit={t('advances.engage')}
          title={t('advances.engageTitle')}
        />
      )}
      {open && engaged.length > 0 && (
        <ActForm
          act={({ expense = '', state, reason = '', on = '' }) =>
            api.POST('/api/governance/agreements/{slug}/money/advances/{id}/expenses/{expense}/settlement', {
              params: { path: { ...path, expense } },
              body: { state: state === 'paid' ? 'paid' : 'refused', reason: reason || null, on },
            })
          }
          fields={[
            {
              name: 'expense',
              label: t('advances.expense'),
              kind: 'select',
              options: engaged.map(({ id, post, cents, state }) => ({
                value: id,
                label: `${post} · ${format.euros(cents)} · ${t(`expenseStates.${state}`)}`,
              })),
            },
            {
              name: 'state',
              label: t('advances.settle'),
              kind: 'select',
              options: [
                { value: 'paid', label: t('advances.pay') },
                { value: 'refused', label: t('advances.refuse') },
              ],
            },
            { name: 'reason', label: t('reason'), kind: 'text', when: ({ state }) => state === 'refused' },
            { name: 'on', label: t('effectiveOn'), kind: 'day' },
          ]}
          submit={t('form.save')}
          title={t('advances.settleTitle')}
        />
      )}
      {open && (
        <ActForm
          act={({ on = '' }) =>
            api.POST('/api/governance/agreements/{slug}/money/advances/{id}/refund', { params: { path }, body: { on } })
          }
          fields={[{ name: 'on', label: t('effectiveOn'), kind: 'day', hint: t('advances.refundHint') }]}
          submit={t('advances.refund')}
          title={t('advances.refundTitle')}
        />
      )}
    </Section>
  )
}
