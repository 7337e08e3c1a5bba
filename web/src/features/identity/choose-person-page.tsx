import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { useEnter } from '../../shell/session.ts'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useArrival } from './arrival.ts'
import { EntryLayout } from './entry-layout.tsx'

/** Several people of the directory answer to one outside identity: whom to be today. */
export function ChoosePersonPage() {
  const { t } = useTranslation('federation')
  const format = useFormat()
  const enter = useEnter()
  const explain = useProblemText()
  const { data, error, refetch } = useArrival()
  const choose = useMutation({
    mutationFn: (personId: string) => read(api.POST('/api/identity/arrival/choose', { body: { personId } })),
    onSuccess: ({ returnTo }) => enter(returnTo),
  })
  return (
    <EntryLayout title={t('choose.title')}>
      <h1 tabIndex={-1}>{t('choose.title')}</h1>
      {choose.error && <Notice kind="danger" live="alert" title={explain(choose.error)} />}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={2} />}
      {data && (
        <>
          <p>{t('choose.text', { provider: data.provider.name })}</p>
          <ul className="stack stack-tight">
            {data.people.map((person) => (
              <li key={person.id}>
                <button
                  className="demo-account"
                  onClick={() => {
                    if (!choose.isPending) choose.mutate(person.id)
                  }}
                  type="button"
                >
                  <strong>{format.name(person)}</strong>
                  <span className="quiet small">
                    {format.list(person.profiles.map((each) => findText(`federation:profile.${each}`) ?? each))}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <p className="quiet small">{t('choose.merge')}</p>
        </>
      )}
      <p>
        <Link to={paths.signIn()}>{t('choose.back')}</Link>
      </p>
    </EntryLayout>
  )
}
