import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { type Format, useFormat } from '../../shell/format.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { markRows, type Part, type Proposal, type ProposedPerson, type Row, rows } from './matching-words.ts'

const tones = { agrees: 'success', close: 'warning', differs: 'danger' } as const

export type Opinion = 'accept' | 'never' | 'later' | 'reopen'

/**
 * Two people side by side, what makes them one, and what to say of it. Its keys work while it has the focus, or something
 * in it: never anywhere else.
 */
export function MatchProposal({
  proposal,
  automatic,
  busy,
  onSettle,
}: {
  proposal: Proposal
  /** Points from which no one would have been asked. */
  automatic: number
  busy: boolean
  onSettle: (opinion: Opinion) => void
}) {
  const { t } = useTranslation('matching')
  const format = useFormat()
  const opinions: Opinion[] = proposal.state === 'open' ? ['accept', 'never', 'later'] : ['accept', 'reopen']
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || busy) return
    const opinion = ({ m: 'accept', d: 'never', p: 'later' } as const)[event.key.toLowerCase()]
    if (opinion && opinions.includes(opinion)) {
      event.preventDefault()
      onSettle(opinion)
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0) return
    const all = [...document.querySelectorAll<HTMLElement>('.match')]
    const next = all[all.indexOf(event.currentTarget) + step]
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest' })
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys that repeat its own buttons
    <article aria-labelledby={`${proposal.id}-title`} className="match" onKeyDown={onKeyDown} tabIndex={-1}>
      <header className="match-head">
        <h2 id={`${proposal.id}-title`}>{format.name(proposal.left)}</h2>
        <p>
          <strong>{t('score', { points: format.number(proposal.points) })}</strong>{' '}
          <span className="quiet small">{t('scoreHint', { automatic: format.number(automatic) })}</span>
        </p>
      </header>
      {proposal.cautions.length > 0 && (
        <p className="small">{proposal.cautions.map((code) => t(`caution.${code}`)).join(' ')}</p>
      )}
      <Comparison proposal={proposal} />
      <Reasons parts={proposal.parts} />
      <div className="row">
        {opinions.map((opinion) => (
          <Button
            busy={busy}
            key={opinion}
            look={opinion === 'accept' ? 'primary' : 'secondary'}
            onClick={() => onSettle(opinion)}
          >
            {t(opinion)}
          </Button>
        ))}
      </div>
    </article>
  )
}

function Reasons({ parts }: { parts: Part[] }) {
  const { t } = useTranslation('matching')
  const format = useFormat()
  return (
    <details className="match-why">
      <summary>{t('why')}</summary>
      <ul>
        {parts.map((part) => (
          <li key={part.code}>
            <span className={part.points < 0 ? 'match-points match-minus' : 'match-points'}>
              {part.points < 0 ? '−' : '+'}
              {format.number(Math.abs(part.points))}
            </span>{' '}
            {t(`part.${part.code}`, { left: part.left, right: part.right })}
          </li>
        ))}
      </ul>
    </details>
  )
}

function Comparison({ proposal }: { proposal: Proposal }) {
  const { t } = useTranslation(['matching', 'shell'])
  const format = useFormat()
  const marks = markRows(proposal.parts)
  const nameProfile = (profile: ProposedPerson['places'][number]['profile']) => t(`shell:profile.${profile}`)
  const shown = rows.filter((row) => listValues(row, proposal.left).length + listValues(row, proposal.right).length > 0)
  return (
    <table className="match-table">
      <caption className="visually-hidden">{t('compare')}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">{t('compare')}</span>
          </th>
          <th scope="col">{t('left')}</th>
          <th scope="col">{t('right')}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => {
          const mark = marks[row]
          return (
            <tr className={mark && `match-${mark}`} key={row}>
              <th scope="row">
                {t(`row.${row}`)} {mark && <Badge tone={tones[mark]}>{t(`mark.${mark}`)}</Badge>}
              </th>
              {[proposal.left, proposal.right].map((person) => (
                <td key={person.id}>
                  <Values format={format} nameProfile={nameProfile} person={person} row={row} />
                </td>
              ))}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** What a row holds of one person; nothing when the sources do not say. */
function listValues(row: Row, person: ProposedPerson): unknown[] {
  if (row === 'name') return [person.familyName]
  if (row === 'address') return [person.street, person.postalCode, person.town].filter(Boolean)
  const value = person[row]
  return Array.isArray(value) ? value : [value].filter(Boolean)
}

function Values({
  row,
  person,
  format,
  nameProfile,
}: {
  row: Row
  person: ProposedPerson
  format: Format
  nameProfile: (profile: ProposedPerson['places'][number]['profile']) => string
}) {
  const { t } = useTranslation('matching')
  if (listValues(row, person).length === 0) return <span className="quiet">{t('unknown')}</span>
  switch (row) {
    case 'name':
      return (
        <>
          <Link to={paths.person(person.id)}>{format.name(person)}</Link>
          {person.goneOn && <span className="quiet small"> {t('gone', { day: format.day(person.goneOn) })}</span>}
        </>
      )
    case 'bornOn':
      return person.bornOn && format.day(person.bornOn)
    case 'phones':
      return person.phones.join(', ')
    case 'address':
      return [person.street?.replaceAll('\n', ', '), [person.postalCode, person.town].filter(Boolean).join(' ')]
        .filter(Boolean)
        .join(', ')
    case 'relatives':
      return format.list(person.relatives.map((each) => format.name(each)))
    case 'places':
      return (
        <ul>
          {person.places.map(({ profile, name, town }) => (
            <li key={`${profile} ${name}`}>
              {nameProfile(profile)}, {name}
              {town && ` (${town})`}
            </li>
          ))}
        </ul>
      )
    case 'classes':
      return format.list(person.classes)
    case 'sources':
      return format.list([...new Set(person.sources.map(({ name }) => name))])
    default:
      return person[row]
  }
}
