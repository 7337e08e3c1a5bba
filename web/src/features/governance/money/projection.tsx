import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useAgreementSlug } from '../governance.ts'
import { headCountsQuery } from './head-counts.ts'
import { type Budget, moneyKey, sumCents, useNames } from './money.ts'

/** What the services of an exercise would cost each member in the years after it. */
export function Projection({ budget }: { budget: Budget }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const [headCountId, setHeadCount] = useState('')
  const [growth, setGrowth] = useState('0')
  const { data: headCounts } = useQuery(headCountsQuery(slug))
  const exercise = budget.exercise.startsOn
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'projection', exercise, headCountId, growth],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/money/projection', {
          params: {
            path: { slug },
            query: { exercise, growthBasisPoints: Number(growth), ...(headCountId && { headCountId }) },
          },
        }),
      ),
    placeholderData: (before) => before,
  })
  const parties = [...new Set(data?.years.flatMap(({ parts }) => parts.map(({ party }) => party)))].toSorted((a, b) =>
    format.compare(nameOf(a), nameOf(b)),
  )
  const centsOf = (year: NonNullable<typeof data>['years'][number], party: string) =>
    year.parts.find((part) => part.party === party)?.cents ?? '0'
  return (
    <Section hint={t('projection.hint')} title={t('projection.title')}>
      <div className="row">
        <SelectField
          label={t('projection.headCount')}
          onChange={(event) => setHeadCount(event.target.value)}
          options={[
            { value: '', label: t('projection.last') },
            ...(headCounts?.headCounts ?? []).map(({ id, countedOn }) => ({ value: id, label: format.day(countedOn) })),
          ]}
          value={headCountId}
        />
        <SelectField
          label={t('projection.growth')}
          onChange={(event) => setGrowth(event.target.value)}
          options={[-200, 0, 100, 200, 300, 500].map((each) => ({
            value: String(each),
            label: format.percent(each / 10_000),
          }))}
          value={growth}
        />
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data && parties.length === 0 && <p className="quiet">{t('projection.none')}</p>}
      {data && parties.length > 0 && (
        <Table
          caption={t('projection.title')}
          head={
            <tr>
              <th scope="col">{t('member')}</th>
              {data.years.map(({ startsOn }) => (
                <th className="number" key={startsOn} scope="col">
                  {format.schoolYear(Number(startsOn.slice(0, 4)))}
                </th>
              ))}
            </tr>
          }
          stacked
        >
          {[...parties, null].map((party) => (
            <tr className={party === null ? 'money-sum' : undefined} key={party ?? 'total'}>
              <th scope="row">{party === null ? t('figures.total') : nameOf(party)}</th>
              {data.years.map((year) => (
                <td
                  className="number"
                  data-label={format.schoolYear(Number(year.startsOn.slice(0, 4)))}
                  key={year.startsOn}
                >
                  <span>
                    {format.euros(
                      party === null ? sumCents(year.parts.map(({ cents }) => cents)) : centsOf(year, party),
                    )}
                  </span>
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}
