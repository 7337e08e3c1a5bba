import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { Notice } from '../../ui/notice.tsx'
import { type Import, recordKinds } from './import-words.ts'

interface Account {
  key: string
  name: string
  read: number
  applied: number
  unchanged: number
  quarantined: number
  ignored: number
}

const parts = ['applied', 'unchanged', 'quarantined', 'ignored'] as const
const sumOf = (account: Account) => parts.reduce((sum, part) => sum + account[part], 0)

/** What became of every record read: applied, unchanged, set aside or ignored, and that the sum is right. */
export function ImportAccounting({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const { wording } = useSorting()
  const accounts: Account[] = recordKinds.flatMap((kind) => {
    const of = data.counts[kind]
    if (!of) return []
    // What follows from other records, or from their absence, was not read.
    const applied = of.added + of.modified + of.removed - of.derived
    const { read, unchanged, quarantined, ignored } = of
    return [{ key: kind, name: t(`kind.${kind}`), read, applied, unchanged, quarantined, ignored }]
  })
  if (accounts.length === 0) return null
  const total: Account = {
    key: 'total',
    name: t('account.total'),
    read: 0,
    applied: 0,
    unchanged: 0,
    quarantined: 0,
    ignored: 0,
  }
  for (const account of accounts) for (const part of ['read', ...parts] as const) total[part] += account[part]
  const wrong = accounts.filter((account) => sumOf(account) !== account.read)
  const derived = Object.values(data.counts).reduce((sum, of) => sum + of.derived, 0)
  return (
    <Section hint={t('account.hint')} title={t('account.title')}>
      {wrong.length === 0 ? (
        <Notice
          kind="success"
          title={t('account.right', {
            read: format.number(total.read),
            applied: format.number(total.applied),
            unchanged: format.number(total.unchanged),
            quarantined: format.number(total.quarantined),
            ignored: format.number(total.ignored),
          })}
        />
      ) : (
        <Notice kind="danger" title={t('account.wrong', { kinds: format.list(wrong.map(({ name }) => name)) })} />
      )}
      <details>
        <summary>{t('account.byKind')}</summary>
        <DataTable
          caption={t('account.title')}
          columns={[
            { key: 'name', head: t('summary.kind'), value: ({ name }) => name, cell: ({ name }) => name },
            ...(['read', ...parts] as const).map((part) => ({
              key: part,
              head: t(`account.${part}`),
              number: true,
              value: (account: Account) => account[part],
              cell: (account: Account) => format.number(account[part]),
            })),
            {
              key: 'sum',
              head: t('account.sum'),
              number: true,
              value: sumOf,
              cell: (account) => <strong>{format.number(sumOf(account))}</strong>,
            },
          ]}
          csv={{ name: t('account.title') }}
          rowKey={({ key }) => key}
          rows={[...accounts, total]}
          wording={wording}
        />
      </details>
      <ul className="measure">
        {derived > 0 && <li>{t('account.derived', { count: derived, total: format.number(derived) })}</li>}
        {total.ignored > 0 && <li>{t('account.ignoredHint')}</li>}
      </ul>
      <Rows data={data} />
    </Section>
  )
}

/** What became of every row of the files of formats whose records gather rows of several files. */
function Rows({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const { wording } = useSorting()
  const files = data.files.flatMap(({ name, rows }) => (rows ? [{ name, ...rows }] : []))
  if (files.length === 0) return null
  const tell = (leftOut: Record<string, number>) =>
    Object.entries(leftOut)
      .map(([code, count]) => `${findText(`imports:leftOut.${code}`) ?? code} (${format.number(count)})`)
      .join(', ')
  return (
    <DataTable
      caption={t('account.rowsTitle')}
      columns={[
        {
          key: 'file',
          head: t('refusalFile'),
          value: ({ name }) => name,
          cell: ({ name }) => <span className="code">{name}</span>,
        },
        {
          key: 'rows',
          head: t('account.rows'),
          number: true,
          value: ({ rows }) => rows,
          cell: ({ rows }) => format.number(rows),
        },
        {
          key: 'kept',
          head: t('account.rowsKept'),
          number: true,
          value: ({ kept }) => kept,
          cell: ({ kept }) => format.number(kept),
        },
        {
          key: 'left',
          head: t('account.rowsLeftOut'),
          value: ({ leftOut }) => tell(leftOut),
          cell: ({ leftOut }) => tell(leftOut),
        },
      ]}
      csv={{ name: t('account.rowsTitle') }}
      rowKey={({ name }) => name}
      rows={files}
      wording={wording}
    />
  )
}
