import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { type Change, changesQuery, listAwaited, useNames } from './changes.ts'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { useMaking } from './meetings.ts'

type Head = Pick<Change, 'id' | 'number' | 'title' | 'requestedBy' | 'requestedAt' | 'state' | 'structuring' | 'next'>

/** The changes of an agreement, what each waits for, and asking for one. */
export function ChangesPage() {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const { data, error, refetch } = useQuery(changesQuery(slug))
  return (
    <GovernancePage
      actions={
        <Link className={buttonClass('secondary')} to={paths.governanceCrises(slug)}>
          {t('crisis.link')}
        </Link>
      }
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && data.changes.length === 0 && <Empty title={t('none')}>{t('noneText')}</Empty>}
      {data && data.changes.length > 0 && <ChangeList changes={data.changes} />}
      {data && <RequestForm />}
    </GovernancePage>
  )
}

function ChangeList({ changes }: { changes: Head[] }) {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const names = useNames()
  const format = useFormat()
  return (
    <Table
      caption={t('list')}
      head={
        <tr>
          <th scope="col">{t('change')}</th>
          <th scope="col">{t('by')}</th>
          <th scope="col">{t('state')}</th>
          <th scope="col">{t('next')}</th>
        </tr>
      }
      stacked
    >
      {changes.map((change) => (
        <tr key={change.id}>
          <th scope="row">
            <Link to={paths.governanceChange(slug, change.id)}>{change.title}</Link>
            <br />
            <span className="small quiet">{t('number', { number: change.number })}</span>
            {change.structuring !== null && (
              <span className="tag">{change.structuring ? t('structuring') : t('notStructuring')}</span>
            )}
          </th>
          <td data-label={t('by')}>
            <div>
              {names.party(change.requestedBy)}
              <br />
              <span className="small quiet">{format.dayMedium(change.requestedAt)}</span>
            </div>
          </td>
          <td data-label={t('state')}>
            <div>{t(`states.${change.state}`)}</div>
          </td>
          <td data-label={t('next')}>
            <div>
              <NextSteps change={change} />
            </div>
          </td>
        </tr>
      ))}
    </Table>
  )
}

function NextSteps({ change }: { change: Head }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const next = listAwaited(change)
  if (change.state === 'scheduled') return <>{t('page.waitVote')}</>
  if (next.length === 0) return <span className="quiet">{t('nothingNext')}</span>
  return (
    <ul className="stack stack-tight">
      {next.map(({ step, by, yours }) => (
        <li key={step}>
          {t('waiting', { step: t(`steps.${step}`), who: format.list(by.map((taker) => t(`takers.${taker}`))) })}
          {yours && <span className="tag">{t('yours')}</span>}
        </li>
      ))}
    </ul>
  )
}

function RequestForm() {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const names = useNames()
  const { data: agreement } = useAgreement()
  const pilot = agreement?.parties.find(({ roles }) => roles.includes('pilot'))?.key
  const mine = [
    ...new Set([
      ...(agreement?.seats.map(({ party }) => party) ?? []),
      ...(agreement?.manages && pilot !== undefined ? [pilot] : []),
    ]),
  ]
  const [draft, setDraft] = useState({ title: '', need: '', party: '' })
  const party = draft.party || (mine[0] ?? '')
  const request = useMaking(
    (requestKey) =>
      read(
        api.POST('/api/governance/agreements/{slug}/changes', {
          params: { path: { slug } },
          body: { requestKey, title: draft.title, need: draft.need, party },
        }),
      ),
    () => setDraft({ title: '', need: '', party: '' }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!request.isPending) request.mutate()
  }
  if (agreement && mine.length === 0) return <p className="quiet measure">{t('request.nobody')}</p>
  return (
    <Section hint={t('request.hint')} title={t('request.title')}>
      <div aria-live="polite">
        {request.isSuccess && <Notice kind="success" title={t('request.done', { number: request.data.number })} />}
      </div>
      {request.error && <Failure error={request.error} />}
      <form className="stack measure" onSubmit={submit}>
        <TextField
          label={t('request.name')}
          maxLength={200}
          onChange={({ target }) => setDraft({ ...draft, title: target.value })}
          required
          value={draft.title}
        />
        <TextArea
          label={t('request.need')}
          onChange={({ target }) => setDraft({ ...draft, need: target.value })}
          required
          rows={4}
          value={draft.need}
        />
        {mine.length > 1 && (
          <SelectField
            label={t('request.party')}
            onChange={({ target }) => setDraft({ ...draft, party: target.value })}
            options={mine.map((key) => ({ value: key, label: names.party(key) }))}
            value={party}
          />
        )}
        <div>
          <Button busy={request.isPending} look="primary" type="submit">
            {t('request.submit')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
