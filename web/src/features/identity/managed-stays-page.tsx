import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useNow } from '../../ui/now.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { ManagedEstablishment } from './managed-establishment.tsx'

type Stay =
  ApiPaths['/api/identity/establishments/{id}/stays']['get']['responses'][200]['content']['application/json']['stays'][number]
const profiles = ['teacher', 'schoolLife', 'documentation', 'staff'] as const
const reasons = ['replacement', 'trainee', 'intervention'] as const
/** Days before its end from which a stay is told to end soon. */
const soonDays = 14

/** Temporary accounts of an establishment: those under way, those that end soon, a new one. */
export function ManagedStaysPage() {
  return (
    <ManagedEstablishment>
      {(id) => (
        <>
          <Stays id={id} />
          <CreateStay establishmentId={id} key={id} />
        </>
      )}
    </ManagedEstablishment>
  )
}

function Stays({ id }: { id: string }) {
  const { t } = useTranslation(['administration', 'shell'])
  const format = useFormat()
  const { data, error, refetch } = useQuery({
    queryKey: ['stays', id],
    queryFn: () => read(api.GET('/api/identity/establishments/{id}/stays', { params: { path: { id } } })),
  })
  return (
    <Section hint={t('stays.hint')} title={t('stays.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data?.stays.length === 0 && <Empty title={t('stays.none')} />}
      {data && data.stays.length > 0 && (
        <Table
          caption={t('stays.title')}
          head={
            <tr>
              <th scope="col">{t('stays.person')}</th>
              <th scope="col">{t('stays.as')}</th>
              <th scope="col">{t('stays.reason')}</th>
              <th scope="col">{t('stays.period')}</th>
              <th scope="col">{t('stays.state')}</th>
              <th scope="col">{t('stays.extend')}</th>
            </tr>
          }
          stacked
        >
          {data.stays.map((stay) => (
            <tr key={stay.id}>
              <th scope="row">
                {stay.person && <Link to={paths.person(stay.personId)}>{format.name(stay.person)}</Link>}
              </th>
              <td data-label={t('stays.as')}>
                <span>{t(`shell:profile.${stay.profile}`)}</span>
              </td>
              <td data-label={t('stays.reason')}>
                <span>{t(`stays.reasons.${stay.reason}`)}</span>
              </td>
              <td data-label={t('stays.period')}>
                <span>{t('stays.dates', { from: format.day(stay.startsOn), until: format.day(stay.endsOn) })}</span>
              </td>
              <td data-label={t('stays.state')}>
                <span>
                  <StayState stay={stay} />
                </span>
              </td>
              <td data-label={t('stays.extend')}>
                <ChangeEnd establishmentId={id} stay={stay} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function StayState({ stay }: { stay: Stay }) {
  const { t } = useTranslation('administration')
  const now = useNow(3_600)
  const left = Math.ceil((new Date(`${stay.endsOn}T23:59:59`).getTime() - now.getTime()) / 86_400_000) - 1
  if (stay.state !== 'current' || left > soonDays) return t(`stays.states.${stay.state}`)
  return <strong>{left <= 0 ? t('stays.today') : t('stays.soon', { count: left })}</strong>
}

function ChangeEnd({ stay, establishmentId }: { stay: Stay; establishmentId: string }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const [endsOn, setEndsOn] = useState<string>()
  const change = useMutation({
    mutationFn: (day: string) =>
      api.PATCH('/api/identity/stays/{id}', { params: { path: { id: stay.id } }, body: { endsOn: day } }),
    onSuccess: () => {
      setEndsOn(undefined)
      void client.invalidateQueries({ queryKey: ['person', stay.personId] })
      return client.invalidateQueries({ queryKey: ['stays', establishmentId] })
    },
  })
  const name = stay.person ? format.name(stay.person) : ''
  if (endsOn === undefined) {
    return (
      <>
        <Button aria-label={t('stays.extendOf', { name })} look="quiet" onClick={() => setEndsOn(stay.endsOn)}>
          {t('stays.extend')}
        </Button>
        <span aria-live="polite">{change.isSuccess && t('stays.saved')}</span>
      </>
    )
  }
  return (
    <form
      className="inline-form"
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        change.mutate(endsOn)
      }}
    >
      <TextField
        error={change.error ? explain(change.error) : undefined}
        label={t('stays.newEnd')}
        onChange={(event) => setEndsOn(event.target.value)}
        type="date"
        value={endsOn}
      />
      <Button busy={change.isPending} look="primary" type="submit">
        {t('stays.save')}
      </Button>
      <Button onClick={() => setEndsOn(undefined)}>{t('stays.cancel')}</Button>
    </form>
  )
}

const empty = { givenName: '', familyName: '', email: '', startsOn: '', endsOn: '' }

function CreateStay({ establishmentId }: { establishmentId: string }) {
  const { t } = useTranslation(['administration', 'shell'])
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const [values, setValues] = useState(empty)
  const [profile, setProfile] = useState<(typeof profiles)[number]>('teacher')
  const [reason, setReason] = useState<(typeof reasons)[number]>('replacement')
  const [missing, setMissing] = useState<string[]>([])
  const create = useMutation({
    mutationFn: (input: typeof empty) =>
      read(
        api.POST('/api/identity/establishments/{id}/stays', {
          params: { path: { id: establishmentId } },
          body: { ...input, email: input.email || null, profile, reason },
        }),
      ),
    onSuccess: () => {
      setValues(empty)
      return client.invalidateQueries({ queryKey: ['stays', establishmentId] })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const lacking = (['givenName', 'familyName', 'startsOn', 'endsOn'] as const).filter((name) => !values[name].trim())
    setMissing(lacking)
    const [first] = lacking
    if (first) event.currentTarget.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus()
    else create.mutate(values)
  }
  const field = (name: keyof typeof empty) => ({
    name,
    value: values[name],
    error: missing.includes(name) && !values[name].trim() ? t('stays.missing') : undefined,
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  })
  return (
    <Section title={t('stays.create')}>
      <div aria-live="polite">
        {create.isSuccess && (
          <Notice kind="success" title={t('stays.created')}>
            <p>
              <Link to={paths.person(create.data.personId)}>
                {t('stays.toCard', { name: format.name(create.variables) })}
              </Link>
            </p>
          </Notice>
        )}
      </div>
      <form className="form-panel" noValidate onSubmit={submit}>
        {create.error && <Notice kind="danger" live="alert" title={explain(create.error)} />}
        <div className="form-pair">
          <TextField {...field('givenName')} autoComplete="off" label={t('stays.givenName')} required />
          <TextField {...field('familyName')} autoComplete="off" label={t('stays.familyName')} required />
        </div>
        <TextField {...field('email')} autoComplete="off" label={t('stays.email')} type="email" />
        <div className="form-pair">
          <SelectField
            label={t('stays.as')}
            onChange={(event) => setProfile(profiles.find((each) => each === event.target.value) ?? 'teacher')}
            options={profiles.map((value) => ({ value, label: t(`shell:profile.${value}`) }))}
            value={profile}
          />
          <SelectField
            label={t('stays.reason')}
            onChange={(event) => setReason(reasons.find((each) => each === event.target.value) ?? 'replacement')}
            options={reasons.map((value) => ({ value, label: t(`stays.reasons.${value}`) }))}
            value={reason}
          />
        </div>
        <div className="form-pair">
          <TextField {...field('startsOn')} label={t('stays.starts')} required type="date" />
          <TextField {...field('endsOn')} hint={t('stays.endsHint')} label={t('stays.ends')} required type="date" />
        </div>
        <div>
          <Button busy={create.isPending} look="primary" type="submit">
            {t('stays.submit')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
