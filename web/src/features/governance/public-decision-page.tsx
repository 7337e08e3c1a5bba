import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { SkeletonLines } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { useAgreementSlug } from './governance.ts'
import { VerdictAccount } from './verdict-account.tsx'
import './publication.css'

/** A decision as everybody reads it: its words, its vote explained, its proof. */
export function PublicDecisionPage() {
  const { t, i18n } = useTranslation('publication')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { number = '' } = useParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['governance', 'public', slug, 'decision', number],
    queryFn: () =>
      read(api.GET('/api/governance/public/{slug}/decisions/{number}', { params: { path: { slug, number } } })),
  })
  const nameOf = (party: string) => data?.parties.find(({ key }) => key === party)?.name ?? party
  const language = i18n.language === 'en' ? 'en' : 'fr'
  const file = `/api/governance/public/${encodeURIComponent(slug)}/decisions/${encodeURIComponent(number)}`
  return (
    <Page
      back={{ to: paths.publicDecisions(slug), label: t('public.all') }}
      busy={!data && !error}
      lead={data && `${t(`kind.${data.kind}`)} ${data.number} · ${data.bodyName} · ${format.day(data.decidedOn)}`}
      title={data?.title ?? t('public.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines count={5} />}
      {data && (
        <>
          <p>
            <strong>{t(`outcome.${data.outcome}`)}</strong>
          </p>
          {data.text !== '' && <p className="measure decision-text">{data.text}</p>}
          {data.verdict && data.verdict.tally.length > 0 && (
            <Section title={t('public.votes')}>
              <Table
                caption={t('public.votes')}
                head={
                  <tr>
                    <th scope="col">{t('public.vote')}</th>
                    <th className="number" scope="col">
                      {t('public.voices')}
                    </th>
                    <th scope="col">{t('public.by')}</th>
                  </tr>
                }
                stacked
              >
                {data.verdict.tally.map(({ choice, label, voices, parties }) => (
                  <tr key={choice}>
                    <th scope="row">{label[language]}</th>
                    <td className="number" data-label={t('public.voices')}>
                      <span>{language === 'fr' ? voices.replace('.', ',') : voices}</span>
                    </td>
                    <td data-label={t('public.by')}>
                      <span>{parties.length === 0 ? '–' : format.list(parties.map(nameOf))}</span>
                    </td>
                  </tr>
                ))}
              </Table>
            </Section>
          )}
          {data.verdict && (
            <Section title={t('account')}>
              <VerdictAccount verdict={data.verdict} />
            </Section>
          )}
          <Section hint={t('public.proofHint')} title={t('public.proof')}>
            <ul className="stack">
              <li>
                <a download href={`${file}/proof`}>
                  {t('proofOf', { number: data.number })}
                </a>
              </li>
              <li>
                <a href={file}>{t('public.words')}</a>
              </li>
            </ul>
          </Section>
        </>
      )}
    </Page>
  )
}
