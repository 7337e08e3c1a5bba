import { useTranslation } from 'react-i18next'
import { Table } from '../../ui/table.tsx'
import { type Ballot, useTold, useVoices } from './votes.ts'

/** The frozen roll of a ballot: who votes for each member, with how many voices, and what each has voted. */
export function BallotRoll({ ballot }: { ballot: Ballot }) {
  const { t } = useTranslation('votes')
  const told = useTold()
  const voices = useVoices()
  const choiceOf = (key: string | null) => {
    const label = ballot.choices.find((choice) => choice.key === key)?.label
    return label ? told(label) : undefined
  }
  return (
    <Table
      caption={t('roll.caption')}
      head={
        <tr>
          <th scope="col">{t('roll.member')}</th>
          <th className="number" scope="col">
            {t('roll.voices')}
          </th>
          <th scope="col">{t('roll.voter')}</th>
          <th scope="col">{t('roll.vote')}</th>
        </tr>
      }
      stacked
    >
      {ballot.roll.map((line) => {
        const takesPart = line.state === 'present' || line.state === 'represented'
        return (
          <tr key={line.party}>
            <th scope="row">{line.name}</th>
            <td className="number" data-label={t('roll.voices')}>
              <span>{voices(line.voices)}</span>
            </td>
            <td data-label={t('roll.voter')}>
              <span>
                {!takesPart && t(`state.${line.state}`)}
                {takesPart && (line.voter ?? t('roll.erased'))}
                {line.voterRank === 'deputy' && ` (${t('roll.deputy')})`}
                {line.representedBy !== null && ` (${t('roll.proxy', { name: line.representedBy })})`}
              </span>
            </td>
            <td data-label={t('roll.vote')}>
              <span>
                {takesPart && (choiceOf(line.choice) ?? t(ballot.closedAt ? 'roll.none' : 'roll.waiting'))}
                {line.aloud &&
                  ` (${line.recordedBy === null ? t('roll.aloud') : t('roll.aloudBy', { name: line.recordedBy })})`}
              </span>
            </td>
          </tr>
        )
      })}
    </Table>
  )
}
