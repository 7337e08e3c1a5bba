import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router'
import { api } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page } from '../../shell/page.tsx'
import { useEnter, useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { RadioGroup, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonLines } from '../../ui/skeleton.tsx'
import { type Consents, consentsQuery, isPending, type Question, useAnswer, useWording } from './consent-text.tsx'
import './welcome.css'

type Step =
  | { key: string; kind: 'children'; children: Consents['children'] }
  | { key: string; kind: 'text'; questions: Question[] }
  | { key: string; kind: 'email' }

/** The steps of the first journey, one thing a page: the children, each text that waits, an address to be reached at. */
function listSteps({ children, questions }: Consents, isGuardian: boolean, isPupil: boolean): Step[] {
  const texts = Map.groupBy(questions.filter(isPending), ({ text }) => text.id)
  return [
    ...(isGuardian ? [{ key: 'children', kind: 'children' as const, children }] : []),
    ...[...texts].map(([key, group]) => ({ key, kind: 'text' as const, questions: group })),
    ...(isPupil ? [] : [{ key: 'email', kind: 'email' as const }]),
  ]
}

/** First steps after the password is chosen; the step is in the address, and what was answered is kept. */
export function WelcomePage() {
  const { t } = useTranslation('identity')
  const { data, error, refetch } = useQuery({ ...consentsQuery, staleTime: Number.POSITIVE_INFINITY })
  if (!data) {
    return (
      <Page busy={!error} title={t('welcome.title')}>
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <SkeletonLines count={6} />}
      </Page>
    )
  }
  return <Steps consents={data} />
}

function Steps({ consents }: { consents: Consents }) {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const navigate = useNavigate()
  const enter = useEnter()
  const [parameters] = useSearchParams()
  // Fixed when one arrives: a step does not vanish under the feet of whoever answers it.
  const [steps] = useState(() =>
    listSteps(
      consents,
      consents.children.length > 0 || consents.questions.some(({ text }) => text.slug === 'charter-guardian'),
      consents.questions.length > 0 && consents.questions.every(({ text }) => text.slug.endsWith('pupil')),
    ),
  )
  const finish = useMutation({
    mutationFn: () => api.POST('/api/identity/welcome'),
    onSuccess: () => enter(paths.home()),
  })
  const place = Math.min(Math.max(1, Number(parameters.get('step') ?? '1') || 1), Math.max(1, steps.length))
  const step = steps[place - 1]
  const next = () => {
    if (place < steps.length) void navigate(paths.welcome({ step: String(place + 1) }))
    else finish.mutate()
  }
  // Each step is a page: its title takes the focus.
  const seen = useRef(place)
  useEffect(() => {
    if (seen.current === place) return
    seen.current = place
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('h1')?.focus()
  }, [place])
  const shared = {
    note: t('welcome.step', { step: place, steps: steps.length }),
    onNext: next,
    last: place === steps.length,
  }
  return (
    <>
      {finish.error && <Notice kind="danger" live="alert" title={explain(finish.error)} />}
      {step?.kind === 'children' && <ChildrenStep {...shared} people={step.children} />}
      {step?.kind === 'text' && <TextStep {...shared} consents={consents} key={step.key} questions={step.questions} />}
      {step?.kind === 'email' && <EmailStep {...shared} />}
      {!step && (
        <StepPage last note="" onSubmit={() => finish.mutate()} title={t('welcome.doneTitle')}>
          <p>{t('welcome.doneText')}</p>
        </StepPage>
      )}
    </>
  )
}

interface Place {
  note: string
  last: boolean
  onNext: () => void
}

function StepPage({
  title,
  note,
  last,
  busy = false,
  submit,
  onSubmit,
  children,
}: {
  title: string
  note: string
  last: boolean
  busy?: boolean
  submit?: string
  onSubmit: () => void
  children: ReactNode
}) {
  const { t } = useTranslation('identity')
  return (
    <Page lead={note} title={title}>
      <form
        className="welcome-step"
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          onSubmit()
        }}
      >
        {children}
        <div>
          <Button busy={busy} look="primary" type="submit">
            {submit ?? (last ? t('welcome.finish') : t('welcome.continue'))}
          </Button>
        </div>
      </form>
    </Page>
  )
}

function ChildrenStep({ people, note, last, onNext }: Place & { people: Consents['children'] }) {
  const { t } = useTranslation('identity')
  const format = useFormat()
  return (
    <StepPage last={last} note={note} onSubmit={onNext} title={t('welcome.children')}>
      {people.length === 0 ? (
        <p>{t('welcome.childrenNone')}</p>
      ) : (
        <>
          <p>{t('welcome.childrenText')}</p>
          <ul className="welcome-children">
            {people.map((child) => (
              <li key={child.id}>
                <strong>{format.name(child)}</strong>
                {child.places.length > 0 && <span className="quiet">{child.places.join(' · ')}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
      <details>
        <summary>{t('welcome.childrenMissing')}</summary>
        <p>{t('welcome.childrenMissingText')}</p>
      </details>
    </StepPage>
  )
}

function TextStep({ consents, questions, note, last, onNext }: Place & { consents: Consents; questions: Question[] }) {
  const { t } = useTranslation('identity')
  const format = useFormat()
  const explain = useProblemText()
  const wordingOf = useWording()
  const answer = useAnswer()
  const [choices, setChoices] = useState<Record<string, 'yes' | 'no'>>({})
  const [missing, setMissing] = useState(false)
  const [first] = questions
  if (!first) return null
  const { title, paragraphs } = wordingOf(first)
  const isChoice = first.text.kind === 'choice'
  const submit = () => {
    const answers = questions.map(({ text, childId }) => ({
      textId: text.id,
      childId,
      choice: isChoice ? choices[childId ?? ''] : 'yes',
    }))
    setMissing(answers.some(({ choice }) => choice === undefined))
    if (answers.some(({ choice }) => choice === undefined)) return
    answer.mutate(
      answers.map(({ textId, childId, choice }) => ({ textId, childId, accepted: choice === 'yes' })),
      { onSuccess: onNext },
    )
  }
  return (
    <StepPage
      busy={answer.isPending}
      last={last}
      note={note}
      onSubmit={submit}
      title={title}
      {...(!isChoice && { submit: t('welcome.readIt') })}
    >
      {answer.error && <Notice kind="danger" live="alert" title={explain(answer.error)} />}
      <div className="welcome-text">
        {paragraphs.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </div>
      {missing && <Notice kind="danger" live="alert" title={t('consent.answerMissing')} />}
      {isChoice &&
        questions.map(({ childId }) => {
          const child = consents.children.find(({ id }) => id === childId)
          return (
            <RadioGroup<'yes' | 'no' | ''>
              key={childId}
              legend={child ? t('consent.forChild', { name: format.name(child) }) : title}
              name={`consent-${childId}`}
              onChoose={(value) => {
                setMissing(false)
                if (value !== '') setChoices({ ...choices, [childId ?? '']: value })
              }}
              options={[
                { value: 'yes', label: t('consent.accepted') },
                { value: 'no', label: t('consent.refused') },
              ]}
              value={choices[childId ?? ''] ?? ''}
            />
          )
        })}
    </StepPage>
  )
}

function EmailStep({ note, last, onNext }: Place) {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const session = useSession()
  const [email, setEmail] = useState(session.contactEmail ?? '')
  const save = useMutation({
    mutationFn: () => api.PUT('/api/identity/accounts/contact-email', { body: { email } }),
    onSuccess: onNext,
  })
  return (
    <StepPage
      busy={save.isPending}
      last={last}
      note={note}
      onSubmit={() => (email.trim() || session.contactEmail ? save.mutate() : onNext())}
      title={t('welcome.email')}
    >
      <TextField
        autoComplete="email"
        error={save.error ? explain(save.error) : undefined}
        hint={t('welcome.emailText')}
        inputMode="email"
        label={t('account.contactEmail')}
        name="email"
        onChange={(event) => setEmail(event.target.value)}
        type="email"
        value={email}
      />
    </StepPage>
  )
}
