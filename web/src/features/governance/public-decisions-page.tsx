import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useAgreementSlug } from './governance.ts'
import './publication.css'

const files = ['deliberations.csv', 'votes.csv', 'agreement.yaml'] as const

/** What a consortium decided, for everybody: the decisions, their open data, the key that verifies them. */
export function PublicDecisionsPage() {
  const { t } = useTranslation('publication')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [before, setBefore] = useState<string[]>([])
  const last = before.at(-1)
  const path = { slug }
  const about = useQuery({
    queryKey: ['governance', 'public', slug],
    queryFn: () => read(api.GET('/api/governance/public/{slug}', { params: { path } })),
  })
  const list = useQuery({
    queryKey: ['governance', 'public', slug, 'decisions', last],
    queryFn: () =>
      read(
        api.GET('/api/governance/public/{slug}/decisions', {
          params: { path, query: last === undefined ? {} : { before: last } },
        }),
      ),
  })
  const error = about.error ?? list.error
  return (
    <Page
      busy={!about.data && !error}
      lead={about.data && t('public.lead', { name: about.data.publisher.name })}
      title={about.data?.title ?? t('public.title')}
    >
      {error && <Failure error={error} onRetry={() => void about.refetch().then(() => list.refetch())} />}
      {!list.data && !error && <SkeletonRows count={4} />}
      {list.data?.decisions.length === 0 && <Empty title={t('public.none')}>{t('public.noneText')}</Empty>}
      {list.data && (
        <>
          <ul className="decision-list">
            {list.data.decisions.map(({ id, number, kind, bodyName, decidedOn, title, outcome }) => (
              <li className="decision" key={id}>
                <p className="small quiet">
                  {t(`kind.${kind}`)} {number} · {bodyName} · {format.day(decidedOn)}
                </p>
                <h2 className="decision-title">
                  <Link to={paths.publicDecision(slug, number)}>{title}</Link>
                </h2>
                <p>{t(`outcome.${outcome}`)}</p>
              </li>
            ))}
          </ul>
          <div className="row">
            {before.length > 0 && <Button onClick={() => setBefore(before.slice(0, -1))}>{t('newer')}</Button>}
            {list.data.more && (
              <Button onClick={() => setBefore([...before, list.data.decisions.at(-1)?.id ?? ''])}>{t('older')}</Button>
            )}
          </div>
        </>
      )}
      {about.data && (
        <>
          <Section hint={t('public.openHint')} title={t('public.open')}>
            <ul className="stack">
              {files.map((file) => (
                <li key={file}>
                  <a download href={`/api/governance/public/${encodeURIComponent(slug)}/${file}`}>
                    {t(
                      `public.files.${file === 'agreement.yaml' ? 'agreement' : file === 'votes.csv' ? 'votes' : 'deliberations'}`,
                    )}
                  </a>
                </li>
              ))}
              <li>
                <a href="/api/governance/public/catalogue.jsonld">{t('public.files.catalogue')}</a>
              </li>
            </ul>
          </Section>
          <Section title={t('public.members')}>
            <p className="measure">{format.list(about.data.members)}</p>
            <p className="quiet small">
              {t('public.version', { version: about.data.version, from: format.day(about.data.validFrom) })}
            </p>
          </Section>
          {about.data.journal && (
            <Section hint={t('journal.keyHint')} title={t('journal.key')}>
              <p className="publication-note publication-value">{about.data.journal.key}</p>
              <details>
                <summary>{t('public.root', { when: format.dateTime(about.data.journal.signedAt) })}</summary>
                <p className="publication-note publication-value">{about.data.journal.checkpoint}</p>
              </details>
            </Section>
          )}
        </>
      )}
    </Page>
  )
}
