import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'

/** Who tried one's account, when and with what; and the way out when it was somebody else. */
export function SignInHistory() {
  const { t } = useTranslation(['identity', 'shell'])
  const format = useFormat()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['sign-ins', 'own'],
    queryFn: ({ pageParam }) =>
      read(api.GET('/api/identity/accounts/sign-ins', { params: { query: pageParam ? { before: pageParam } : {} } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const [first] = data?.pages ?? []
  const signIns = data?.pages.flatMap((page) => page.signIns) ?? []
  return (
    <div id="sign-ins">
      <Section hint={t('account.signInsHint', { count: first?.months ?? 13 })} title={t('account.signIns')}>
        {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows count={3} height="2.5rem" />}
        {data && signIns.length === 0 && <p className="quiet">{t('account.signInsNone')}</p>}
        {signIns.length > 0 && (
          <Table
            caption={t('account.signIns')}
            head={
              <tr>
                <th scope="col">{t('account.when')}</th>
                <th scope="col">{t('account.result')}</th>
                <th scope="col">{t('account.way')}</th>
                <th scope="col">{t('account.device')}</th>
              </tr>
            }
            stacked
          >
            {signIns.map((each) => (
              <tr key={each.id}>
                <th scope="row">{format.dateTime(each.attemptedAt)}</th>
                <td data-label={t('account.result')}>
                  <span>
                    {each.outcome === 'opened' ? (
                      t('account.outcome.opened')
                    ) : (
                      <strong>{t(`account.outcome.${each.outcome}`)}</strong>
                    )}
                  </span>
                </td>
                <td data-label={t('account.way')}>
                  <span>{t(`account.way2.${each.method}`)}</span>
                </td>
                <td data-label={t('account.device')}>
                  <span>{each.device ?? t('account.unknownDevice')}</span>
                </td>
              </tr>
            ))}
          </Table>
        )}
        {hasNextPage && (
          <div>
            <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t('shell:more')}
            </Button>
          </div>
        )}
        <NotMe />
      </Section>
    </div>
  )
}

function NotMe() {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const close = useMutation({
    mutationFn: () => api.POST('/api/identity/accounts/compromised'),
    onSuccess: async () => {
      await navigate(paths.activate(), { replace: true })
      client.clear()
      client.setQueryData(sessionQuery.queryKey, { signedIn: false })
    },
  })
  if (!asked) {
    return (
      <div>
        <Button onClick={() => setAsked(true)}>{t('account.notMe')}</Button>
      </div>
    )
  }
  return (
    <Notice kind="warning" live="status" title={t('account.notMeTitle')}>
      <p>{t('account.notMeText')}</p>
      {close.error && <p>{explain(close.error)}</p>}
      <div className="row">
        <Button busy={close.isPending} look="danger" onClick={() => close.mutate()}>
          {t('account.notMeConfirm')}
        </Button>
        <Button onClick={() => setAsked(false)}>{t('account.notMeCancel')}</Button>
      </div>
    </Notice>
  )
}
