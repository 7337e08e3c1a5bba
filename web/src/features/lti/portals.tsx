import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'

/** Portals of the institution that show an indicator: who they are, letting one in, taking it back. */
export function Portals() {
  const { t } = useTranslation('lti')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<string>()
  const { data, error, refetch } = useQuery({
    queryKey: ['lti', 'portals'],
    queryFn: () => read(api.GET('/api/lti/portals')),
  })
  const withdraw = useMutation({
    mutationFn: (id: string) => api.DELETE('/api/lti/portals/{id}', { params: { path: { id } } }),
    onSettled: () => {
      setAsked(undefined)
      return queries.invalidateQueries({ queryKey: ['lti', 'portals'] })
    },
  })
  return (
    <Section hint={t('portals.hint')} title={t('portals.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      <div aria-live="polite">{withdraw.error && <Notice kind="danger" title={explain(withdraw.error)} />}</div>
      {data && data.portals.length > 0 && (
        <Table
          caption={t('portals.title')}
          head={
            <tr>
              <th scope="col">{t('portals.name')}</th>
              <th scope="col">{t('portals.origin')}</th>
              <th scope="col">{t('portals.used')}</th>
              <th scope="col">{t('portals.actions')}</th>
            </tr>
          }
          stacked
        >
          {data.portals.map(({ id, name, origin, lastUsedAt }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              <td data-label={t('portals.origin')}>
                <span className="lti-value">{origin}</span>
              </td>
              <td data-label={t('portals.used')}>
                <span>{lastUsedAt ? format.dateTime(lastUsedAt) : t('portals.never')}</span>
              </td>
              <td data-label={t('portals.actions')}>
                {asked === id ? (
                  <Button busy={withdraw.isPending} look="danger" onClick={() => withdraw.mutate(id)}>
                    {t('portals.confirm')}
                  </Button>
                ) : (
                  <Button aria-label={t('portals.withdrawOf', { name })} look="quiet" onClick={() => setAsked(id)}>
                    {t('portals.withdraw')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <NewPortal />
    </Section>
  )
}

function NewPortal() {
  const { t } = useTranslation('lti')
  const explain = useProblemText()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [origin, setOrigin] = useState('')
  const [checked, setChecked] = useState(false)
  const create = useMutation({
    mutationFn: () => read(api.POST('/api/lti/portals', { body: { name, origin } })),
    onSuccess: () => {
      setName('')
      setOrigin('')
      setChecked(false)
      return queries.invalidateQueries({ queryKey: ['lti', 'portals'] })
    },
  })
  const isAddress = /^https?:\/\/\S+$/.test(origin.trim())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (name.trim() !== '' && isAddress) create.mutate()
  }
  return (
    <form className="lti-form" noValidate onSubmit={submit}>
      <div aria-live="polite">
        {create.error && <Notice kind="danger" title={explain(create.error)} />}
        {create.data && (
          <Notice kind="success" title={t('portals.made', { name: create.data.name })}>
            <dl className="facts">
              <div>
                <dt>{t('portals.id')}</dt>
                <dd className="code lti-value">{create.data.id}</dd>
              </div>
              <div>
                <dt>{t('portals.secret')}</dt>
                <dd className="code lti-value">{create.data.secret}</dd>
              </div>
            </dl>
          </Notice>
        )}
      </div>
      <TextField
        error={checked && name.trim() === '' ? t('platform.missing') : undefined}
        label={t('portals.name')}
        maxLength={100}
        onChange={({ target }) => setName(target.value)}
        value={name}
      />
      <TextField
        error={checked && !isAddress ? t('platform.missing') : undefined}
        inputMode="url"
        label={t('portals.origin')}
        onChange={({ target }) => setOrigin(target.value)}
        value={origin}
      />
      <div>
        <Button busy={create.isPending} type="submit">
          {t('portals.add')}
        </Button>
      </div>
    </form>
  )
}
