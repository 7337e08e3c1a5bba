import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { WhatIfAnswer } from './what-if-answer.tsx'
import { type WhatIf, useVoices } from './votes.ts'
import './what-if-page.css'

/** What one supposes of a member, as the address and the API say it; `present` is what is said of nobody. */
const supposed = ['for', 'against', 'abstain', 'absent', 'recused'] as const
type Supposed = (typeof supposed)[number]

/** Before the vote: who must come, who must agree, who can block alone, and what each absence changes. */
export function WhatIfPage() {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const [search, setSearch] = useSearchParams()
  const ballot = search.get('ballot')
  const said = Object.fromEntries(supposed.map((name) => [name, search.get(name) ?? '']))
  const { data, error, isPlaceholderData, refetch } = useQuery({
    queryKey: ['governance', slug, 'what-if', ballot, said],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/what-if', {
          params: { path: { slug }, query: { ...said, ...(ballot === null ? {} : { ballot }) } },
        }),
      ),
    placeholderData: keepPreviousData,
  })
  const suppose = (party: string, what: string) => {
    // As the address stands now: the page may not show yet what was supposed an instant ago.
    const next = new URLSearchParams(window.location.search)
    for (const name of supposed) {
      const others = (next.get(name) ?? '').split(',').filter((each) => each !== '' && each !== party)
      if (name === what) others.push(party)
      if (others.length > 0) next.set(name, others.join(','))
      else next.delete(name)
    }
    setSearch(next, { replace: true })
  }
  const touched = supposed.some((name) => said[name] !== '')
  return (
    <GovernancePage busy={!data && !error} lead={t('whatIf.lead')} title={t('whatIf.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} height="4rem" />}
      {data && (
        <>
          <SelectField
            label={t('whatIf.rule')}
            onChange={(event) => setSearch({ ballot: event.target.value }, { replace: true })}
            options={data.rules.map(({ key, name, bodyName }) => ({ value: key, label: `${bodyName} · ${name}` }))}
            value={data.rule.key}
          />
          {data.rule.interpretation && (
            <p className="small quiet measure">
              {t('interpretation', { number: data.rule.article, text: data.rule.interpretation })}
            </p>
          )}
          <div className="what-if">
            <Section
              actions={
                touched && (
                  <Button look="quiet" onClick={() => setSearch({ ballot: data.rule.key }, { replace: true })}>
                    {t('whatIf.reset')}
                  </Button>
                )
              }
              title={t('whatIf.suppose')}
            >
              <ul className="what-if-members">
                {data.voters.map((voter) => (
                  <Member key={voter.party} onSuppose={suppose} voter={voter} />
                ))}
              </ul>
            </Section>
            <div aria-busy={isPlaceholderData || undefined} className="stack stack-wide">
              {error && <Failure error={error} onRetry={() => void refetch()} />}
              <WhatIfAnswer answer={data} />
            </div>
          </div>
          <Notice kind="info" title={t('whatIf.how')}>
            <Assumptions answer={data} />
          </Notice>
        </>
      )}
    </GovernancePage>
  )
}

function Member({
  voter,
  onSuppose,
}: {
  voter: WhatIf['voters'][number]
  onSuppose: (party: string, what: string) => void
}) {
  const { t } = useTranslation('votes')
  const voices = useVoices()
  const now: Supposed | 'present' =
    supposed.find((name) => name === voter.state || (voter.state === 'present' && name === voter.vote)) ?? 'present'
  return (
    <li>
      <SelectField
        label={
          <>
            {voter.name}{' '}
            <span className="quiet">
              {t('withVoices', { count: Number(voter.voices), voices: voices(voter.voices) })}
            </span>
          </>
        }
        onChange={(event) => onSuppose(voter.party, event.target.value)}
        options={(['present', ...supposed] as const).map((value) => ({ value, label: t(`whatIf.as.${value}`) }))}
        value={now}
      />
    </li>
  )
}

function Assumptions({ answer }: { answer: WhatIf }) {
  const { t, i18n } = useTranslation('votes')
  return (
    <>
      {answer.assumptions.map((told) => (
        <p key={told.fr}>{i18n.language === 'en' ? told.en : told.fr}</p>
      ))}
      <p>{t('whatIf.kept')}</p>
    </>
  )
}
