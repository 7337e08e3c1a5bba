import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { OpenBallotForm } from './open-ballot-form.tsx'
import { VerdictAccount } from './verdict-account.tsx'
import { type MeetingVotes, meetingVotesQuery } from './votes.ts'
import './meeting-votes-page.css'

type Item = MeetingVotes['items'][number]

/** What a meeting votes on: what each item still lacks, whether there is a quorum now, and its votes. */
export function MeetingVotesPage() {
  const { t } = useTranslation('votes')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { meeting = '' } = useParams()
  const { data, error, refetch } = useQuery(meetingVotesQuery(slug, meeting))
  return (
    <GovernancePage
      back={data && { to: paths.governanceMeeting(slug, data.meeting.id), label: data.meeting.title }}
      busy={!data && !error}
      lead={data && `${data.meeting.bodyName} (${data.meeting.shortName}) · ${format.day(data.meeting.day)}`}
      title={t('title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} height="7rem" />}
      {data && data.meeting.state !== 'open' && <Notice kind="info">{t('meetingNotOpen')}</Notice>}
      {data?.items.length === 0 && <Empty title={t('noItems')}>{t('noItemsText')}</Empty>}
      {data && data.items.length > 0 && (
        <ol className="votable-items">
          {data.items.map((item) => (
            <VotableItem item={item} key={item.id} leads={data.leads} />
          ))}
        </ol>
      )}
      <p className="small quiet measure">{t('rollCallOnly')}</p>
    </GovernancePage>
  )
}

function VotableItem({ item, leads }: { item: Item; leads: boolean }) {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const last = item.ballots.at(-1)
  const steps = [...item.requirements, ...(item.quorum?.steps ?? [])]
  const ready = steps.every(({ holds }) => holds !== false)
  return (
    <li className="votable-item">
      <p className="small quiet">
        {t('item', { position: item.position })} · {t(`kind.${item.kind}`)}
        {item.rule && ` · ${item.rule.name} (${t('article', { number: item.rule.article })})`}
      </p>
      <h2>{item.title}</h2>
      {item.rule === null && <p>{t('noRule')}</p>}
      {item.ballots.length > 0 && (
        <ul className="votable-ballots">
          {item.ballots.map((ballot) => (
            <li key={ballot.id}>
              <Link
                className={ballot.closedAt ? undefined : buttonClass('primary')}
                to={paths.governanceBallot(slug, ballot.id)}
              >
                {ballot.closedAt === null && t('voteNow')}
                {ballot.closedAt !== null &&
                  !ballot.secondRound &&
                  t(`${item.kind === 'opinion' ? 'advice' : 'outcome'}.${ballot.outcome ?? 'none'}`)}
                {ballot.secondRound && t('roundWithoutResult')}
                <span className="visually-hidden"> : {item.title}</span>
              </Link>
              {item.rule?.method === 'twoRounds' && ` · ${t(ballot.round === 1 ? 'firstRound' : 'secondRound')}`}
            </li>
          ))}
        </ul>
      )}
      {item.openable && steps.length > 0 && (
        <details open={leads}>
          <summary>{t(ready ? 'ready' : 'notReady')}</summary>
          <VerdictAccount verdict={{ steps }} />
        </details>
      )}
      {item.openable && leads && <OpenBallotForm item={item} ready={ready} secondRound={last !== undefined} />}
      {item.rule && !last && (
        <p>
          <Link to={paths.governanceWhatIf(slug, { ballot: item.rule.key })}>
            {t('exploreRule')}
            <span className="visually-hidden"> : {item.title}</span>
          </Link>
        </p>
      )}
    </li>
  )
}
