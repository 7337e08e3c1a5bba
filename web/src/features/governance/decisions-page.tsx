import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { VerdictAccount } from './verdict-account.tsx'
import './publication.css'

type Answer =
  ApiPaths['/api/governance/agreements/{slug}/decisions']['get']['responses'][200]['content']['application/json']
type Decision = Answer['decisions'][number]

const decisionsKey = (slug: string) => ['governance', slug, 'decisions']

/** What the consortium decided: each decision with its account and its proof; making it public. */
export function DecisionsPage() {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const [before, setBefore] = useState<string[]>([])
  const last = before.at(-1)
  const { data: agreement } = useAgreement()
  // What the pilot gives is for members; the others are not sent where they may not read.
  const readsDocuments =
    agreement !== undefined &&
    (agreement.manages ||
      agreement.seats.some(({ party }) =>
        agreement.parties.some(({ key, roles }) => key === party && roles.includes('member')),
      ))
  const { data, error, refetch } = useQuery({
    queryKey: [...decisionsKey(slug), last],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/decisions', {
          params: { path: { slug }, query: last === undefined ? {} : { before: last } },
        }),
      ),
  })
  return (
    <GovernancePage
      actions={
        <>
          {readsDocuments && (
            <Link className="button button-secondary" to={paths.governanceDocuments(slug)}>
              {t('documents.title')}
            </Link>
          )}
          <Link className="button button-secondary" to={paths.governanceJournal(slug)}>
            {t('journal.title')}
          </Link>
        </>
      }
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          {data.publisher ? (
            <p className="measure">
              {t('publisher.said', { name: data.publisher.name, siret: data.publisher.siret })}{' '}
              <Link to={paths.publicDecisions(slug)}>{t('publicPage')}</Link>
            </p>
          ) : (
            <Notice kind="info" title={t('publisher.none')}>
              {t('publisher.noneText')}
            </Notice>
          )}
          {data.decisions.length === 0 && <Empty title={t('none')}>{t('noneText')}</Empty>}
          {data.decisions.length > 0 && (
            <ul className="decision-list">
              {data.decisions.map((decision) => (
                <DecisionItem
                  decision={decision}
                  key={decision.id}
                  publishable={data.manages && data.publisher !== null}
                />
              ))}
            </ul>
          )}
          {(before.length > 0 || data.more) && (
            <div className="row">
              {before.length > 0 && <Button onClick={() => setBefore(before.slice(0, -1))}>{t('newer')}</Button>}
              {data.more && (
                <Button onClick={() => setBefore([...before, data.decisions.at(-1)?.id ?? ''])}>{t('older')}</Button>
              )}
            </div>
          )}
          {data.manages && <PublisherForm publisher={data.publisher} />}
        </>
      )}
    </GovernancePage>
  )
}

function DecisionItem({ decision, publishable }: { decision: Decision; publishable: boolean }) {
  const { t } = useTranslation('publication')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { number, kind, outcome, bodyName, decidedOn, title, text, verdict, seq, adoptedVersion, publishedAt } =
    decision
  return (
    <li className="decision">
      <p className="small quiet">
        {t(`kind.${kind}`)} {number} · {bodyName} · {format.day(decidedOn)}
      </p>
      <h2 className="decision-title">{title}</h2>
      <p>
        <strong>{t(`outcome.${outcome}`)}</strong>
        {publishedAt ? ` · ${t('publishedOn', { when: format.dateTime(publishedAt) })}` : ` · ${t('notPublished')}`}
      </p>
      {text !== '' && <p className="measure decision-text">{text}</p>}
      {adoptedVersion !== null && (
        <p>
          <Link
            to={paths.governanceVersions(
              slug,
              adoptedVersion > 1 ? { version: String(adoptedVersion), since: String(adoptedVersion - 1) } : {},
            )}
          >
            {t('adoptedVersion', { version: adoptedVersion })}
          </Link>
        </p>
      )}
      {verdict && (
        <details>
          <summary>{t('account')}</summary>
          <VerdictAccount verdict={verdict} />
        </details>
      )}
      <p>
        <a download href={`/api/governance/agreements/${encodeURIComponent(slug)}/journal/${seq}/proof`}>
          {t('proofOf', { number })}
        </a>
      </p>
      {publishable && !publishedAt && <PublishForm number={number} />}
    </li>
  )
}

function PublishForm({ number }: { number: string }) {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  const explain = useProblemText()
  const [matterCode, setCode] = useState('8.1')
  const [matterName, setName] = useState(t('matter.proposed'))
  const [checked, setChecked] = useState(false)
  const publish = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/governance/agreements/{slug}/decisions/{number}/publication', {
          params: { path: { slug, number } },
          body: { matterCode, matterName: matterName.trim() },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: decisionsKey(slug) }),
  })
  const wrongCode = !/^\d\.\d{1,2}$/.test(matterCode)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (!wrongCode && matterName.trim() !== '') publish.mutate()
  }
  return (
    <details>
      <summary>{t('publish.open', { number })}</summary>
      <form className="publication-form" noValidate onSubmit={submit}>
        {publish.error && <Notice kind="danger" live="alert" title={explain(publish.error)} />}
        <p className="quiet">{t('publish.forGood')}</p>
        <TextField
          error={checked && wrongCode ? t('matter.codeWrong') : undefined}
          hint={t('matter.codeHint')}
          label={t('matter.code')}
          onChange={({ target }) => setCode(target.value)}
          value={matterCode}
        />
        <TextField
          error={checked && matterName.trim() === '' ? t('matter.nameMissing') : undefined}
          label={t('matter.name')}
          maxLength={200}
          onChange={({ target }) => setName(target.value)}
          value={matterName}
        />
        <div>
          <Button busy={publish.isPending} look="primary" type="submit">
            {t('publish.do', { number })}
          </Button>
        </div>
      </form>
    </details>
  )
}

function PublisherForm({ publisher }: { publisher: Answer['publisher'] }) {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  const explain = useProblemText()
  const [name, setName] = useState(publisher?.name ?? '')
  const [siret, setSiret] = useState(publisher?.siret ?? '')
  const [checked, setChecked] = useState(false)
  const digits = siret.replaceAll(/\s/g, '')
  const save = useMutation({
    mutationFn: () =>
      read(
        api.PUT('/api/governance/agreements/{slug}/publisher', {
          params: { path: { slug } },
          body: { name: name.trim(), siret: digits },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: decisionsKey(slug) }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (name.trim() !== '' && /^\d{14}$/.test(digits)) save.mutate()
  }
  return (
    <Section hint={t('publisher.hint')} title={t('publisher.title')}>
      <div aria-live="polite">{save.isSuccess && <Notice kind="success" title={t('publisher.saved')} />}</div>
      <details className="act" open={publisher === null || save.isSuccess}>
        <summary>{t(publisher ? 'publisher.change' : 'publisher.say')}</summary>
        <form className="publication-form" noValidate onSubmit={submit}>
          {save.error && <Notice kind="danger" live="alert" title={explain(save.error)} />}
          <TextField
            error={checked && name.trim() === '' ? t('publisher.nameMissing') : undefined}
            label={t('publisher.name')}
            maxLength={200}
            onChange={({ target }) => setName(target.value)}
            value={name}
          />
          <TextField
            autoComplete="off"
            error={checked && !/^\d{14}$/.test(digits) ? t('publisher.siretWrong') : undefined}
            hint={t('publisher.siretHint')}
            inputMode="numeric"
            label={t('publisher.siret')}
            onChange={({ target }) => setSiret(target.value)}
            value={siret}
          />
          <div>
            <Button busy={save.isPending} type="submit">
              {t('publisher.save')}
            </Button>
          </div>
        </form>
      </details>
    </Section>
  )
}
