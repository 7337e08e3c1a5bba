import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import './lti.css'

/** Who is behind the identifiers of learning records and of platforms, and mending it. */
export function IdentitiesPage() {
  const { t } = useTranslation('lti')
  const [parameters, setParameters] = useSearchParams()
  const q = parameters.get('q') ?? ''
  const { data, error, refetch } = useQuery({
    queryKey: ['insight', 'identities', q],
    queryFn: () => read(api.GET('/api/insight/identities', { params: { query: { q } } })),
    enabled: q.trim().length > 1,
  })
  const isAsking = q.trim().length > 1 && !data && !error
  return (
    <Page
      back={{ to: paths.platforms(), label: t('platforms.title') }}
      busy={isAsking}
      lead={t('identities.lead')}
      title={t('identities.title')}
      wide
    >
      <search className="lti-form">
        <TextField
          hint={t('identities.searchHint')}
          label={t('identities.search')}
          onChange={({ target }) => setParameters(target.value ? { q: target.value } : {}, { replace: true })}
          type="search"
          value={q}
        />
      </search>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {isAsking && <SkeletonRows count={3} />}
      {data?.learners.length === 0 && <Empty title={t('identities.none')} />}
      {data?.learners.map((learner, index) => (
        <Person key={learner.learner} number={index + 1} person={learner} />
      ))}
      <Tie />
    </Page>
  )
}

interface Known {
  learner: string
  events: number
  identifiers: { identifier: string; name: string | null; origin: 'own' | 'launch' | 'administrator' }[]
}

function Person({ person, number }: { person: Known; number: number }) {
  const { t } = useTranslation('lti')
  const explain = useProblemText()
  const queries = useQueryClient()
  const untie = useMutation({
    mutationFn: (identifier: string) => api.POST('/api/insight/identities/unties', { body: { identifier } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['insight', 'identities'] }),
  })
  const name = person.identifiers.find((each) => each.name !== null)?.name ?? t('identities.person', { number })
  const records = person.events === 0 ? t('launches.noEvents') : t('launches.events', { count: person.events })
  return (
    <Section hint={records} title={name}>
      {untie.error && <Notice kind="danger" live="alert" title={explain(untie.error)} />}
      <Table
        caption={name}
        head={
          <tr>
            <th scope="col">{t('identities.identifier')}</th>
            <th scope="col">{t('identities.origin')}</th>
          </tr>
        }
        stacked
      >
        {person.identifiers.map(({ identifier, origin }) => (
          <tr key={identifier}>
            <th scope="row">
              <span className="code lti-value lti-note">{identifier}</span>
            </th>
            <td data-label={t('identities.origin')}>
              <span className="row">
                {t(`identities.origins.${origin}`)}
                {origin === 'administrator' && (
                  <Button
                    aria-label={t('identities.untieOf', { identifier })}
                    busy={untie.isPending && untie.variables === identifier}
                    look="quiet"
                    onClick={() => untie.mutate(identifier)}
                  >
                    {t('identities.untie')}
                  </Button>
                )}
              </span>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

function Tie() {
  const { t } = useTranslation('lti')
  const explain = useProblemText()
  const queries = useQueryClient()
  const [identifier, setIdentifier] = useState('')
  const [to, setTo] = useState('')
  const [checked, setChecked] = useState(false)
  const tie = useMutation({
    mutationFn: () =>
      api.POST('/api/insight/identities/ties', { body: { identifier: identifier.trim(), to: to.trim() } }),
    onSuccess: () => {
      setIdentifier('')
      setTo('')
      setChecked(false)
      return queries.invalidateQueries({ queryKey: ['insight', 'identities'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (identifier.trim() !== '' && to.trim() !== '') tie.mutate()
  }
  const error = (text: string) => (checked && text.trim() === '' ? t('platform.missing') : undefined)
  return (
    <Section hint={t('identities.tieHint')} title={t('identities.tie')}>
      <form className="lti-form" noValidate onSubmit={submit}>
        <div aria-live="polite">
          {tie.error && <Notice kind="danger" title={explain(tie.error)} />}
          {tie.isSuccess && <Notice kind="success" title={t('identities.tied')} />}
        </div>
        <TextField
          autoComplete="off"
          error={error(identifier)}
          label={t('identities.first')}
          onChange={({ target }) => setIdentifier(target.value)}
          value={identifier}
        />
        <TextField
          autoComplete="off"
          error={error(to)}
          label={t('identities.second')}
          onChange={({ target }) => setTo(target.value)}
          value={to}
        />
        <div>
          <Button busy={tie.isPending} type="submit">
            {t('identities.doTie')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
