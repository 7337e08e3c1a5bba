import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { ApiProblem } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { BallotLead } from './ballot-lead.tsx'
import { BallotRoll } from './ballot-roll.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { OwnVotes } from './own-votes.tsx'
import { VerdictAccount } from './verdict-account.tsx'
import { VoicesChart } from './voices-chart.tsx'
import { type Ballot, ballotQuery, readVoices, useTold, useVoices } from './votes.ts'

/** A vote: one's own while it is open, who has voted, and its verdict once it is closed. */
export function BallotPage() {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const { ballot = '' } = useParams()
  const { data, error, refetch } = useQuery(ballotQuery(slug, ballot))
  const [refused, setRefused] = useState<Error>()
  return (
    <GovernancePage
      back={data && { to: paths.governanceVotes(slug, data.meeting.id), label: t('backToMeeting') }}
      busy={!data && !error}
      lead={data && <Lead ballot={data} />}
      title={data?.item.title ?? t('ballot')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} height="4rem" />}
      {data?.closedAt === null && <OpenBallot ballot={data} onRefused={setRefused} />}
      {data && data.closedAt !== null && (
        <>
          {refused instanceof ApiProblem && refused.code === 'ballot_closed' && <Failure error={refused} />}
          <ClosedBallot ballot={data} />
        </>
      )}
    </GovernancePage>
  )
}

function Lead({ ballot: { meeting, rule, round, openedAt, closedAt } }: { ballot: Ballot }) {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const format = useFormat()
  return (
    <p>
      {meeting.shortName} · {rule.name} ({t('article', { number: rule.article })})
      {rule.method === 'twoRounds' && ` · ${t(round === 1 ? 'firstRound' : 'secondRound')}`} ·{' '}
      {closedAt
        ? t('closedAt', { when: format.dateTime(closedAt) })
        : t('openedAt', { when: format.dateTime(openedAt) })}
      {' · '}
      <Link to={paths.governanceMeeting(slug, meeting.id, { view: 'agenda' })}>{t('readItem')}</Link>
    </p>
  )
}

/** @param onRefused told why an act failed: that the vote was closed meanwhile is still to be said beside its result. */
function OpenBallot({ ballot, onRefused }: { ballot: Ballot; onRefused: (error: Error) => void }) {
  const { t } = useTranslation('votes')
  const taking = ballot.roll.filter(({ state }) => state === 'present' || state === 'represented')
  const done = taking.filter(({ choice }) => choice !== null)
  return (
    <>
      <OwnVotes ballot={ballot} onRefused={onRefused} />
      <Section title={t('progress', { done: done.length, of: taking.length })}>
        <p aria-live="polite" className="measure">
          {ballot.certain === null ? t('open') : t(`certain.${ballot.certain}`)}
        </p>
        <Tally ballot={ballot} />
        <BallotRoll ballot={ballot} />
      </Section>
      {ballot.leads && <BallotLead ballot={ballot} onRefused={onRefused} waiting={taking.length - done.length} />}
      {ballot.opening.length > 0 && (
        <Section title={t('opening')}>
          <VerdictAccount verdict={{ steps: ballot.opening }} />
        </Section>
      )}
      <p className="small quiet measure">{t('rollCallOnly')}</p>
    </>
  )
}

function ClosedBallot({ ballot }: { ballot: Ballot }) {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const told = useTold()
  const { verdict, decision } = ballot
  if (!verdict) return null
  // A question that stands alone is no choice of its own: its choices are for and against.
  const chosen = ballot.choices.find(({ key }) => key === verdict.chosen)
  const kind = { adopted: 'success', rejected: 'danger', none: 'info' } as const
  const title = verdict.secondRound
    ? t('secondRoundNeeded')
    : t(`${ballot.item.opinion ? 'advice' : 'outcome'}.${verdict.outcome}`)
  return (
    <>
      <Notice
        kind={kind[verdict.outcome]}
        title={chosen ? t('outcomeOf', { outcome: title, name: told(chosen.label) }) : title}
      >
        {decision && (
          <p>
            <Link to={paths.governanceDecisions(slug)}>
              {t(ballot.item.opinion ? 'opinionNumber' : 'decisionNumber', { number: decision.number })}
            </Link>
          </p>
        )}
        {verdict.secondRound && (
          <p>
            {t('keptFor', { names: verdict.secondRound.map(({ label }) => label).join(', ') })}{' '}
            <Link to={paths.governanceVotes(slug, ballot.meeting.id)}>{t('openSecondRound')}</Link>
          </p>
        )}
      </Notice>
      <Section title={t('result')}>
        <Tally ballot={ballot} />
      </Section>
      <Section hint={t('accountHint')} title={t('account')}>
        <VerdictAccount verdict={verdict} />
      </Section>
      <Section title={t('whoVoted')}>
        <BallotRoll ballot={ballot} />
        <p className="small quiet measure">{t('digest', { digest: ballot.rollDigest })}</p>
      </Section>
      <p className="small quiet measure">{t('rollCallOnly')}</p>
    </>
  )
}

/** The voices of each choice against what is needed. */
function Tally({ ballot: { tally, threshold, roll, closedAt, rule } }: { ballot: Ballot }) {
  const { t } = useTranslation('votes')
  const told = useTold()
  const voices = useVoices()
  const format = useFormat()
  const whole = roll.reduce((sum, line) => sum + readVoices(line.voices), 0)
  const best = tally.filter(({ choice }) => choice !== 'abstain' && choice !== 'against')
  const leading = best.toSorted((left, right) => readVoices(right.voices) - readVoices(left.voices))[0]
  const needed =
    threshold && t(threshold.comparator === '>' ? 'moreThan' : 'atLeast', { voices: voices(threshold.voices) })
  // What is needed of the votes cast grows with them.
  const moving = closedAt === null && rule.base === 'cast'
  const cast = tally.some(({ choice, voices: exact }) => choice !== 'abstain' && readVoices(exact) > 0)
  const withoutThreshold = t(cast ? 'chart.most' : 'chart.noneCast')
  const title = t(closedAt ? 'chart.closed' : 'chart.open', {
    choice: leading ? told(leading.label) : '',
    voices: voices(leading?.voices ?? '0'),
  })
  return (
    <VoicesChart
      bars={tally.map(({ choice, label, voices: exact }) => ({
        label: told(label),
        value: readVoices(exact),
        strong: choice !== 'abstain' && choice !== 'against',
      }))}
      columns={{ label: t('chart.choice'), value: t('chart.voices') }}
      format={format.number}
      mark={threshold ? readVoices(threshold.voices) : null}
      summary={needed ? t(moving ? 'chart.neededSoFar' : 'chart.needed', { needed }) : withoutThreshold}
      title={title}
      whole={whole}
      wording={{ showTable: t('chart.showTable'), showChart: t('chart.showChart') }}
    />
  )
}
