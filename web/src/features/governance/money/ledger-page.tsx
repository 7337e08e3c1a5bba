import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Button } from '../../../ui/button.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { MoneyPage } from './money-page.tsx'
import { moneyKey, useBudget, useNames } from './money.ts'

/** The entries of the ledger that the reader sees whole, the newest first. */
export function LedgerPage() {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const { data: budget } = useBudget()
  const [before, setBefore] = useState<number[]>([])
  const last = before.at(-1)
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'entries', last],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/money/entries', {
          params: { path: { slug }, query: last === undefined ? {} : { before: last } },
        }),
      ),
  })
  const side = (cents: string, debit: boolean) =>
    cents.startsWith('-') === debit ? '' : format.euros(cents.replace('-', ''))
  return (
    <MoneyPage busy={!data && !error} lead={t('entries.lead')} title={t('entries.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data?.entries.length === 0 && <Empty title={t('entries.none')}>{t('entries.noneText')}</Empty>}
      <ol className="money-steps">
        {data?.entries.map((entry) => (
          <li className="money-step" key={entry.id}>
            <h2 className="money-title">
              {t('entries.number', { number: entry.number })} · {entry.label}
            </h2>
            <p className="small quiet">
              {t(`kinds.${entry.kind}`, { defaultValue: entry.kind })} ·{' '}
              {t('entries.dates', {
                effective: format.dayMedium(entry.effectiveOn),
                recorded: format.dateTime(entry.recordedAt),
              })}
              {entry.decisionNumber !== null && ` · ${t('decisionNumber', { number: entry.decisionNumber })}`}
              {entry.sharingKey !== null &&
                ` · ${budget?.sharingKeys.find(({ key }) => key === entry.sharingKey)?.name ?? entry.sharingKey}`}
            </p>
            {entry.reversesNumber !== null && <p>{t('entries.reverses', { number: entry.reversesNumber })}</p>}
            {entry.reversedByNumber !== null && <p>{t('entries.reversedBy', { number: entry.reversedByNumber })}</p>}
            <details>
              <summary>{t('entries.postings', { count: entry.postings.length })}</summary>
              <Table
                caption={t('entries.postingsOf', { number: entry.number })}
                head={
                  <tr>
                    <th scope="col">{t('account')}</th>
                    <th scope="col">{t('entries.party')}</th>
                    <th className="number" scope="col">
                      {t('entries.debit')}
                    </th>
                    <th className="number" scope="col">
                      {t('entries.credit')}
                    </th>
                  </tr>
                }
                stacked
              >
                {entry.postings.map(({ party, nature, cents }) => (
                  <tr key={`${nature} ${party}`}>
                    <th scope="row">{t(`natures.${nature}`)}</th>
                    <td data-label={t('entries.party')}>
                      <span>{nameOf(party)}</span>
                    </td>
                    <td className="number" data-label={t('entries.debit')}>
                      <span>{side(cents, true)}</span>
                    </td>
                    <td className="number" data-label={t('entries.credit')}>
                      <span>{side(cents, false)}</span>
                    </td>
                  </tr>
                ))}
              </Table>
              {budget?.manages && entry.reversesNumber === null && entry.reversedByNumber === null && (
                <ActForm
                  act={({ effectiveOn = '', reason = '' }) =>
                    api.POST('/api/governance/agreements/{slug}/money/entries/{id}/reversal', {
                      params: { path: { slug, id: entry.id } },
                      body: { effectiveOn, reason },
                    })
                  }
                  fields={[
                    { name: 'effectiveOn', label: t('effectiveOn'), kind: 'day' },
                    { name: 'reason', label: t('reason'), kind: 'text' },
                  ]}
                  submit={t('entries.reverse')}
                  title={t('entries.reverseTitle', { number: entry.number })}
                />
              )}
            </details>
          </li>
        ))}
      </ol>
      <div className="row">
        {before.length > 0 && <Button onClick={() => setBefore(before.slice(0, -1))}>{t('entries.newer')}</Button>}
        {typeof data?.next === 'number' && (
          <Button onClick={() => setBefore([...before, data.next!])}>{t('entries.older')}</Button>
        )}
      </div>
      <p>
        <a download href={paths.moneyFile(slug, 'entries')}>
          {t('entries.csv')}
        </a>
      </p>
    </MoneyPage>
  )
}
