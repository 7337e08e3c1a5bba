import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { useSorting } from '../../../shell/sorting.ts'
import { DataTable } from '../../../ui/data-table.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { InvoiceLinks } from './invoice-links.tsx'
import { MoneyPage } from './money-page.tsx'
import { type Bill, moneyKey, sumCents, useBudget, useNames } from './money.ts'

/** What members are asked to pay, what they paid, and how late they are. */
export function BillsPage() {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const { sort, onSort, wording } = useSorting()
  const { data: budget } = useBudget()
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'bills'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}/money/bills', { params: { path: { slug } } })),
  })
  const late = data?.bills.filter(({ daysLate }) => daysLate > 0) ?? []
  const open = data?.bills.filter(({ openCents }) => openCents !== '0') ?? []
  return (
    <MoneyPage busy={!data && !error} lead={t('bills.lead')} title={t('bills.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {late.length > 0 && (
        <Notice
          kind="warning"
          title={t('bills.late', {
            count: late.length,
            cents: format.euros(sumCents(late.map(({ openCents }) => openCents))),
          })}
        >
          <ul>
            {late.map((bill) => (
              <li key={bill.id}>
                {t('bills.reminder', {
                  name: nameOf(bill.party),
                  number: bill.number,
                  cents: format.euros(bill.openCents),
                  due: format.day(bill.dueOn),
                  count: bill.daysLate,
                })}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {data?.bills.length === 0 && <Empty title={t('bills.none')}>{t('bills.noneText')}</Empty>}
      {data && data.bills.length > 0 && (
        <>
          <dl className="figures money-figures">
            {(['notDue', 'upTo30', 'upTo60', 'upTo90', 'over90'] as const)
              .map((age) => ({ age, bills: open.filter((bill) => bill.age === age) }))
              .filter(({ age, bills }) => age === 'notDue' || bills.length > 0)
              .map(({ age, bills }) => (
                <div key={age}>
                  <dt>{t(`owed.${age}`)}</dt>
                  <dd>{format.euros(sumCents(bills.map(({ openCents }) => openCents)))}</dd>
                </div>
              ))}
          </dl>
          <DataTable<Bill>
            caption={t('bills.title')}
            columns={[
              {
                key: 'number',
                head: t('number'),
                cell: ({ number }) => <span className="money-one-line">{number}</span>,
                value: ({ number }) => number,
              },
              {
                key: 'party',
                head: t('member'),
                cell: ({ party }) => nameOf(party),
                value: ({ party }) => nameOf(party),
              },
              {
                key: 'issuedOn',
                head: t('bills.issuedOn'),
                cell: (bill) => <span className="money-one-line">{format.dayMedium(bill.issuedOn)}</span>,
                value: (bill) => bill.issuedOn,
              },
              {
                key: 'dueOn',
                head: t('bills.dueOn'),
                cell: (bill) => <span className="money-one-line">{format.dayMedium(bill.dueOn)}</span>,
                value: (bill) => bill.dueOn,
              },
              {
                key: 'cents',
                head: t('amount'),
                number: true,
                cell: (bill) => format.euros(bill.cents),
                value: (bill) => Number(bill.cents) / 100,
              },
              {
                key: 'open',
                head: t('bills.open'),
                number: true,
                cell: (bill) => format.euros(bill.openCents),
                value: (bill) => Number(bill.openCents) / 100,
              },
              {
                key: 'age',
                head: t('bills.age'),
                cell: (bill) => t(`ages.${bill.age}`),
                value: (bill) => bill.daysLate,
              },
              {
                key: 'invoice',
                head: t('bills.invoice'),
                cell: (bill) => <InvoiceLinks id={bill.id} number={bill.number} of="bills" />,
              },
            ]}
            csv={{ name: 'appels-de-fonds' }}
            onSort={onSort}
            rowKey={({ id }) => id}
            rows={data.bills}
            sort={sort}
            wording={wording}
          />
          <p className="small quiet measure">{t('invoiceNote')}</p>
        </>
      )}
      {budget?.manages && data && (
        <Section title={t('bills.acts')}>
          <ActForm
            act={({ party = '', issuedOn = '', dueOn = '' }, requestKey) =>
              api.POST('/api/governance/agreements/{slug}/money/bills', {
                params: { path: { slug } },
                body: { requestKey, party, issuedOn, dueOn },
              })
            }
            fields={[
              {
                name: 'party',
                label: t('member'),
                kind: 'select',
                options: budget.parties
                  .filter(({ member }) => member)
                  .map(({ key, name }) => ({ value: key, label: name })),
              },
              { name: 'issuedOn', label: t('bills.issuedOn'), kind: 'day', hint: t('bills.issuedHint') },
              { name: 'dueOn', label: t('bills.dueOn'), kind: 'day' },
            ]}
            submit={t('bills.issue')}
            title={t('bills.issueTitle')}
          />
          <ActForm
            act={({ id = '', cents = '', on = '' }, requestKey) =>
              api.POST('/api/governance/agreements/{slug}/money/bills/{id}/receipts', {
                params: { path: { slug, id } },
                body: { requestKey, cents, on },
              })
            }
            fields={[
              {
                name: 'id',
                label: t('bills.bill'),
                kind: 'select',
                options: open.map((bill) => ({
                  value: bill.id,
                  label: `${bill.number} · ${nameOf(bill.party)} · ${format.euros(bill.openCents)}`,
                })),
              },
              { name: 'cents', label: t('amount'), kind: 'euros' },
              { name: 'on', label: t('bills.receivedOn'), kind: 'day' },
            ]}
            submit={t('form.save')}
            title={t('bills.receiptTitle')}
          />
        </Section>
      )}
    </MoneyPage>
  )
}
