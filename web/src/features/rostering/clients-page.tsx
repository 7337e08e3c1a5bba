import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Checkbox, SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import './rostering.css'

type Clients = ApiPaths['/api/oneroster/clients']['get']['responses'][200]['content']['application/json']
type Client = Clients['clients'][number]
type Created = ApiPaths['/api/oneroster/clients']['post']['responses'][201]['content']['application/json']
const scopes = ['core', 'full', 'demographics'] as const

/** Systems that may read classes and people by OneRoster: which ones, and letting one in. */
export function ClientsPage() {
  const { t } = useTranslation(['rostering', 'administration'])
  const { data, error, refetch } = useQuery({
    queryKey: ['oneroster', 'clients'],
    queryFn: () => read(api.GET('/api/oneroster/clients')),
  })
  return (
    <Page
      back={{ to: paths.administration(), label: t('administration:title') }}
      busy={!data && !error}
      lead={t('clients.lead')}
      title={t('clients.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <ClientTable clients={data.clients} />
          <NewClient addresses={data} />
        </>
      )}
    </Page>
  )
}

function ClientTable({ clients }: { clients: Client[] }) {
  const { t } = useTranslation('rostering')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<string>()
  const withdraw = useMutation({
    mutationFn: ({ id }: Client) => api.DELETE('/api/oneroster/clients/{id}', { params: { path: { id } } }),
    onSettled: () => {
      setAsked(undefined)
      return queries.invalidateQueries({ queryKey: ['oneroster', 'clients'] })
    },
  })
  return (
    <Section title={t('clients.list')}>
      <div aria-live="polite">
        {withdraw.isSuccess && (
          <Notice kind="success" title={t('clients.withdrawn', { name: withdraw.variables.name })} />
        )}
        {withdraw.error && <Notice kind="danger" title={explain(withdraw.error)} />}
      </div>
      {clients.length === 0 && <Empty title={t('clients.none')} />}
      {clients.length > 0 && (
        <Table
          caption={t('clients.list')}
          head={
            <tr>
              <th scope="col">{t('clients.name')}</th>
              <th scope="col">{t('clients.over')}</th>
              <th scope="col">{t('clients.may')}</th>
              <th scope="col">{t('clients.used')}</th>
              <th scope="col">{t('clients.withdraw')}</th>
            </tr>
          }
          stacked
        >
          {clients.map((client) => (
            <tr key={client.id}>
              <th scope="row">
                {client.name}
                <br />
                <span className="rostering-note code small quiet">{client.id}</span>
              </th>
              <td data-label={t('clients.over')}>
                <span>{client.organisation?.name ?? t('clients.everywhere')}</span>
              </td>
              <td data-label={t('clients.may')}>
                <ul className="rostering-list">
                  {client.scopes.map((scope) => (
                    <li key={scope}>{t(`clients.scope.${scope}`)}</li>
                  ))}
                  {client.contactDetails && <li>{t('clients.contact')}</li>}
                </ul>
              </td>
              <td data-label={t('clients.used')}>
                <span>{client.lastUsedAt ? format.dateTime(client.lastUsedAt) : t('clients.never')}</span>
              </td>
              <td data-label={t('clients.withdraw')}>
                {asked === client.id ? (
                  <Button busy={withdraw.isPending} look="danger" onClick={() => withdraw.mutate(client)}>
                    {t('clients.confirm')}
                  </Button>
                ) : (
                  <Button
                    aria-label={t('clients.withdrawOf', { name: client.name })}
                    onClick={() => setAsked(client.id)}
                  >
                    {t('clients.withdraw')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function NewClient({ addresses }: { addresses: Clients }) {
  const { t } = useTranslation('rostering')
  const explain = useProblemText()
  const session = useSession()
  const queries = useQueryClient()
  const everywhere = session.rights.some(
    ({ right, organisationId }) => right === 'directory.administer' && organisationId === null,
  )
  const {
    data: perimeter,
    error: failure,
    refetch,
  } = useQuery({
    queryKey: ['perimeter', ''],
    queryFn: () => read(api.GET('/api/identity/perimeter', { params: { query: { q: '' } } })),
  })
  const places = [
    ...(everywhere ? [{ value: '', label: t('clients.everywhere') }] : []),
    ...(perimeter?.establishments ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ]
  const [name, setName] = useState('')
  const [place, setPlace] = useState<string>()
  const [chosen, setChosen] = useState<Set<(typeof scopes)[number]>>(new Set(['core', 'full']))
  const [contactDetails, setContactDetails] = useState(false)
  const [missing, setMissing] = useState(false)
  const create = useMutation({
    mutationFn: (): Promise<Created> =>
      read(
        api.POST('/api/oneroster/clients', {
          body: {
            name: name.trim(),
            organisationId: (place ?? places[0]?.value) || null,
            scopes: scopes.filter((scope) => chosen.has(scope)),
            contactDetails,
          },
        }),
      ),
    onSuccess: () => {
      setName('')
      return queries.invalidateQueries({ queryKey: ['oneroster', 'clients'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const incomplete = name.trim() === '' || chosen.size === 0
    setMissing(incomplete)
    if (!incomplete) create.mutate()
  }
  if (failure && !perimeter) return <Failure error={failure} onRetry={() => void refetch()} />
  if (!perimeter) return <SkeletonRows count={1} height="16rem" />
  return (
    <Section hint={t('clients.newHint')} title={t('clients.new')}>
      <div aria-live="polite">{create.data && <Secret addresses={addresses} created={create.data} />}</div>
      <form className="rostering-form" noValidate onSubmit={submit}>
        {create.error && <Notice kind="danger" live="alert" title={explain(create.error)} />}
        <TextField
          autoComplete="off"
          error={missing && name.trim() === '' ? t('clients.nameMissing') : undefined}
          hint={t('clients.nameHint')}
          label={t('clients.name')}
          maxLength={100}
          onChange={(event) => setName(event.target.value)}
          value={name}
        />
        <SelectField
          hint={t('clients.overHint')}
          label={t('clients.over')}
          onChange={(event) => setPlace(event.target.value)}
          options={places}
          value={place ?? places[0]?.value ?? ''}
        />
        <fieldset className="field">
          <legend className="field-label">{t('clients.may')}</legend>
          {missing && chosen.size === 0 && <p className="field-error">{t('clients.scopeMissing')}</p>}
          <div className="rostering-list">
            {scopes.map((scope) => (
              <Checkbox
                checked={chosen.has(scope)}
                key={scope}
                label={t(`clients.scope.${scope}`)}
                onChange={({ target }) => {
                  const next = new Set(chosen)
                  if (target.checked) next.add(scope)
                  else next.delete(scope)
                  setChosen(next)
                }}
              />
            ))}
            <Checkbox
              checked={contactDetails}
              label={t('clients.contact')}
              onChange={({ target }) => setContactDetails(target.checked)}
            />
          </div>
        </fieldset>
        <div>
          <Button busy={create.isPending} look="primary" type="submit">
            {t('clients.create')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

/** What the other system needs; its secret is here and nowhere else. */
function Secret({ created: { client, secret }, addresses }: { created: Created; addresses: Clients }) {
  const { t } = useTranslation('rostering')
  return (
    <Notice kind="success" title={t('clients.created', { name: client.name })}>
      <p>{t('clients.once')}</p>
      <dl className="facts">
        {(
          [
            ['client_id', client.id],
            ['client_secret', secret],
            [t('clients.service'), addresses.serviceUrl],
            [t('clients.token'), addresses.tokenUrl],
          ] as const
        ).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd className="code rostering-value">{value}</dd>
          </div>
        ))}
      </dl>
    </Notice>
  )
}
