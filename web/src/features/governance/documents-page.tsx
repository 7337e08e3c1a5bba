import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { upload } from '../../api/upload.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Progress } from '../../ui/progress.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useNames } from './changes.ts'
import { FileButton } from './file-button.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { useAct, useMaking } from './meetings.ts'
import { StepForm } from './step-form.tsx'
import './meetings.css'
import './publication.css'

const base = '/api/governance/agreements/{slug}/document-requests'
type Answer = ApiPaths[typeof base]['get']['responses'][200]['content']['application/json']
type DocumentRequest = Answer['requests'][number]
type Kind = DocumentRequest['kind']

/** What members ask the pilot for, and what it gave: what one was given, all may have. */
export function DocumentsPage() {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const [before, setBefore] = useState<number[]>([])
  const below = before.at(-1)
  const { data, error, refetch } = useQuery({
    queryKey: ['governance', slug, 'documents', below],
    queryFn: () => read(api.GET(base, { params: { path: { slug }, query: below === undefined ? {} : { below } } })),
  })
  return (
    <GovernancePage
      back={{ to: paths.governanceDecisions(slug), label: t('title') }}
      busy={!data && !error}
      lead={t('documents.lead')}
      title={t('documents.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          {data.asksFor.length > 0 && <AskForm asksFor={data.asksFor} />}
          {data.requests.length === 0 && <Empty title={t('documents.none')}>{t('documents.noneText')}</Empty>}
          {data.requests.length > 0 && (
            <ul className="decision-list">
              {data.requests.map((request) => (
                <RequestItem
                  key={request.id}
                  manages={data.manages}
                  request={request}
                  withdraws={data.asksFor.includes(request.party)}
                />
              ))}
            </ul>
          )}
          {(before.length > 0 || data.more) && (
            <div className="row">
              {before.length > 0 && <Button onClick={() => setBefore(before.slice(0, -1))}>{t('newer')}</Button>}
              {data.more && (
                <Button onClick={() => setBefore([...before, data.requests.at(-1)?.number ?? 1])}>{t('older')}</Button>
              )}
            </div>
          )}
        </>
      )}
    </GovernancePage>
  )
}

function AskForm({ asksFor }: { asksFor: string[] }) {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const names = useNames()
  const fresh = { party: asksFor[0] ?? '', kind: 'administrative' as Kind, title: '', text: '' }
  const [draft, setDraft] = useState(fresh)
  const ask = useMaking(
    (requestKey) => read(api.POST(base, { params: { path: { slug } }, body: { ...draft, requestKey } })),
    () => setDraft(fresh),
  )
  const kinds = ['administrative', 'financial', 'technical'] as const
  return (
    <StepForm
      folded
      hint={t('documents.askHint')}
      label={t('documents.ask')}
      onSubmit={() => ask.mutate()}
      step={ask}
      title={t('documents.new')}
    >
      {asksFor.length > 1 && (
        <SelectField
          label={t('documents.party')}
          onChange={({ target }) => setDraft({ ...draft, party: target.value })}
          options={asksFor.map((value) => ({ value, label: names.party(value) }))}
          value={draft.party}
        />
      )}
      <SelectField
        label={t('documents.kind')}
        onChange={({ target }) =>
          setDraft({ ...draft, kind: kinds.find((each) => each === target.value) ?? draft.kind })
        }
        options={kinds.map((value) => ({ value, label: t(`documents.kinds.${value}`) }))}
        value={draft.kind}
      />
      <TextField
        hint={t('documents.whatHint')}
        label={t('documents.what')}
        maxLength={200}
        onChange={({ target }) => setDraft({ ...draft, title: target.value })}
        required
        value={draft.title}
      />
      <TextArea
        label={t('documents.details')}
        maxLength={4000}
        onChange={({ target }) => setDraft({ ...draft, text: target.value })}
        rows={3}
        value={draft.text}
      />
    </StepForm>
  )
}

function RequestItem({
  request,
  manages,
  withdraws,
}: {
  request: DocumentRequest
  manages: boolean
  withdraws: boolean
}) {
  const { t } = useTranslation('publication')
  const format = useFormat()
  const names = useNames()
  const { number, party, kind, title, text, requestedAt, outcome, answer, answeredAt } = request
  return (
    <li className="decision">
      <p className="small quiet">
        {t('documents.request', { number, party: names.party(party), when: format.dateTime(requestedAt) })} ·{' '}
        {t(`documents.kinds.${kind}`)}
      </p>
      <h2 className="decision-title">{title}</h2>
      <p>
        <strong>{t(`documents.state.${outcome ?? 'waiting'}`)}</strong>
        {answeredAt !== null && ` · ${format.dateTime(answeredAt)}`}
      </p>
      {text !== '' && <p className="measure decision-text">{text}</p>}
      {answer && (
        <p className="measure decision-text">
          <span className="quiet">{t('documents.answered')}</span> {answer}
        </p>
      )}
      {outcome !== null && <Files removable={false} request={request} />}
      {outcome === null && manages && <AnswerForm request={request} />}
      {outcome === null && withdraws && <Withdraw request={request} />}
    </li>
  )
}

function Files({ request, removable }: { request: DocumentRequest; removable: boolean }) {
  const { t } = useTranslation('publication')
  const format = useFormat()
  const slug = useAgreementSlug()
  const remove = useAct((file: string) =>
    api.DELETE(`${base}/{id}/files/{file}`, { params: { path: { slug, id: request.id, file } } }),
  )
  if (request.files.length === 0) return null
  return (
    <>
      <ul className="papers">
        {request.files.map(({ id, name, size }) => (
          <li key={id}>
            <a download href={paths.documentFile(slug, id)}>
              <Icon name="file" size={18} /> {name}
            </a>
            <span className="small quiet">{format.bytes(size)}</span>
            {removable && (
              <Button busy={remove.isPending} look="quiet" onClick={() => remove.mutate(id)}>
                {t('documents.remove')}
                <span className="visually-hidden"> : {name}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
      {remove.error && <Failure error={remove.error} />}
    </>
  )
}

/** Gathers the files, then gives them; without any, the answer is that the pilot does not hold them. */
function AnswerForm({ request }: { request: DocumentRequest }) {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const [text, setText] = useState('')
  const [sent, setSent] = useState<{ done: number; total: number }>()
  const add = useAct((file: File) =>
    upload(paths.uploadDocument(slug, request.id), [file], {
      signal: new AbortController().signal,
      onProgress: (done, total) => setSent({ done, total }),
    }).finally(() => setSent(undefined)),
  )
  const outcome = request.files.length > 0 ? 'given' : 'notHeld'
  const answer = useAct(() =>
    api.POST(`${base}/{id}/answer`, { params: { path: { slug, id: request.id } }, body: { outcome, text } }),
  )
  let adding: ReactNode = (
    <FileButton label={t('documents.add')} of={request.title} onChoose={(file) => add.mutate(file)} />
  )
  if (sent) adding = <Progress label={t('documents.sending')} maximum={sent.total} value={sent.done} />
  return (
    <StepForm
      folded
      hint={t('documents.answerHint')}
      label={t(`documents.do.${outcome}`)}
      look={outcome === 'given' ? 'primary' : 'secondary'}
      onSubmit={() => answer.mutate()}
      step={answer}
      title={t('documents.answer', { number: request.number })}
    >
      {adding}
      {add.error && <Failure error={add.error} />}
      <Files removable request={request} />
      <TextArea
        label={t('documents.words')}
        maxLength={4000}
        onChange={({ target }) => setText(target.value)}
        rows={2}
        value={text}
      />
    </StepForm>
  )
}

function Withdraw({ request }: { request: DocumentRequest }) {
  const { t } = useTranslation('publication')
  const slug = useAgreementSlug()
  const withdraw = useAct(() => api.POST(`${base}/{id}/withdrawal`, { params: { path: { slug, id: request.id } } }))
  return (
    <div className="stack stack-tight">
      <div>
        <Button busy={withdraw.isPending} look="quiet" onClick={() => withdraw.mutate()}>
          {t('documents.withdraw', { number: request.number })}
        </Button>
      </div>
      {withdraw.error && <Failure error={withdraw.error} />}
    </div>
  )
}
