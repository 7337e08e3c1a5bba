import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { Icon } from '../../ui/icons.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Ballot, ballotQuery, useTold, useVoices } from './votes.ts'
import './own-votes.css'

type Line = Ballot['roll'][number]

/** The votes the reader casts: one's own party's, and those one represents. One thumb is enough. */
export function OwnVotes({ ballot, onRefused }: { ballot: Ballot; onRefused: (error: Error) => void }) {
  const { t } = useTranslation('votes')
  const { data: agreement } = useAgreement()
  const mine = ballot.roll.filter((line) => line.mine)
  if (mine.length === 0) {
    const body = agreement?.bodies.find(({ shortName }) => shortName === ballot.meeting.shortName)
    const line = ballot.roll.find(({ party }) =>
      agreement?.seats.some((seat) => seat.body === body?.key && seat.party === party),
    )
    if (ballot.leads && !line) return null
    return (
      <p className="measure">
        {t('notYours')}{' '}
        {line && t(`whyNot.${line.state}`, { name: line.name, voter: line.voter, other: line.representedBy })}
      </p>
    )
  }
  return (
    <div className="own-votes">
      {mine.map((line) => (
        <OwnVote ballot={ballot} key={line.party} line={line} onRefused={onRefused} />
      ))}
    </div>
  )
}

function OwnVote({ ballot, line, onRefused }: { ballot: Ballot; line: Line; onRefused: (error: Error) => void }) {
  const { t } = useTranslation('votes')
  const told = useTold()
  const voices = useVoices()
  const slug = useAgreementSlug()
  const client = useQueryClient()
  const cast = useMutation({
    mutationFn: (choice: string) =>
      api.PUT('/api/governance/agreements/{slug}/ballots/{ballotId}/votes/{party}', {
        params: { path: { slug, ballotId: ballot.id, party: line.party } },
        body: { choice, aloud: false },
      }),
    onError: onRefused,
    onSettled: () => client.invalidateQueries({ queryKey: ballotQuery(slug, ballot.id).queryKey }),
  })
  const chosen = cast.isPending ? cast.variables : line.choice
  const label = ballot.choices.find(({ key }) => key === line.choice)?.label
  const count = Number(line.voices)
  return (
    <section aria-labelledby={`own-${line.party}`} className="own-vote">
      <h2 id={`own-${line.party}`}>{t('youVoteFor', { name: line.name })}</h2>
      <p className="own-vote-voices">
        {t('withVoices', { count, voices: voices(line.voices) })}
        {line.voterRank === 'proxy' && ` · ${t('byProxy')}`}
        {line.voterRank === 'deputy' && ` · ${t('asDeputy')}`}
      </p>
      <div className="own-vote-choices">
        {ballot.choices.map((choice) => (
          <button
            aria-pressed={chosen === choice.key}
            className="own-vote-choice"
            key={choice.key}
            onClick={() => {
              if (!cast.isPending) cast.mutate(choice.key)
            }}
            type="button"
          >
            {chosen === choice.key && <Icon name="check" />}
            {told(choice.label)}
          </button>
        ))}
      </div>
      {cast.error && <Failure error={cast.error} />}
      <p aria-live="polite" className="quiet">
        {label ? t('voted', { choice: told(label) }) : t('notVoted')}
        {line.aloud && ` ${t('aloud')}`}
      </p>
    </section>
  )
}
