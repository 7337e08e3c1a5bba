import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useArrival } from './arrival.ts'
import { EntryLayout } from './entry-layout.tsx'

/** Ties an outside identity to the account of whoever proves it theirs; nothing is tied without their word. */
export function LinkPage() {
  const { t } = useTranslation('federation')
  const format = useFormat()
  const explain = useProblemText()
  const navigate = useNavigate()
  const { data: session } = useQuery(sessionQuery)
  const { data, error, refetch } = useArrival()
  const link = useMutation({
    mutationFn: () => read(api.POST('/api/identity/arrival/link')),
    onSuccess: ({ returnTo }) => navigate(returnTo, { replace: true }),
  })
  const here = paths.signInLink()
  return (
    <EntryLayout title={t('link.title')}>
      <h1 tabIndex={-1}>{t('link.title')}</h1>
      {link.error && <Notice kind="danger" live="alert" title={explain(link.error)} />}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={2} />}
      {data && session?.signedIn && (
        <>
          <p>
            {t('link.confirm', {
              provider: data.provider.name,
              whom: data.displayName ?? t('link.nameless'),
              person: format.name(session.person),
            })}
          </p>
          {data.former && <Notice title={t('link.former', { when: format.dateTime(data.former.linkedAt) })} />}
          <div className="row">
            <Button busy={link.isPending} look="primary" onClick={() => link.mutate()}>
              {t('link.do')}
            </Button>
            <Link className={buttonClass('quiet')} to={paths.home()}>
              {t('link.dont')}
            </Link>
          </div>
        </>
      )}
      {data && session && !session.signedIn && (
        <>
          <p>{t('link.prove', { provider: data.provider.name, whom: data.displayName ?? t('link.nameless') })}</p>
          <p>{t('link.once')}</p>
          <div className="stack">
            <Link className={buttonClass('primary')} to={paths.signIn({ returnTo: here })}>
              {t('link.signIn')}
            </Link>
            <Link className={buttonClass()} to={paths.activate({ returnTo: here })}>
              {t('link.code')}
            </Link>
          </div>
          <p className="quiet small">{t('link.half', { minutes: 30 })}</p>
        </>
      )}
      {error && (
        <p>
          <Link to={paths.signIn()}>{t('choose.back')}</Link>
        </p>
      )}
    </EntryLayout>
  )
}
