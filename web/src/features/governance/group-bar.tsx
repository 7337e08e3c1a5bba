import { readVoices, useVoices, type WhatIf } from './votes.ts'

export type Pattern = WhatIf['passing']['minimal']['patterns'][number]

/** A coalition drawn member by member, as wide as their voices, against what is needed; its words stand beside it. */
export function GroupBar({ answer: { voters, passing }, pattern }: { answer: WhatIf; pattern: Pattern }) {
  const voices = useVoices()
  const voterOf = (party: string) => voters.find((voter) => voter.party === party)
  const whole = voters.reduce((sum, voter) => sum + readVoices(voter.voices), 0) || 1
  const share = (exact: string) => `${(100 * readVoices(exact)) / whole}%`
  const needed = pattern.members
    .flatMap((party) => voterOf(party) ?? [])
    .toSorted((one, other) => readVoices(other.voices) - readVoices(one.voices))
  const chosen = pattern.choices.flatMap(({ count, of }) =>
    Array.from({ length: count }, (_, place) => ({ place, of, voices: voterOf(of[0] ?? '')?.voices ?? '0' })),
  )
  return (
    <div aria-hidden="true" className="group-bar">
      {needed.map(({ party, name, voices: exact }) => (
        <span
          className="group-part"
          key={party}
          style={{ inlineSize: share(exact) }}
          title={`${name}, ${voices(exact)}`}
        >
          <span>{name}</span>
        </span>
      ))}
      {chosen.map(({ place, of, voices: exact }) => (
        <span
          className="group-part group-choice"
          key={`${place} ${of.join(' ')}`}
          style={{ inlineSize: share(exact) }}
        />
      ))}
      <span className="voices-mark" style={{ insetInlineStart: share(passing.needed) }} />
    </div>
  )
}
