import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { appearanceQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Mark } from '../../ui/mark.tsx'
import { Notice } from '../../ui/notice.tsx'

interface Holder {
  id: string
  givenName: string
  familyName: string
}

/** Makes an access code for someone, shows it once, and prints it as the letter to hand over. */
export function AccessCode({ person }: { person: Holder }) {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const explain = useProblemText()
  const { data: appearance } = useQuery(appearanceQuery)
  const letter = useRef<HTMLElement>(null)
  const client = useQueryClient()
  const issue = useMutation({
    mutationFn: () => read(api.POST('/api/identity/people/{id}/access-code', { params: { path: { id: person.id } } })),
    // What was just done stands in the history, and in the state of the account.
    onSuccess: () => client.invalidateQueries({ queryKey: ['person', person.id] }),
  })
  useEffect(() => {
    if (issue.data) letter.current?.focus()
  }, [issue.data])
  const name = format.name(person)
  return (
    <Section hint={t('code.hint')} title={t('code.issue')}>
      {issue.error && <Notice kind="danger" live="alert" title={explain(issue.error)} />}
      {issue.data ? (
        <div className="code-panel stack">
          <Notice kind="warning" title={t('code.once')} />
          <article aria-label={t('code.title', { name })} className="letter" ref={letter} tabIndex={-1}>
            <p className="letter-brand">
              <Mark height="34" width="34" /> {appearance?.name}
            </p>
            <p>{t('code.letterFor', { name })}</p>
            <p>{issue.data.purpose === 'activation' ? t('code.letterActivation') : t('code.letterReset')}</p>
            {issue.data.replaces && (
              <p>
                <strong>{t('code.replaced')}</strong>
              </p>
            )}
            <ol>
              <li>
                {t('code.step1')} <strong>{new URL(paths.activate(), window.location.origin).href}</strong>
              </li>
              <li>
                {t('code.step2')}
                <span className="letter-code">{issue.data.code}</span>
              </li>
              <li>
                {t('code.step3')}
                <span className="letter-code">{issue.data.login}</span>
              </li>
            </ol>
            <p>{t('code.letterUntil', { date: format.dateTime(issue.data.expiresAt) })}</p>
            <p className="quiet">{t('code.letterHelp')}</p>
          </article>
          <div className="row">
            <Button look="primary" onClick={() => window.print()}>
              <Icon name="print" /> {t('code.print')}
            </Button>
          </div>
        </div>
      ) : (
        <div>
          <Button busy={issue.isPending} onClick={() => issue.mutate()}>
            {t('code.make')}
          </Button>
        </div>
      )}
    </Section>
  )
}
