import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { RadioGroup, SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Body, useAct } from './meetings.ts'

interface Picked {
  id: string
  givenName: string
  familyName: string
}

/** Names someone of the directory to sit for a party. */
export function AppointForm({ body }: { body: Body }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const parties = body.seats.filter(({ nameable }) => nameable.length > 0)
  const [party, setParty] = useState(parties[0]?.party ?? '')
  const nameable = parties.find((each) => each.party === party)?.nameable ?? []
  const [wanted, setRank] = useState<'holder' | 'deputy'>('holder')
  const rank = nameable.includes(wanted) ? wanted : (nameable[0] ?? 'deputy')
  const [person, setPerson] = useState<Picked>()
  const [startsOn, setStartsOn] = useState('')
  const [named, setNamed] = useState<string>()
  const appoint = useAct(
    () =>
      api.POST('/api/governance/agreements/{slug}/bodies/{body}/representatives', {
        params: { path: { slug, body: body.key } },
        body: { party, rank, personId: person?.id ?? '', startsOn: startsOn || (agreement?.today ?? ''), endsOn: null },
      }),
    () => {
      setNamed(person && format.name(person))
      setPerson(undefined)
    },
  )
  return (
    <details className="act">
      <summary>{t('appoint.title')}</summary>
      <form
        className="stack measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (person && !appoint.isPending) appoint.mutate()
        }}
      >
        <SelectField
          label={t('seats.party')}
          onChange={({ target }) => setParty(target.value)}
          options={parties.map((each) => ({ value: each.party, label: each.name }))}
          value={party}
        />
        {nameable.length > 1 && (
          <RadioGroup
            legend={t('appoint.rank')}
            name="rank"
            onChoose={setRank}
            options={nameable.map((value) => ({ value, label: t(`rank.${value}`) }))}
            value={rank}
          />
        )}
        <CandidatePicker body={body.key} onPick={setPerson} party={party} picked={person} />
        <TextField
          label={t('appoint.from')}
          onChange={({ target }) => setStartsOn(target.value)}
          type="date"
          value={startsOn || (agreement?.today ?? '')}
        />
        <div>
          <Button busy={appoint.isPending} disabled={!person} look="primary" type="submit">
            {t('appoint.submit')}
          </Button>
        </div>
        {appoint.error && <Failure error={appoint.error} />}
        {named && !appoint.error && <Notice kind="success" live="status" title={t('appoint.done', { name: named })} />}
      </form>
    </details>
  )
}

function CandidatePicker({
  body,
  party,
  picked,
  onPick,
}: {
  body: string
  party: string
  picked: Picked | undefined
  onPick: (person: Picked | undefined) => void
}) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const { data, error } = useQuery({
    queryKey: ['governance', slug, 'candidates', body, party, q],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/bodies/{body}/candidates', {
          params: { path: { slug, body }, query: { party, q } },
        }),
      ),
    enabled: q.length > 1 && !picked,
  })
  if (picked)
    return (
      <p className="inline-form">
        <strong>{format.name(picked)}</strong>
        <Button
          look="quiet"
          onClick={() => {
            setTyped('')
            onPick(undefined)
          }}
        >
          {t('appoint.another')}
        </Button>
      </p>
    )
  return (
    <div className="stack stack-tight">
      <TextField
        autoComplete="off"
        hint={t('appoint.personHint')}
        label={t('appoint.person')}
        onChange={({ target }) => setTyped(target.value)}
        spellCheck={false}
        type="search"
        value={typed}
      />
      {error && <Failure error={error} />}
      <div aria-live="polite">
        {q.length > 1 && data?.people.length === 0 && <p className="quiet">{t('appoint.nobody')}</p>}
        {data && data.people.length > 0 && (
          <ul className="candidates">
            {data.people.map((person) => (
              <li key={person.id}>
                <button className="candidate" onClick={() => onPick(person)} type="button">
                  <strong>{format.name(person)}</strong>
                  <span className="small quiet">{person.organisations.join(', ')}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}
