import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import './publication.css'

/** The journal that proves what was done: its events in their order, and the roots that were signed. */
export function JournalPage() {
  const { t } = useTranslation('publication')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [before, setBefore] = useState<number[]>([])
  const last = before.at(-1)
  const { data, error, refetch } = useQuery({
    queryKey: ['governance', slug, 'journal', last],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/journal', {
          params: { path: { slug }, query: last === undefined ? {} : { before: last } },
        }),
      ),
  })
  const signed = data?.checkpoints[0]?.size ?? 0
  return (
    <GovernancePage
      back={{ to: paths.governanceDecisions(slug), label: t('title') }}
      busy={!data && !error}
      lead={t('journal.lead')}
      title={t('journal.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data?.entries.length === 0 && <Empty title={t('journal.none')}>{t('journal.noneText')}</Empty>}
      {data && data.entries.length > 0 && (
        <>
          <Table
            caption={t('journal.events')}
            head={
              <tr>
                <th scope="col">{t('journal.place')}</th>
                <th scope="col">{t('journal.when')}</th>
                <th scope="col">{t('journal.kind')}</th>
                <th scope="col">{t('journal.proof')}</th>
              </tr>
            }
            stacked
          >
            {data.entries.map(({ seq, kind, content, recordedAt }) => (
              <tr key={seq}>
                <th scope="row">{seq}</th>
                <td data-label={t('journal.when')}>
                  <span>{format.dateTime(recordedAt)}</span>
                </td>
                <td data-label={t('journal.kind')}>
                  <Event content={content} kind={kind} />
                </td>
                <td data-label={t('journal.proof')}>
                  {content === null ? (
                    <span className="quiet">{t('journal.kept')}</span>
                  ) : seq < signed ? (
                    <a download href={`/api/governance/agreements/${encodeURIComponent(slug)}/journal/${seq}/proof`}>
                      {t('journal.take', { seq })}
                    </a>
                  ) : (
                    <span className="quiet">{t('journal.awaited')}</span>
                  )}
                </td>
              </tr>
            ))}
          </Table>
          <div className="row">
            {before.length > 0 && <Button onClick={() => setBefore(before.slice(0, -1))}>{t('newer')}</Button>}
            {data.more && (
              <Button onClick={() => setBefore([...before, data.entries.at(-1)?.seq ?? 0])}>{t('older')}</Button>
            )}
          </div>
          <Section hint={t('journal.keyHint')} title={t('journal.key')}>
            {data.key ? (
              <p className="publication-note publication-value">{data.key}</p>
            ) : (
              <p className="quiet">{t('journal.noKey')}</p>
            )}
            <p className="measure quiet">
              {t('journal.verify')} <code>{t('journal.command')}</code>
            </p>
          </Section>
          {data.checkpoints.length > 0 && (
            <Section hint={t('journal.rootsHint')} title={t('journal.roots')}>
              <ul className="stack">
                {data.checkpoints.map(({ size, note, signedAt }) => (
                  <li key={size}>
                    <details>
                      <summary>{t('journal.root', { count: size, when: format.dateTime(signedAt) })}</summary>
                      <p className="publication-note publication-value">{note}</p>
                    </details>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </>
      )}
    </GovernancePage>
  )
}

function Event({ kind, content }: { kind: string; content: string | null }) {
  const { t } = useTranslation('publication')
  if (content === null) return <span>{t(`journal.kinds.${kind}`, { defaultValue: kind })}</span>
  return (
    <details>
      <summary>{t(`journal.kinds.${kind}`, { defaultValue: kind })}</summary>
      <p className="publication-value">{content}</p>
    </details>
  )
}
