import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { Places } from '../../shell/places.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { MatchMerges } from './matching-merges.tsx'
import { MatchProposal, type Opinion } from './matching-proposal.tsx'
import { MatchThresholds } from './matching-thresholds.tsx'
import type { Proposal } from './matching-words.ts'
import './imports.css'
import './matching.css'

const states = ['open', 'later', 'never'] as const
type State = (typeof states)[number]

/** People who may be one: what to check, what was said of it, and the merges done. */
export function MatchingPage() {
  const { t } = useTranslation(['matching', 'directory'])
  const format = useFormat()
  const [parameters] = useSearchParams()
  const merges = parameters.get('view') === 'merges'
  const state = states.find((each) => each === parameters.get('view')) ?? 'open'
  const query = useProposals(merges ? 'open' : state)
  const first = query.data?.pages[0]
  const toView = (of: State | 'merges') => paths.matching({ view: of === 'open' ? undefined : of })
  return (
    <Page
      back={{ to: paths.directory(), label: t('directory:search.title') }}
      busy={!first && !query.error}
      lead={t('lead')}
      title={t('title')}
      wide
    >
      <Places
        here={toView(merges ? 'merges' : state)}
        label={t('views')}
        places={[...states, 'merges' as const].map((each) => {
          const count = each === 'merges' || !first ? '' : ` (${format.number(first.counts[each])})`
          return { to: toView(each), label: t(`view.${each}`) + count }
        })}
      />
      {merges ? <MatchMerges /> : <Proposals key={state} query={query} state={state} />}
      {first?.mayChangeThresholds && <MatchThresholds thresholds={first.thresholds} />}
    </Page>
  )
}

function useProposals(state: State) {
  return useInfiniteQuery({
    queryKey: ['matching', 'proposals', state],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/matching/proposals', {
          params: { query: { state, limit: 20, ...(pageParam && { after: pageParam }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
}

function Proposals({ query, state }: { query: ReturnType<typeof useProposals>; state: State }) {
  const { t } = useTranslation(['matching', 'shell'])
  const format = useFormat()
  const client = useQueryClient()
  const tellProblem = useProblemText()
  const list = useRef<HTMLDivElement>(null)
  /** Place of the proposal just settled, until the list without it is shown. */
  const settled = useRef(-1)
  const [done, setDone] = useState<{ proposal: Proposal; opinion: Opinion } | null>(null)
  const settle = useMutation({
    mutationFn: ({ proposal, opinion }: { proposal: Proposal; opinion: Opinion }) =>
      api.POST('/api/directory/matching/proposals/{id}/settle', {
        params: { path: { id: proposal.id } },
        body: { opinion },
      }),
    onSuccess(_, what) {
      setDone(what)
      settled.current = proposals.findIndex(({ id }) => id === what.proposal.id)
      return client.invalidateQueries({ queryKey: ['matching'] })
    },
  })
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const proposals = data?.pages.flatMap((page) => page.proposals) ?? []
  // The focus goes on to the proposal that took the place of the one settled, so that the keys go on working.
  useEffect(() => {
    if (settled.current < 0) return
    const cards = list.current?.querySelectorAll<HTMLElement>('.match') ?? []
    const next = cards[Math.min(settled.current, cards.length - 1)] ?? document.querySelector<HTMLElement>('h1')
    settled.current = -1
    next?.focus()
  }, [data])
  const automatic = data?.pages[0]?.thresholds.automatic ?? 0
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={4} height="9rem" />
  return (
    <>
      <div aria-live="polite" className="match-said">
        {done && (
          <Notice kind="success">
            <p>
              {t(`done.${done.opinion}`, { name: format.name(done.proposal.left) })}{' '}
              {done.opinion === 'accept' && <Link to={paths.matching({ view: 'merges' })}>{t('see')}</Link>}
            </p>
            {(done.opinion === 'never' || done.opinion === 'later') && (
              <Button
                busy={settle.isPending}
                look="quiet"
                onClick={() => settle.mutate({ proposal: done.proposal, opinion: 'reopen' })}
              >
                {t('cancel')}
              </Button>
            )}
          </Notice>
        )}
        {settle.error && (
          <Notice kind="danger" live="alert">
            <p>{tellProblem(settle.error)}</p>
          </Notice>
        )}
      </div>
      {proposals.length === 0 ? (
        <Empty title={t(`empty.${state}`)}>{state === 'open' && <p>{t('empty.openHint')}</p>}</Empty>
      ) : (
        <>
          <p className="quiet small measure">{t('keys')}</p>
          <div className="match-list" ref={list}>
            {proposals.map((proposal) => (
              <MatchProposal
                automatic={automatic}
                busy={settle.isPending}
                key={proposal.id}
                onSettle={(opinion) => settle.mutate({ proposal, opinion })}
                proposal={proposal}
              />
            ))}
          </div>
        </>
      )}
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('shell:more')}
          </Button>
        </div>
      )}
    </>
  )
}
