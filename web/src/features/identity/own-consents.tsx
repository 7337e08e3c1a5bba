import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { RadioGroup, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Consents, consentsQuery, isPending, type Question, useAnswer, useWording } from './consent-text.tsx'
import './welcome.css'

/** What one read and chose, each with its day and version; choices can be changed here. */
export function OwnConsents() {
  const { t } = useTranslation('identity')
  const { data, error, refetch } = useQuery(consentsQuery)
  return (
    <Section hint={t('account.consentsHint')} title={t('account.consents')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={2} height="3rem" />}
      {data?.questions.length === 0 && <p className="quiet">{t('account.consentsNone')}</p>}
      {data && data.questions.length > 0 && (
        <ul className="sessions">
          {data.questions.map((question) => (
            <li key={`${question.text.id}-${question.childId}`}>
              <Answer consents={data} question={question} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Answer({ consents, question }: { consents: Consents; question: Question }) {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const explain = useProblemText()
  const { title, paragraphs } = useWording()(question)
  const answer = useAnswer()
  const [open, setOpen] = useState(false)
  const { text, childId } = question
  const child = consents.children.find(({ id }) => id === childId)
  const name = child ? format.name(child) : ''
  const choose = (accepted: boolean) =>
    answer.mutate([{ textId: text.id, childId, accepted }], { onSuccess: () => setOpen(false) })
  const done = question.answer && {
    date: format.dateTime(question.answer.answeredAt),
  }
  return (
    <>
      <div className="stack stack-tight">
        <strong>{[title, name].filter(Boolean).join(' · ')}</strong>
        <p className="small quiet">
          {!done || !question.answer
            ? t('consent.pending')
            : text.kind === 'read'
              ? t('consent.read', done)
              : question.answer.accepted
                ? t('consent.acceptedOn', done)
                : t('consent.refusedOn', done)}
          {question.answer && `, ${t('consent.version', { version: question.answer.version }).toLowerCase()}`}
        </p>
        {question.answer && isPending(question) && <p className="small">{t('consent.newVersion')}</p>}
        {answer.error && <p role="alert">{explain(answer.error)}</p>}
        {open && (
          <div className="stack">
            <div className="welcome-text">
              {paragraphs.map((each) => (
                <p key={each}>{each}</p>
              ))}
            </div>
            {text.kind === 'choice' ? (
              <RadioGroup<'yes' | 'no' | ''>
                legend={child ? t('consent.forChild', { name }) : title}
                name={`answer-${text.id}-${childId}`}
                onChoose={(value) => choose(value === 'yes')}
                options={[
                  { value: 'yes', label: t('consent.accepted') },
                  { value: 'no', label: t('consent.refused') },
                ]}
                value={question.answer ? (question.answer.accepted ? 'yes' : 'no') : ''}
              />
            ) : (
              isPending(question) && (
                <div>
                  <Button busy={answer.isPending} onClick={() => choose(true)}>
                    {t('welcome.readIt')}
                  </Button>
                </div>
              )
            )}
          </div>
        )}
      </div>
      <Button
        aria-expanded={open}
        aria-label={text.kind === 'choice' ? t('consent.changeOf', { title, name }) : undefined}
        look="quiet"
        onClick={() => setOpen(!open)}
      >
        {text.kind === 'choice' ? t('consent.change') : t('consent.showText')}
      </Button>
    </>
  )
}

/** The address at which one wants to be reached. */
export function ContactEmail() {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const session = useSession()
  const client = useQueryClient()
  const [email, setEmail] = useState(session.contactEmail ?? '')
  const save = useMutation({
    mutationFn: () => api.PUT('/api/identity/accounts/contact-email', { body: { email } }),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  })
  return (
    <Section hint={t('account.contactHint')} title={t('account.contact')}>
      <form
        className="stack measure"
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <div aria-live="polite">{save.isSuccess && <Notice kind="success" title={t('account.contactSaved')} />}</div>
        <TextField
          autoComplete="email"
          error={save.error ? explain(save.error) : undefined}
          inputMode="email"
          label={t('account.contactEmail')}
          name="email"
          onChange={(event) => setEmail(event.target.value)}
          type="email"
          value={email}
        />
        <div>
          <Button busy={save.isPending} type="submit">
            {t('account.contactSave')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
