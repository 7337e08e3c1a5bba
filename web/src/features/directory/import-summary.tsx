import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { ProportionBar } from '../../ui/proportion-bar.tsx'
import { Table } from '../../ui/table.tsx'
import { ImportAccounting } from './import-accounting.tsx'
import { changeKinds, type Import, recordKinds } from './import-words.ts'

/** Counts by kind of record, each figure leading to its records. */
export function ImportSummary({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const present = recordKinds.flatMap((kind) => {
    const counts = data.counts[kind]
    return counts ? [{ kind, counts }] : []
  })
  return (
    <div className="stack">
      <Table
        caption={t('summary.caption')}
        stacked
        head={
          <tr>
            <th scope="col">{t('summary.kind')}</th>
            <th scope="col">{t('summary.shares')}</th>
            {changeKinds.map((change) => (
              <th className="number" key={change} scope="col">
                <span aria-hidden="true" className={`key key-${change}`} /> {t(`change.${change}`)}
              </th>
            ))}
            <th className="number" scope="col">
              <span aria-hidden="true" className="key key-unchanged" /> {t('change.unchanged')}
            </th>
            <th className="number" scope="col">
              {t('summary.quarantined')}
            </th>
            <th className="number" scope="col">
              {t('summary.ignored')}
            </th>
          </tr>
        }
      >
        {present.map(({ kind, counts }) => (
          <tr key={kind}>
            <th scope="row">{t(`kind.${kind}`)}</th>
            <td className="summary-bar">
              <ProportionBar
                parts={[...changeKinds, 'unchanged' as const].map((key) => ({ key, value: counts[key] }))}
              />
            </td>
            {changeKinds.map((change) => (
              <td className="number" data-label={t(`change.${change}`)} key={change}>
                {counts[change] === 0 ? (
                  <span className="quiet">0</span>
                ) : (
                  <Link preventScrollReset to={paths.import(data.id, { view: 'changes', kind, change })}>
                    {format.number(counts[change])}
                  </Link>
                )}
              </td>
            ))}
            <td className="number" data-label={t('change.unchanged')}>
              <span>{format.number(counts.unchanged)}</span>
            </td>
            <td className="number" data-label={t('summary.quarantined')}>
              {counts.quarantined === 0 ? (
                <span className="quiet">0</span>
              ) : (
                <Link preventScrollReset to={paths.import(data.id, { view: 'quarantine', kind })}>
                  {format.number(counts.quarantined)}
                </Link>
              )}
            </td>
            <td className="number" data-label={t('summary.ignored')}>
              <span>{format.number(counts.ignored)}</span>
            </td>
          </tr>
        ))}
      </Table>
      <ImportAccounting data={data} />
      {data.warnings.length > 0 && (
        <ul className="measure">
          {data.warnings.map(({ code, count }) => (
            <li key={code}>
              {findText(`imports:warning.${code}`, { count, total: format.number(count) }) ??
                `${code} : ${format.number(count)}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
