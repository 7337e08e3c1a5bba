import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Table } from '../../ui/table.tsx'
import type { Change, ChangeSheet } from './changes.ts'

export const consequenceKinds = ['functional', 'technical', 'legal', 'organisational', 'financial', 'training'] as const
export const sheetTexts = ['documentation', 'validation', 'regressions', 'rollBack'] as const

/** The configuration sheet: its last version, and those before it. */
export function SheetView({ change: { sheets } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const [last, ...earlier] = sheets
  const tell = ({ number, submittedAt, recordedAt }: Change['sheets'][number]) =>
    `${t('sheet.version', { number })}, ${
      submittedAt
        ? t('sheet.submitted', { when: format.dateTime(submittedAt) })
        : t('sheet.draft', { when: format.dateTime(recordedAt) })
    }`
  return (
    <Section hint={last && tell(last)} title={t('sheet.title')}>
      {!last && <p className="quiet">{t('sheet.none')}</p>}
      {last && <Content sheet={last.content} />}
      {earlier.length > 0 && (
        <details>
          <summary>{t('sheet.older')}</summary>
          {earlier.map((sheet) => (
            <details key={sheet.number}>
              <summary>{tell(sheet)}</summary>
              <Content sheet={sheet.content} />
            </details>
          ))}
        </details>
      )}
    </Section>
  )
}

function Content({ sheet }: { sheet: ChangeSheet }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  return (
    <div className="stack">
      <p>
        {t('sheet.amount')} : <strong>{format.euros(sheet.amountCents)}</strong>
      </p>
      {sheet.results.length > 0 && (
        <Table
          caption={t('sheet.results')}
          captionShown
          head={
            <tr>
              <th scope="col">{t('sheet.what')}</th>
              <th scope="col">{t('sheet.target')}</th>
              <th scope="col">{t('sheet.byDay')}</th>
            </tr>
          }
          stacked
        >
          {sheet.results.map(({ what, comparator, target, unit, by }) => (
            <tr key={`${what} ${target} ${by}`}>
              <th scope="row">{what}</th>
              <td data-label={t('sheet.target')}>
                <div>
                  {t(`sheet.comparators.${comparator}`)} {target} {unit}
                </div>
              </td>
              <td data-label={t('sheet.byDay')}>
                <div>{format.dayMedium(by)}</div>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <details>
        <summary>{t('sheet.consequences')}</summary>
        <dl className="facts">
          {consequenceKinds.map((kind) => (
            <div key={kind}>
              <dt>{t(`sheet.${kind}`)}</dt>
              <dd className="change-text">{sheet.consequences[kind] || '–'}</dd>
            </div>
          ))}
        </dl>
      </details>
      <dl className="facts">
        {sheetTexts.map((name) => (
          <div key={name}>
            <dt>{t(`sheet.${name}`)}</dt>
            <dd className="change-text">{sheet[name] || '–'}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
