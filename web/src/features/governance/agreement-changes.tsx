import { useTranslation } from 'react-i18next'
import { Table } from '../../ui/table.tsx'
import type { Fault, RuleChange, Rules } from './agreement.ts'
import { useAgreementWords } from './agreement-words.ts'

/** What changes from one version to another: each rule before and after, with its article. */
export function ChangeTable({
  changes,
  rules,
  caption,
}: {
  changes: RuleChange[]
  rules: Rules | undefined
  /** Where a page has several such tables. */
  caption?: string
}) {
  const { t } = useTranslation(['agreements', 'governance'])
  const say = useAgreementWords(rules)
  const side = (written: string | null) =>
    written === null ? (
      <span className="quiet">{t('versions.nothing')}</span>
    ) : (
      <span className="agreement-value">{say.written(written)}</span>
    )
  return (
    <Table
      caption={caption ?? t('versions.byRule')}
      head={
        <tr>
          <th scope="col">{t('versions.rule')}</th>
          <th scope="col">{t('versions.from')}</th>
          <th scope="col">{t('versions.to')}</th>
          <th scope="col">{t('versions.article')}</th>
        </tr>
      }
      stacked
    >
      {changes.map(({ part, key, name, field, from, to, article }) => (
        <tr key={[part, key, ...field].join('.')}>
          <th scope="row">
            {name ?? key ?? t(`part.${part}`)}
            <span className="agreement-below quiet small">
              {field.length > 0 ? say.path(field) : t('versions.whole')}
            </span>
          </th>
          <td data-label={t('versions.from')}>{side(from)}</td>
          <td data-label={t('versions.to')}>{side(to)}</td>
          <td data-label={t('versions.article')}>
            <span>{article}</span>
          </td>
        </tr>
      ))}
    </Table>
  )
}

/** What is wrong with a file, line by line. */
export function FaultTable({ faults }: { faults: Fault[] }) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(undefined)
  return (
    <Table
      caption={t('faults.caption')}
      head={
        <tr>
          <th scope="col">{t('faults.place')}</th>
          <th scope="col">{t('faults.what')}</th>
          <th scope="col">{t('faults.where')}</th>
        </tr>
      }
      stacked
    >
      {faults.map((fault) => (
        <tr key={`${fault.line} ${fault.column} ${fault.path} ${fault.code}`}>
          <th scope="row">{t('faults.at', { line: fault.line, column: fault.column })}</th>
          <td data-label={t('faults.what')}>
            <span>{say.fault(fault)}</span>
          </td>
          <td data-label={t('faults.where')}>
            <span className="code agreement-value">{fault.path}</span>
          </td>
        </tr>
      ))}
    </Table>
  )
}
