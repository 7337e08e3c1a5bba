import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Ballot, useTold } from './votes.ts'

/** What who leads the meeting does during a vote: writes down what is said aloud, and closes. */
export function BallotLead({
  ballot,
  waiting,
  onRefused,
}: {
  ballot: Ballot
  waiting: number
  onRefused: (error: Error) => void
}) {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const close = useMutation({
    mutationFn: () =>
      api.POST('/api/governance/agreements/{slug}/ballots/{ballotId}/closing', {
        params: { path: { slug, ballotId: ballot.id } },
      }),
    onError: onRefused,
    onSettled: () => client.invalidateQueries({ queryKey: ['governance', slug] }),
  })
  return (
    <Section hint={t('lead.hint')} title={t('lead.title')}>
      <AloudForm ballot={ballot} onRefused={onRefused} />
      <div className="stack stack-tight">
        {asking && <p aria-live="polite">{waiting > 0 ? t('lead.waiting', { count: waiting }) : t('lead.allVoted')}</p>}
        <div className="row">
          {asking ? (
            <>
              <Button busy={close.isPending} look="primary" onClick={() => close.mutate()}>
                {t('lead.confirm')}
              </Button>
              <Button look="quiet" onClick={() => setAsking(false)}>
                {t('lead.wait')}
              </Button>
            </>
          ) : (
            <Button look="primary" onClick={() => setAsking(true)}>
              {t('lead.close')}
            </Button>
          )}
        </div>
        {close.error && <Failure error={close.error} />}
      </div>
    </Section>
  )
}

function AloudForm({ ballot, onRefused }: { ballot: Ballot; onRefused: (error: Error) => void }) {
  const { t } = useTranslation('votes')
  const told = useTold()
  const slug = useAgreementSlug()
  const client = useQueryClient()
  // Nobody notes anything over what a member voted itself.
  const voters = ballot.roll.filter(
    ({ state, choice: cast, aloud }) => (state === 'present' || state === 'represented') && (cast === null || aloud),
  )
  const [party, setParty] = useState('')
  const [choice, setChoice] = useState('')
  const record = useMutation({
    mutationFn: () =>
      api.PUT('/api/governance/agreements/{slug}/ballots/{ballotId}/votes/{party}', {
        params: { path: { slug, ballotId: ballot.id, party } },
        body: { choice, aloud: true },
      }),
    onError: onRefused,
    onSuccess: () => {
      setParty('')
      setChoice('')
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['governance', slug, 'ballot', ballot.id] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (party !== '' && choice !== '' && !record.isPending) record.mutate()
  }
  return (
    <form className="stack measure" onSubmit={submit}>
      <SelectField
        label={t('lead.member')}
        onChange={(event) => setParty(event.target.value)}
        options={[
          { value: '', label: t('lead.choose') },
          ...voters.map((line) => ({ value: line.party, label: line.name })),
        ]}
        required
        value={party}
      />
      <SelectField
        label={t('lead.choice')}
        onChange={(event) => setChoice(event.target.value)}
        options={[
          { value: '', label: t('lead.choose') },
          ...ballot.choices.map(({ key, label }) => ({ value: key, label: told(label) })),
        ]}
        required
        value={choice}
      />
      <div>
        <Button busy={record.isPending} type="submit">
          {t('lead.record')}
        </Button>
      </div>
      {record.error && <Failure error={record.error} />}
    </form>
  )
}
