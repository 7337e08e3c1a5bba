import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Checkbox, PasswordField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import './rostering.css'

type Connection =
  ApiPaths['/api/oneroster/connections']['get']['responses'][200]['content']['application/json']['connections'][number]

/** OneRoster services of others that the directory is fed from. */
export function ConnectionsPage() {
  const { t } = useTranslation(['rostering', 'sources'])
  const { data, error, refetch } = useQuery({
    queryKey: ['oneroster', 'connections'],
    queryFn: () => read(api.GET('/api/oneroster/connections')),
    refetchInterval: 10_000,
  })
  return (
    <Page
      back={{ to: paths.sources(), label: t('sources:title') }}
      busy={!data && !error}
      lead={t('connections.lead')}
      title={t('connections.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <ConnectionTable connections={data.connections} />
          <NewConnection />
        </>
      )}
    </Page>
  )
}

function ConnectionTable({ connections }: { connections: Connection[] }) {
  const { t } = useTranslation('rostering')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<string>()
  const again = () => queries.invalidateQueries({ queryKey: ['oneroster', 'connections'] })
  const fetchNow = useMutation({
    mutationFn: ({ id }: Connection) => api.POST('/api/oneroster/connections/{id}/fetch', { params: { path: { id } } }),
    onSettled: again,
  })
  const remove = useMutation({
    mutationFn: ({ id }: Connection) => api.DELETE('/api/oneroster/connections/{id}', { params: { path: { id } } }),
    onSettled: () => {
      setAsked(undefined)
      return again()
    },
  })
  return (
    <Section title={t('connections.list')}>
      <div aria-live="polite">
        {fetchNow.isSuccess && (
          <Notice kind="success" title={t('connections.asked', { name: fetchNow.variables.name })} />
        )}
        {remove.isSuccess && (
          <Notice kind="success" title={t('connections.removed', { name: remove.variables.name })} />
        )}
        {(fetchNow.error ?? remove.error) && <Notice kind="danger" title={explain(fetchNow.error ?? remove.error)} />}
      </div>
      {connections.length === 0 && <Empty title={t('connections.none')} />}
      {connections.length > 0 && (
        <Table
          caption={t('connections.list')}
          head={
            <tr>
              <th scope="col">{t('connections.name')}</th>
              <th scope="col">{t('connections.when')}</th>
              <th scope="col">{t('connections.last')}</th>
              <th scope="col">{t('connections.actions')}</th>
            </tr>
          }
          stacked
        >
          {connections.map((connection) => (
            <tr key={connection.id}>
              <th scope="row">
                {connection.name}
                <br />
                <span className="rostering-note small quiet rostering-value">{connection.serviceUrl}</span>
              </th>
              <td data-label={t('connections.when')}>
                <span>{connection.nightly ? t('connections.nightly') : t('connections.onDemand')}</span>
              </td>
              <td data-label={t('connections.last')}>
                <span>
                  {connection.fetchedAt ? format.dateTime(connection.fetchedAt) : t('connections.never')}
                  {connection.failure && (
                    <strong>
                      {' · '}
                      {findText(`problems:${connection.failure.code}`) ?? connection.failure.code}
                      {connection.failure.status !== null && ` (HTTP ${connection.failure.status})`}
                    </strong>
                  )}
                  {connection.importId && !connection.failure && (
                    <>
                      {' · '}
                      <Link to={paths.import(connection.importId)}>{t('connections.import')}</Link>
                    </>
                  )}
                </span>
              </td>
              <td data-label={t('connections.actions')}>
                <div className="row">
                  <Button
                    aria-label={t('connections.fetchOf', { name: connection.name })}
                    busy={fetchNow.isPending && fetchNow.variables.id === connection.id}
                    onClick={() => fetchNow.mutate(connection)}
                  >
                    {t('connections.fetch')}
                  </Button>
                  {asked === connection.id ? (
                    <Button busy={remove.isPending} look="danger" onClick={() => remove.mutate(connection)}>
                      {t('connections.confirm')}
                    </Button>
                  ) : (
                    <Button
                      aria-label={t('connections.removeOf', { name: connection.name })}
                      look="quiet"
                      onClick={() => setAsked(connection.id)}
                    >
                      {t('connections.remove')}
                    </Button>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

const fields = ['name', 'serviceUrl', 'tokenUrl', 'clientId', 'secret'] as const
type Field = (typeof fields)[number]
const nothing: Record<Field, string> = { name: '', serviceUrl: '', tokenUrl: '', clientId: '', secret: '' }

function isFilled(field: Field, text: string): boolean {
  return field.endsWith('Url') ? /^https?:\/\/\S+$/.test(text) : text !== ''
}

function NewConnection() {
  const { t } = useTranslation(['rostering', 'identity'])
  const explain = useProblemText()
  const queries = useQueryClient()
  const [values, setValues] = useState(nothing)
  const [nightly, setNightly] = useState(true)
  const [checked, setChecked] = useState(false)
  const create = useMutation({
    mutationFn: () => read(api.POST('/api/oneroster/connections', { body: { ...values, nightly } })),
    onSuccess: () => {
      setValues(nothing)
      setChecked(false)
      return queries.invalidateQueries({ queryKey: ['oneroster', 'connections'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (fields.every((field) => isFilled(field, values[field].trim()))) create.mutate()
  }
  const control = (field: Field) => ({
    autoComplete: 'off',
    error: checked && !isFilled(field, values[field].trim()) ? t(`rostering:connections.missing.${field}`) : undefined,
    label: t(`rostering:connections.field.${field}`),
    onChange: ({ target }: { target: { value: string } }) => setValues({ ...values, [field]: target.value }),
    value: values[field],
  })
  return (
    <Section hint={t('rostering:connections.newHint')} title={t('rostering:connections.new')}>
      <div aria-live="polite">
        {create.isSuccess && <Notice kind="success" title={t('rostering:connections.created')} />}
      </div>
      <form className="rostering-form" noValidate onSubmit={submit}>
        {create.error && <Notice kind="danger" live="alert" title={explain(create.error)} />}
        <TextField {...control('name')} hint={t('rostering:connections.nameHint')} maxLength={60} />
        <TextField {...control('serviceUrl')} hint={t('rostering:connections.serviceHint')} inputMode="url" />
        <TextField {...control('tokenUrl')} inputMode="url" />
        <TextField {...control('clientId')} />
        <PasswordField
          {...control('secret')}
          hint={t('rostering:connections.secretHint')}
          wording={{ show: t('identity:password.show'), hide: t('identity:password.hide') }}
        />
        <Checkbox
          checked={nightly}
          label={t('rostering:connections.nightlyChoice')}
          onChange={({ target }) => setNightly(target.checked)}
        />
        <div>
          <Button busy={create.isPending} look="primary" type="submit">
            {t('rostering:connections.create')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
