import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'
import { api } from '../api/client.ts'
import { sessionQuery } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { useFormat } from './format.ts'
import type { Session } from './session.ts'

/** What a person must know of their account before anything else: that it had been closed, that texts wait. */
export function AccountNotices({ session }: { session: Session }) {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const { pathname } = useLocation()
  const client = useQueryClient()
  const told = useMutation({
    mutationFn: () => api.POST('/api/identity/accounts/compromised/told'),
    onSettled: () => client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  })
  return (
    <div aria-live="polite">
      {session.compromisedAt && (
        <Notice kind="warning" title={t('compromised.title')}>
          <p>{t('compromised.text', { date: format.dateTime(session.compromisedAt) })}</p>
          <div className="row">
            <Link to={paths.signIns()}>{t('compromised.see')}</Link>
            <Button busy={told.isPending} onClick={() => told.mutate()}>
              {t('compromised.understood')}
            </Button>
          </div>
        </Notice>
      )}
      {!session.welcomed && pathname === paths.home() && (
        <Notice title={t('welcome.notice')}>
          <p>
            <Link to={paths.welcome()}>{t('welcome.noticeLink')}</Link>
          </p>
        </Notice>
      )}
    </div>
  )
}
