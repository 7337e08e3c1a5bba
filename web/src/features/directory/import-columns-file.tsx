import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'
import { ImportColumnsPreview } from './import-columns-preview.tsx'
import {
  type ColumnField,
  type Columns,
  type FileColumns,
  fileKinds,
  findMissing,
  findNameless,
  guardianOf,
  type Mapping,
  nameField,
  type Preview,
} from './import-columns-words.ts'

const separators = { ';': 'semicolon', ',': 'comma', '\t': 'tab', '|': 'bar' } as const

/** One file: what its rows are, what each column holds, and what that makes of its first rows. */
export function ImportColumnsFile({
  asked,
  fields,
  file,
  fixed,
  mapping,
  onChange,
  preview,
}: {
  /** Whether the description was sent once: what is missing is then an error. */
  asked: boolean
  fields: Columns['fields']
  file: FileColumns
  /** Whether a known system wrote it: nothing is to be said of its columns. */
  fixed: boolean
  mapping: Mapping
  onChange: (mapping: Mapping) => void
  preview: Preview | undefined
}) {
  const { t } = useTranslation('columns')
  const written = t('file.written', {
    encoding: t(`encoding.${file.encoding}`),
    separator: t(`separator.${separators[file.separator]}`),
  })
  return (
    <Section hint={`${written} ${t(`origin.${file.origin}`)}`} title={file.name}>
      {!fixed && <Kind file={file} mapping={mapping} onChange={onChange} />}
      {!fixed && (
        <Table
          caption={t('columnsOf', { file: file.name })}
          head={
            <tr>
              <th scope="col">{t('column')}</th>
              <th scope="col">{t('samples')}</th>
              <th scope="col">{t('holds')}</th>
            </tr>
          }
          stacked
        >
          {file.columns.map(({ name, samples }) => (
            <tr key={name}>
              <th scope="row">{name || t('unnamed')}</th>
              <td className="columns-samples" data-label={t('samples')}>
                <span>{samples.length > 0 ? samples.join(' · ') : t('empty')}</span>
              </td>
              <td className="columns-choice" data-label={t('holds')}>
                <select
                  aria-label={t('holdsOf', { column: name })}
                  className={mapping.columns[name] ? 'control' : 'control columns-unread'}
                  onChange={(event) => onChange(withColumn(mapping, name, event.target.value))}
                  value={mapping.columns[name] ?? ''}
                >
                  <option value="">{t('notRead')}</option>
                  <FieldOptions fields={fields[mapping.kind]?.filter((field) => !guardianOf(field))} />
                  {[1, 2, 3, 4].map((number) => {
                    const own = fields[mapping.kind]?.filter((field) => guardianOf(field) === number) ?? []
                    return (
                      own.length > 0 && (
                        <optgroup key={number} label={t('guardianNumber', { number })}>
                          <FieldOptions fields={own} />
                        </optgroup>
                      )
                    )
                  })}
                </select>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Remarks asked={asked} fixed={fixed} mapping={mapping} />
      {preview && <ImportColumnsPreview file={file.name} preview={preview} />}
    </Section>
  )
}

function FieldOptions({ fields = [] }: { fields: ColumnField[] | undefined }) {
  const { t } = useTranslation('columns')
  return fields.map((field) => (
    <option key={field} value={field}>
      {nameField(t, field)}
    </option>
  ))
}

function withColumn(mapping: Mapping, column: string, field: string): Mapping {
  const { [column]: _, ...rest } = mapping.columns
  return { ...mapping, columns: field === '' ? rest : { ...rest, [column]: field as ColumnField } }
}

function Kind({
  file,
  mapping,
  onChange,
}: {
  file: FileColumns
  mapping: Mapping
  onChange: (mapping: Mapping) => void
}) {
  const { t } = useTranslation('columns')
  const choose = (kind: Mapping['kind']) => {
    const proposed = file.columns.flatMap(({ name, proposals }) => {
      const field = proposals[kind]
      return field ? [[name, field] as const] : []
    })
    onChange({ kind, columns: Object.fromEntries(proposed), ...(kind === 'staff' ? { profile: 'staff' } : {}) })
  }
  return (
    <div className="columns-where">
      <SelectField
        label={t('kind.label')}
        onChange={(event) => choose(event.target.value as Mapping['kind'])}
        options={fileKinds.map((value) => ({ value, label: t(`kind.${value}`) }))}
        value={mapping.kind}
      />
      {mapping.kind === 'staff' && (
        <SelectField
          hint={t('profile.hint')}
          label={t('profile.label')}
          onChange={(event) => onChange({ ...mapping, profile: event.target.value as 'teacher' | 'staff' })}
          options={(['teacher', 'staff'] as const).map((value) => ({ value, label: t(`profile.${value}`) }))}
          value={mapping.profile ?? 'staff'}
        />
      )}
    </div>
  )
}

/** What is missing, and what follows from what is not there. */
function Remarks({ asked, fixed, mapping }: { asked: boolean; fixed: boolean; mapping: Mapping }) {
  const { t } = useTranslation('columns')
  const format = useFormat()
  const missing = fixed ? [] : findMissing(mapping)
  const nameless = missing.length === 0 ? findNameless(mapping) : undefined
  const labels = missing.map((fields) => fields.map((field) => nameField(t, field)).join(t('or')))
  const childless = !Object.values(mapping.columns).some((field) => field.startsWith('child'))
  return (
    <>
      {missing.length > 0 && (
        <Notice
          kind={asked ? 'danger' : 'warning'}
          title={t('missing', { fields: format.list(labels), count: missing.length })}
        />
      )}
      {nameless && (
        <Notice title={t(`nameless.${nameless}`)}>
          <p>{t('nameless.hint')}</p>
        </Notice>
      )}
      {mapping.kind === 'guardian' && childless && <Notice kind="warning" title={t('childless')} />}
    </>
  )
}
