import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { providersQuery } from './providers.ts'

/** The outside identities that open one's account, and the way to add one. */
export function AccountLinks() {
  const { t } = useTranslation('federation')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['links'],
    queryFn: () => read(api.GET('/api/identity/links')),
  })
  const { data: offered } = useQuery(providersQuery())
  const remove = useMutation({
    mutationFn: (id: string) => api.DELETE('/api/identity/links/{id}', { params: { path: { id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ['links'] }),
  })
  const toAdd = offered?.providers.filter(
    ({ name, federation }) => !federation && !data?.links.some((link) => link.name === name),
  )
  if (data?.links.length === 0 && data.logins.length === 0 && toAdd?.length === 0) return null
  return (
    <Section hint={t('links.hint')} title={t('links.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={2} />}
      {remove.error && <Notice kind="danger" live="alert" title={explain(remove.error)} />}
      {data && data.logins.length > 0 && (
        <p className="measure">{t('links.logins', { count: data.logins.length, logins: format.list(data.logins) })}</p>
      )}
      {data && data.links.length > 0 && (
        <ul className="sessions">
          {data.links.map((link) => (
            <li key={link.id}>
              <div>
                <strong>{link.name}</strong>
                <p className="quiet small">{t('links.since', { when: format.dateTime(link.linkedAt) })}</p>
              </div>
              <Button
                aria-label={t('links.removeOf', { name: link.name })}
                busy={remove.isPending && remove.variables === link.id}
                onClick={() => remove.mutate(link.id)}
              >
                {t('links.remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {toAdd && toAdd.length > 0 && (
        <div className="row">
          {toAdd.map(({ slug, name }) => (
            <a
              className={buttonClass()}
              href={paths.startFederation(slug, { link: '1', returnTo: paths.account() })}
              key={slug}
            >
              {t('links.add', { name })}
            </a>
          ))}
        </div>
      )}
    </Section>
  )
}
