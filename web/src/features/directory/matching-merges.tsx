import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import type { Merge } from './matching-words.ts'

/** Merges done, each to be undone however old. */
export function MatchMerges() {
  const { t } = useTranslation(['matching', 'shell'])
  const format = useFormat()
  const client = useQueryClient()
  const tellProblem = useProblemText()
  const [undone, setUndone] = useState<Merge | null>(null)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['matching', 'merges'],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/matching/merges', {
          params: { query: { limit: 30, ...(pageParam && { after: pageParam }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const undo = useMutation({
    mutationFn: (merge: Merge) =>
      api.POST('/api/directory/matching/merges/{id}/undo', { params: { path: { id: merge.id } } }),
    async onSuccess(_, merge) {
      setUndone(merge)
      await client.invalidateQueries({ queryKey: ['matching'] })
    },
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={5} />
  const merges = data.pages.flatMap((page) => page.merges)
  if (merges.length === 0) return <Empty title={t('empty.merges')} />
  const nameOf = (person: Merge['kept']) => (person ? format.name(person) : t('merge.deleted'))
  return (
    <>
      <div aria-live="polite">
        {undone && (
          <Notice kind="success">
            <p>{t('done.undo', { name: nameOf(undone.kept) })}</p>
          </Notice>
        )}
        {undo.error && (
          <Notice kind="danger" live="alert">
            <p>{tellProblem(undo.error)}</p>
          </Notice>
        )}
      </div>
      <Table
        caption={t('view.merges')}
        head={
          <tr>
            <th scope="col">{t('merge.kept')}</th>
            <th scope="col">{t('merge.merged')}</th>
            <th scope="col">{t('merge.when')}</th>
            <th scope="col">{t('merge.by')}</th>
            <th className="number" scope="col">
              {t('merge.score')}
            </th>
            <th scope="col">{t('merge.state')}</th>
          </tr>
        }
        stacked
      >
        {merges.map((merge) => (
          <tr key={merge.id}>
            <th scope="row">
              {merge.kept ? <Link to={paths.person(merge.keptId)}>{nameOf(merge.kept)}</Link> : nameOf(null)}
            </th>
            <td data-label={t('merge.merged')}>
              <span>{nameOf(merge.merged)}</span>
            </td>
            <td data-label={t('merge.when')}>
              <span>{format.dateTime(merge.mergedAt)}</span>
            </td>
            <td data-label={t('merge.by')}>
              <span>{merge.mergedBy ? format.name(merge.mergedBy) : t('merge.automatic')}</span>
            </td>
            <td className="number" data-label={t('merge.score')}>
              <span>{merge.points === null ? '' : format.number(merge.points)}</span>
            </td>
            <td data-label={t('merge.state')}>
              <MergeState merge={merge} onUndo={() => undo.mutate(merge)} undoing={undo.isPending} />
            </td>
          </tr>
        ))}
      </Table>
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

function MergeState({ merge, undoing, onUndo }: { merge: Merge; undoing: boolean; onUndo: () => void }) {
  const { t } = useTranslation('matching')
  const format = useFormat()
  if (merge.undoneAt) {
    const when = format.dateTime(merge.undoneAt)
    return (
      <span className="quiet">
        {merge.undoneBy
          ? t('merge.undoneBy', { when, name: format.name(merge.undoneBy) })
          : t('merge.undone', { when })}
      </span>
    )
  }
  if (!merge.undoable) return <span>{t('merge.standing')}</span>
  return (
    <Button
      aria-label={merge.kept ? `${t('merge.undo')} : ${format.name(merge.kept)}` : undefined}
      busy={undoing}
      onClick={onUndo}
    >
      {t('merge.undo')}
    </Button>
  )
}
