import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Checkbox, RadioGroup, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { TreatmentTable } from './treatment-table.tsx'
import './records.css'

type Credentials = ApiPaths['/api/records/credentials']['get']['responses'][200]['content']['application/json']
type Credential = Credentials['credentials'][number]
type Scope = Credential['scopes'][number]
type Created = ApiPaths['/api/records/credentials']['post']['responses'][201]['content']['application/json']

/** What sources are for, with the scopes of xAPI that it takes. */
const purposes = {
  everything: ['all'],
  send: ['statements/write', 'define'],
  read: ['all/read'],
  chosen: [],
} satisfies Record<string, Scope[]>
type Purpose = keyof typeof purposes
const purposeNames: Purpose[] = ['everything', 'send', 'read', 'chosen']
const choosable: Scope[] = [
  'statements/write',
  'define',
  'statements/read/mine',
  'statements/read',
  'state',
  'profile',
  'all/read',
]

/** What may send and read learning records: which sources, and letting one in. */
export function CredentialsPage() {
  const { t } = useTranslation(['records', 'administration', 'quarantine', 'coverage'])
  const { manages } = useSession()
  const { data, error, refetch } = useQuery({
    queryKey: ['records', 'credentials'],
    queryFn: () => read(api.GET('/api/records/credentials')),
  })
  return (
    <Page
      actions={
        <>
          <Link to={paths.coverage()}>{t('coverage:title')}</Link>
          <Link to={paths.quarantine()}>{t('quarantine:title')}</Link>
          <Link to={paths.forwardings()}>{t('forwardings.title')}</Link>
        </>
      }
      back={manages ? { to: paths.administration(), label: t('administration:title') } : undefined}
      busy={!data && !error}
      lead={t('credentials.lead')}
      title={t('credentials.title')}
      wide
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <CredentialTable credentials={data.credentials} />
          <TreatmentTable />
          <NewCredential addresses={data} />
        </>
      )}
    </Page>
  )
}

function CredentialTable({ credentials }: { credentials: Credential[] }) {
  const { t } = useTranslation('records')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<string>()
  const withdraw = useMutation({
    mutationFn: ({ id }: Credential) => api.DELETE('/api/records/credentials/{id}', { params: { path: { id } } }),
    onSettled: () => {
      setAsked(undefined)
      return queries.invalidateQueries({ queryKey: ['records', 'credentials'] })
    },
  })
  return (
    <Section title={t('credentials.list')}>
      <div aria-live="polite">
        {withdraw.isSuccess && (
          <Notice kind="success" title={t('credentials.withdrawn', { name: withdraw.variables.name })} />
        )}
        {withdraw.error && <Notice kind="danger" title={explain(withdraw.error)} />}
      </div>
      {credentials.length === 0 && (
        <Empty title={t('credentials.none')}>
          <p>{t('credentials.noneHint')}</p>
        </Empty>
      )}
      {credentials.length > 0 && (
        <Table
          caption={t('credentials.list')}
          head={
            <tr>
              <th scope="col">{t('credentials.source')}</th>
              <th scope="col">{t('credentials.may')}</th>
              <th scope="col">{t('credentials.created')}</th>
              <th scope="col">{t('credentials.used')}</th>
              <th scope="col">{t('credentials.withdraw')}</th>
            </tr>
          }
          stacked
        >
          {credentials.map((credential) => (
            <tr key={credential.id}>
              <th scope="row">
                {credential.name}
                <br />
                <span className="records-value code small quiet">{credential.key}</span>
              </th>
              <td data-label={t('credentials.may')}>
                <ul className="records-list">
                  {credential.scopes.map((scope) => (
                    <li key={scope}>{t(`credentials.scope.${scope}`)}</li>
                  ))}
                </ul>
              </td>
              <td data-label={t('credentials.created')}>
                <span>{format.dateTime(credential.createdAt)}</span>
              </td>
              <td data-label={t('credentials.used')}>
                <span>{credential.lastUsedAt ? format.dateTime(credential.lastUsedAt) : t('credentials.never')}</span>
              </td>
              <td data-label={t('credentials.withdraw')}>
                {asked === credential.id ? (
                  <Button busy={withdraw.isPending} look="danger" onClick={() => withdraw.mutate(credential)}>
                    {t('credentials.confirm')}
                  </Button>
                ) : (
                  <Button
                    aria-label={t('credentials.withdrawOf', { name: credential.name })}
                    onClick={() => setAsked(credential.id)}
                  >
                    {t('credentials.withdraw')}
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

function NewCredential({ addresses }: { addresses: Credentials }) {
  const { t } = useTranslation('records')
  const explain = useProblemText()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [purpose, setPurpose] = useState<Purpose>('everything')
  const [chosen, setChosen] = useState<Set<Scope>>(new Set())
  const [missing, setMissing] = useState(false)
  const scopes = purpose === 'chosen' ? choosable.filter((scope) => chosen.has(scope)) : purposes[purpose]
  const create = useMutation({
    mutationFn: (): Promise<Created> =>
      read(api.POST('/api/records/credentials', { body: { name: name.trim(), scopes } })),
    onSuccess: () => {
      setName('')
      return queries.invalidateQueries({ queryKey: ['records'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const incomplete = name.trim() === '' || scopes.length === 0
    setMissing(incomplete)
    if (!incomplete) create.mutate()
  }
  return (
    <Section hint={t('credentials.newHint')} title={t('credentials.new')}>
      <div aria-live="polite">{create.data && <Secret addresses={addresses} created={create.data} />}</div>
      <form className="records-form" noValidate onSubmit={submit}>
        {create.error && <Notice kind="danger" live="alert" title={explain(create.error)} />}
        <TextField
          autoComplete="off"
          error={missing && name.trim() === '' ? t('credentials.nameMissing') : undefined}
          hint={t('credentials.nameHint')}
          label={t('credentials.source')}
          maxLength={200}
          onChange={(event) => setName(event.target.value)}
          value={name}
        />
        <RadioGroup
          legend={t('credentials.may')}
          name="purpose"
          onChoose={setPurpose}
          options={purposeNames.map((each) => ({ value: each, label: t(`credentials.purpose.${each}`) }))}
          value={purpose}
        />
        {purpose === 'chosen' && (
          <fieldset className="field">
            <legend className="field-label">{t('credentials.detail')}</legend>
            {missing && scopes.length === 0 && <p className="field-error">{t('credentials.scopeMissing')}</p>}
            <div className="records-list">
              {choosable.map((scope) => (
                <Checkbox
                  checked={chosen.has(scope)}
                  key={scope}
                  label={t(`credentials.scope.${scope}`)}
                  onChange={({ target }) => {
                    const next = new Set(chosen)
                    if (target.checked) next.add(scope)
                    else next.delete(scope)
                    setChosen(next)
                  }}
                />
              ))}
            </div>
          </fieldset>
        )}
        <div>
          <Button busy={create.isPending} look="primary" type="submit">
            {t('credentials.create')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

/** What the source needs; its secret is here and nowhere else. */
function Secret({ created: { credential, secret }, addresses }: { created: Created; addresses: Credentials }) {
  const { t } = useTranslation('records')
  return (
    <Notice kind="success" title={t('credentials.done', { name: credential.name })}>
      <p>{t('credentials.once')}</p>
      <dl className="facts">
        {(
          [
            ['endpoint', addresses.endpoint],
            ['key', credential.key],
            ['secret', secret],
            ['token', addresses.tokenUrl],
          ] as const
        ).map(([term, value]) => (
          <div key={term}>
            <dt>{t(`credentials.fact.${term}`)}</dt>
            <dd className="code records-value">{value}</dd>
          </div>
        ))}
      </dl>
    </Notice>
  )
}
