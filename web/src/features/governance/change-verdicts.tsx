import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'
import { type Change, useNames } from './changes.ts'
import { useAgreement, useAgreementSlug } from './governance.ts'

/** What was measured against what was expected. */
export function Acceptance({ change: { acceptance, orderId } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  if (!acceptance) return null
  return (
    <Section title={t('acceptance.title')}>
      <Notice
        kind={acceptance.met ? 'success' : 'warning'}
        title={
          acceptance.met
            ? t('acceptance.met')
            : t('acceptance.missed', { amount: format.euros(acceptance.reductionCents) })
        }
      >
        {agreement?.manages && orderId !== null && acceptance.reductionCents !== '0' && (
          <p>
            <Link to={paths.governanceMoneyPart(slug, 'orders')}>{t('acceptance.proposed')}</Link>
          </p>
        )}
      </Notice>
      <Table
        caption={t('acceptance.title')}
        head={
          <tr>
            <th scope="col">{t('sheet.what')}</th>
            <th scope="col">{t('acceptance.expected')}</th>
            <th scope="col">{t('acceptance.measured')}</th>
            <th scope="col">{t('acceptance.verdict')}</th>
          </tr>
        }
        stacked
      >
        {acceptance.results.map(({ what, comparator, target, unit, by, value, measuredOn, met }) => (
          <tr key={what}>
            <th scope="row">{what}</th>
            <td data-label={t('acceptance.expected')}>
              <div>
                {t(`sheet.comparators.${comparator}`)} {target} {unit} · {format.dayMedium(by)}
              </div>
            </td>
            <td data-label={t('acceptance.measured')}>
              <div>
                {value} {unit} · {format.dayMedium(measuredOn)}
              </div>
            </td>
            <td data-label={t('acceptance.verdict')}>
              <strong>{met ? t('acceptance.yes') : t('acceptance.no')}</strong>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

/** The opinions asked for, given or awaited. */
export function Opinions({ change: { advisers, opinions, sheets } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  const [last] = sheets
  if (!last?.submittedAt && opinions.length === 0) return null
  const awaited = advisers.filter(
    (party) => !opinions.some((each) => each.party === party && each.sheet === last?.number),
  )
  return (
    <Section title={t('opinions.title')}>
      <Table
        caption={t('opinions.title')}
        head={
          <tr>
            <th scope="col">{t('opinions.party')}</th>
            <th scope="col">{t('opinions.opinion')}</th>
            <th scope="col">{t('opinions.text')}</th>
          </tr>
        }
        stacked
      >
        {awaited.map((party) => (
          <tr key={party}>
            <th scope="row">{names.party(party)}</th>
            <td className="quiet" data-label={t('opinions.opinion')}>
              <div>{t('opinions.awaited')}</div>
            </td>
            <td data-label={t('opinions.text')}>
              <div>–</div>
            </td>
          </tr>
        ))}
        {opinions.map(({ party, opinion, text, sheet, at }) => (
          <tr key={`${party} ${sheet}`}>
            <th scope="row">{names.party(party)}</th>
            <td data-label={t('opinions.opinion')}>
              <strong>{t(`opinions.${opinion}`)}</strong>
              <br />
              <span className="small quiet">
                {format.dateTime(at)}, {t('opinions.ofSheet', { number: sheet })}
              </span>
            </td>
            <td className="change-text" data-label={t('opinions.text')}>
              <div>{text || '–'}</div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
