import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'
import { TechnicalDetail } from '../../shell/technical-detail.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Table } from '../../ui/table.tsx'
import { nameField, type Preview } from './import-columns-words.ts'

const explainProblem = (code: string) =>
  findText(`columns:problem.${code}`) ?? findText(`imports:quarantine.${code}.what`) ?? code

/** What a description makes of the first rows of a file, and which values would fail. */
export function ImportColumnsPreview({ file, preview }: { file: string; preview: Preview }) {
  const { t } = useTranslation('columns')
  const format = useFormat()
  const { counts, more, reasons, rows } = preview
  const figures = { accepted: format.number(counts.accepted), aside: format.number(counts.setAside) }
  return (
    <div className="stack" aria-live="polite">
      <h3>{t('preview.title')}</h3>
      <p>
        {t(more ? 'preview.triedFirst' : 'preview.tried', { count: counts.read, total: format.number(counts.read) })}{' '}
        <strong>
          {counts.setAside === 0 ? t('preview.allRead', { count: counts.read }) : t('preview.someAside', figures)}
        </strong>
      </p>
      {reasons.length > 0 && (
        <ul className="columns-reasons">
          {reasons.map(({ code, detail, count, line }) => (
            <li key={detail}>
              <strong>{findText(`imports:quarantine.${code}.what`) ?? code}</strong>{' '}
              {t('preview.reason', { count, total: format.number(count), line: format.number(line) })}{' '}
              <TechnicalDetail text={detail} />
            </li>
          ))}
        </ul>
      )}
      {rows.length > 0 && <Rows file={file} preview={preview} />}
    </div>
  )
}

/** The first rows, and those with a fault, under what their columns hold. */
function Rows({ file, preview: { fields, rows } }: { file: string; preview: Preview }) {
  const { t } = useTranslation('columns')
  const format = useFormat()
  const shown = fields.flatMap((field, index) => (field === null ? [] : [{ field, index }]))
  return (
    <Table
      caption={t('preview.caption', { file })}
      head={
        <tr>
          <th scope="col">{t('preview.line')}</th>
          {shown.map(({ field, index }) => (
            <th key={index} scope="col">
              {nameField(t, field)}
            </th>
          ))}
        </tr>
      }
      stacked
    >
      {rows.map(({ line, cells, problem }) => (
        <tr className={problem === null ? '' : 'columns-aside'} key={line}>
          <th scope="row">
            <span className="columns-line">
              <span className="columns-line-word">{t('preview.line')} </span>
              {format.number(line)}
            </span>
            {problem !== null && <Problem text={t('preview.aside')} />}
          </th>
          {shown.map(({ field, index }) => (
            <td data-label={nameField(t, field)} key={index}>
              <span>
                {cells[index]?.text}
                {cells[index]?.problem && <Problem text={explainProblem(cells[index].problem)} />}
              </span>
            </td>
          ))}
        </tr>
      ))}
    </Table>
  )
}

function Problem({ text }: { text: string }) {
  return (
    <span className="columns-problem">
      <Icon name="alert" size={16} /> {text}
    </span>
  )
}
