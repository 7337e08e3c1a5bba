import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useFaultText } from './fault-text.ts'
import './records.css'

type Quarantined = ApiPaths['/api/records/quarantine/{id}']['get']['responses'][200]['content']['application/json']

/** One statement that broke a rule: what was sent, what is wrong, and what to do with it. */
export function QuarantinedPage() {
  const { t } = useTranslation('quarantine')
  const { id = '' } = useParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['records', 'quarantine', 'one', id],
    queryFn: () => read(api.GET('/api/records/quarantine/{id}', { params: { path: { id } } })),
  })
  return (
    <Page back={{ to: paths.quarantine(), label: t('title') }} busy={!data && !error} title={t('one.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} />}
      {data && (
        <>
          <Outcome statement={data} />
          <Facts statement={data} />
          {data.state === 'waiting' && <Correct key={`correct ${data.id}`} statement={data} />}
          {data.state === 'stored' && data.body !== null && (
            <Section title={t('one.sent')}>
              <pre className="records-body">{indent(data.body)}</pre>
            </Section>
          )}
          {data.state === 'waiting' && <Drop key={`drop ${data.id}`} id={data.id} />}
        </>
      )}
    </Page>
  )
}

function Outcome({ statement: { state, automatic, corrected, decidedAt, note } }: { statement: Quarantined }) {
  const { t } = useTranslation('quarantine')
  const format = useFormat()
  const how = state === 'dropped' ? 'dropped' : automatic ? 'automatic' : corrected ? 'corrected' : 'stored'
  return (
    <div aria-live="polite">
      {decidedAt !== null && (
        <Notice
          kind={state === 'stored' ? 'success' : 'info'}
          title={t(`one.${how}`, { when: format.dateTime(decidedAt) })}
        >
          {note !== null && <p>{`${t('one.why')} : ${note}`}</p>}
        </Notice>
      )}
    </div>
  )
}

function Facts({ statement }: { statement: Quarantined }) {
  const { t } = useTranslation('quarantine')
  const format = useFormat()
  const tell = useFaultText()
  const times = statement.receivedTimes > 1 ? ` (${t('times', { total: format.number(statement.receivedTimes) })})` : ''
  const facts = [
    [t('fault'), tell(statement)],
    [t('repairs'), statement.repairs.map((each) => t(`repair.${each}`)).join(', ') || t('noRepair')],
    [t('source'), statement.source],
    [t('received'), `${format.dateTime(statement.receivedAt)}${times}`],
    [t('one.version'), `xAPI ${statement.version}`],
    [t('one.id'), statement.id],
  ]
  return (
    <dl className="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Correct({ statement: { id, body } }: { statement: Quarantined }) {
  const { t } = useTranslation('quarantine')
  const explain = useProblemText()
  const tell = useFaultText()
  const queries = useQueryClient()
  const sent = indent(body ?? '')
  const [text, setText] = useState(sent)
  const store = useMutation({
    mutationFn: (corrected?: string) =>
      read(
        api.POST('/api/records/quarantine/{id}/store', {
          params: { path: { id } },
          body: corrected === undefined ? {} : { corrected },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['records'] }),
  })
  const explainFault = (error: unknown) => {
    if (!(error instanceof ApiProblem) || error.code !== 'statement_invalid') return explain(error)
    const { pointer, reason } = error.body
    return t('one.still', { fault: tell({ pointer: String(pointer), reason: String(reason) }) })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    store.mutate(text)
  }
  return (
    <Section hint={t('one.correctHint')} title={t('one.correct')}>
      <form className="records-form records-wide" noValidate onSubmit={submit}>
        <TextArea
          className="code"
          error={store.error ? explainFault(store.error) : undefined}
          label={t('one.text')}
          onChange={({ target }) => setText(target.value)}
          rows={Math.min(24, sent.split('\n').length + 1)}
          spellCheck={false}
          value={text}
        />
        <div className="row">
          <Button busy={store.isPending} look="primary" type="submit">
            {t('one.save')}
          </Button>
          <Button busy={store.isPending} onClick={() => store.mutate(undefined)}>
            {t('one.retry')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

function Drop({ id }: { id: string }) {
  const { t } = useTranslation('quarantine')
  const explain = useProblemText()
  const queries = useQueryClient()
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const drop = useMutation({
    mutationFn: () =>
      api.POST('/api/records/quarantine/{id}/drop', { params: { path: { id } }, body: { note: note.trim() } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['records'] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(note.trim() === '')
    if (note.trim() !== '') drop.mutate()
  }
  return (
    <Section hint={t('one.dropHint')} title={t('one.drop')}>
      <form className="records-form" noValidate onSubmit={submit}>
        {drop.error && <Notice kind="danger" live="alert" title={explain(drop.error)} />}
        <TextField
          autoComplete="off"
          error={missing && note.trim() === '' ? t('one.noteMissing') : undefined}
          label={t('one.note')}
          maxLength={500}
          onChange={({ target }) => setNote(target.value)}
          value={note}
        />
        <div>
          <Button busy={drop.isPending} look="danger" type="submit">
            {t('one.confirm')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

/** JSON as it was sent, on several lines; its numbers are left to the last digit, so it is not read and written again. */
function indent(json: string): string {
  let depth = 0
  // Texts as a whole, then what opens, closes or parts.
  return json.replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g, (token) => {
    if (token === '{' || token === '[') return `${token}\n${'  '.repeat(++depth)}`
    if (token === '}' || token === ']') return `\n${'  '.repeat(--depth)}${token}`
    if (token === ',') return `,\n${'  '.repeat(depth)}`
    return token === ':' ? ': ' : token
  })
}
