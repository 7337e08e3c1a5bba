import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../../paths.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Table } from '../../../ui/table.tsx'
import { useAgreementSlug } from '../governance.ts'
import { sumCents } from '../money/money.ts'
import { useFigures } from './dossier-document.tsx'
import { type Dossier, type DossierPageOf, isSameMeasure, subtractDecimals } from './services.ts'

interface Row {
  name: string
  before: string
  after: string
  difference: string
}

/** What changed from the dossier before, figure by figure; nothing is subtracted from what was not measured. */
export function DossierComparison({ dossier, previous }: { dossier: DossierPageOf; previous: Dossier }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const format = useFormat()
  const figures = useFigures()
  const compare = (
    name: string,
    before: string | null | undefined,
    after: string | null | undefined,
    unit = '',
  ): Row => ({
    name,
    before: before === undefined ? '–' : figures.tell(before, unit),
    after: after === undefined ? '–' : figures.tell(after, unit),
    difference: before && after ? figures.write(subtractDecimals(after, before), unit) : '–',
  })
  const euros = (name: string, before: string | null, after: string | null): Row => {
    const difference = before === null || after === null ? undefined : String(BigInt(after) - BigInt(before))
    const tell = (cents: string | null) => (cents === null ? '–' : format.euros(cents))
    return {
      name,
      before: tell(before),
      after: tell(after),
      difference:
        difference === undefined
          ? '–'
          : `${difference.startsWith('-') || difference === '0' ? '' : '+'}${format.euros(difference)}`,
    }
  }
  const paid = ({ costs }: Dossier) => (costs ? sumCents(costs.orders.map(({ paidCents }) => paidCents)) : null)
  const [now, then] = [dossier.content, previous.content]
  const measures = [...now.measures, ...then.measures].filter(
    (measure, index, all) => all.findIndex((each) => isSameMeasure(each, measure)) === index,
  )
  const rows: Row[] = [
    ...measures.map((measure) => {
      const value = (of: typeof now) => of.measures.find((each) => isSameMeasure(each, measure))?.value
      return compare(measure.name, value(then), value(now), measure.unit)
    }),
    compare(t('content.users'), then.users.value, now.users.value),
    euros(t('content.budget'), then.budgetCents, now.budgetCents),
    ...(dossier.costs && previous.costs ? [euros(t('costs.paid'), paid(previous), paid(dossier))] : []),
  ]
  const name = t('dossier', { number: previous.number })
  return (
    <Section title={t('comparison.title', { number: previous.number })}>
      <p>
        <Link to={paths.governanceDossier(slug, dossier.service.number, previous.number)}>
          {t('comparison.open', { number: previous.number, state: t(`states.${previous.state}`) })}
        </Link>
      </p>
      <Table
        caption={t('comparison.title', { number: previous.number })}
        head={
          <tr>
            <th scope="col">{t('measure.name')}</th>
            <th className="number" scope="col">
              {name}
            </th>
            <th className="number" scope="col">
              {t('dossier', { number: dossier.number })}
            </th>
            <th className="number" scope="col">
              {t('comparison.difference')}
            </th>
          </tr>
        }
        stacked
      >
        {rows.map((row, index) => (
          <tr key={`${row.name} ${index}`}>
            <th scope="row">{row.name}</th>
            <td className="number" data-label={name}>
              <div>{row.before}</div>
            </td>
            <td className="number" data-label={t('dossier', { number: dossier.number })}>
              <div>{row.after}</div>
            </td>
            <td className="number" data-label={t('comparison.difference')}>
              <strong>{row.difference}</strong>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
