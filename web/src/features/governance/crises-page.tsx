import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { useNames } from './changes.ts'
import { Cited } from './cited.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { parseEuros } from './money/money.ts'
import { StepForm } from './step-form.tsx'
import './change-page.css'

const base = '/api/governance/agreements/{slug}/crises'
type Crises = ApiPaths[typeof base]['get']['responses'][200]['content']['application/json']
type Crisis = Crises['decisions'][number]

/** What the crisis body decided: who is told, who consents to pay, what was spent. */
export function CrisesPage() {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const { data, error, refetch } = useQuery({
    queryKey: ['governance', slug, 'crises'],
    queryFn: () => read(api.GET(base, { params: { path: { slug } } })),
  })
  return (
    <GovernancePage
      back={{ to: paths.governanceChanges(slug), label: t('title') }}
      busy={!data && !error}
      lead={t('crisis.lead')}
      title={t('crisis.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && (
        <>
          <Cited article={data.article} interpretation={data.interpretation} />
          {data.mayDecide && <DecideForm />}
          {data.decisions.length === 0 && <Empty title={t('crisis.none')}>{t('crisis.noneText')}</Empty>}
          {data.decisions.map((crisis) => (
            <CrisisView consentFor={data.consentFor} crisis={crisis} key={crisis.id} mayDecide={data.mayDecide} />
          ))}
        </>
      )}
    </GovernancePage>
  )
}

/** An act on crises; they are read again once it is done or refused. */
function useCrisisAct<Input, Answer>(act: (slug: string, input: Input) => Promise<Answer>) {
  const slug = useAgreementSlug()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => act(slug, input),
    onSettled: () => queries.invalidateQueries({ queryKey: ['governance', slug, 'crises'] }),
  })
}

function DecideForm() {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  const [draft, setDraft] = useState({ title: '', text: '' })
  // Sent again after a failure of the network, it is decided once.
  const requestKey = useRef(crypto.randomUUID())
  const decide = useCrisisAct(async (slug, measure: typeof draft) => {
    const body = { ...measure, requestKey: requestKey.current }
    const decided = await read(api.POST(base, { params: { path: { slug } }, body }))
    requestKey.current = crypto.randomUUID()
    setDraft({ title: '', text: '' })
    return decided
  })
  const done = decide.data
  return (
    <Section title={t('crisis.decide')}>
      <div aria-live="polite">
        {done && (
          <Notice
            kind="success"
            title={t('crisis.done', { number: done.number, people: t('crisis.people', { count: done.told }) })}
          >
            {done.unreached.length > 0 && (
              <p>{t('crisis.unreached', { parties: format.list(done.unreached.map(names.party)) })}</p>
            )}
          </Notice>
        )}
      </div>
      <StepForm
        hint={t('crisis.decideHint')}
        label={t('crisis.submit')}
        onSubmit={() => decide.mutate(draft)}
        step={decide}
        title={t('crisis.new')}
      >
        <TextField
          label={t('crisis.name')}
          maxLength={200}
          onChange={({ target }) => setDraft({ ...draft, title: target.value })}
          required
          value={draft.title}
        />
        <TextArea
          label={t('crisis.text')}
          onChange={({ target }) => setDraft({ ...draft, text: target.value })}
          required
          rows={3}
          value={draft.text}
        />
      </StepForm>
    </Section>
  )
}

function CrisisView({ crisis, consentFor, mayDecide }: { crisis: Crisis; consentFor: string[]; mayDecide: boolean }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const know = useCrisisAct((slug) => api.PUT(`${base}/{id}/known`, { params: { path: { slug, id: crisis.id } } }))
  return (
    <Section
      hint={t('crisis.decision', { number: crisis.number, when: format.dateTime(crisis.decidedAt) })}
      title={crisis.title}
    >
      <p className="measure change-text">{crisis.text}</p>
      {crisis.unread && (
        <div>
          <Button busy={know.isPending} look="primary" onClick={() => know.mutate(undefined)}>
            {t('crisis.know')}
          </Button>
        </div>
      )}
      <Told crisis={crisis} />
      {consentFor.map((party) => (
        <ConsentForm crisis={crisis} key={party} party={party} />
      ))}
      {mayDecide && <CostForm crisis={crisis} />}
    </Section>
  )
}

function Told({ crisis }: { crisis: Crisis }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  return (
    <>
      <details>
        <summary>{t('crisis.each')}</summary>
        <Table
          caption={t('crisis.each')}
          head={
            <tr>
              <th scope="col">{t('crisis.party')}</th>
              <th scope="col">{t('crisis.told')}</th>
              <th className="number" scope="col">
                {t('crisis.consent')}
              </th>
            </tr>
          }
          stacked
        >
          {crisis.parties.map(({ party, told, read: known, ceilingCents }) => (
            <tr key={party}>
              <th scope="row">{names.party(party)}</th>
              <td data-label={t('crisis.told')}>
                <div>{told === 0 ? t('crisis.nobody') : t('crisis.toldOf', { told, read: known })}</div>
              </td>
              <td className="number" data-label={t('crisis.consent')}>
                <div>{ceilingCents === null ? t('crisis.noConsent') : format.euros(ceilingCents)}</div>
              </td>
            </tr>
          ))}
        </Table>
      </details>
      {crisis.costs.length > 0 && (
        <Table
          caption={t('crisis.costs')}
          captionShown
          head={
            <tr>
              <th scope="col">{t('crisis.costLabel')}</th>
              <th scope="col">{t('crisis.party')}</th>
              <th className="number" scope="col">
                {t('crisis.spent')}
              </th>
            </tr>
          }
          stacked
        >
          {crisis.costs.map(({ id, label, party, amountCents, at }) => (
            <tr key={id}>
              <th scope="row">
                {label}
                <br />
                <span className="small quiet">{format.dateTime(at)}</span>
              </th>
              <td data-label={t('crisis.party')}>
                <div>{names.party(party)}</div>
              </td>
              <td className="number" data-label={t('crisis.spent')}>
                <div>{format.euros(amountCents)}</div>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  )
}

function ConsentForm({ crisis, party }: { crisis: Crisis; party: string }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const [amount, setAmount] = useState('')
  const [checked, setChecked] = useState(false)
  const format = useFormat()
  const ceilingCents = parseEuros(amount)
  const given = crisis.parties.find((each) => each.party === party)?.ceilingCents ?? null
  const consent = useCrisisAct(async (slug, body: { party: string; ceilingCents: string }) => {
    await api.PUT(`${base}/{id}/consent`, { params: { path: { slug, id: crisis.id } }, body })
    setAmount('')
    setChecked(false)
  })
  return (
    <StepForm
      done={consent.isSuccess && given !== null && t('crisis.consented', { amount: format.euros(given) })}
      folded
      hint={t('crisis.consentHint')}
      label={t('crisis.consentSubmit')}
      look="secondary"
      onSubmit={() => {
        setChecked(true)
        if (ceilingCents !== undefined) consent.mutate({ party, ceilingCents })
      }}
      step={consent}
      title={t('crisis.consentFor', { party: names.party(party) })}
    >
      <TextField
        error={checked && ceilingCents === undefined ? t('sheet.wrongAmount') : undefined}
        inputMode="decimal"
        label={t('crisis.amount')}
        onChange={({ target }) => setAmount(target.value)}
        value={amount}
      />
    </StepForm>
  )
}

function CostForm({ crisis }: { crisis: Crisis }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const [draft, setDraft] = useState({ party: '', label: '', amount: '' })
  const [checked, setChecked] = useState(false)
  const payers = crisis.parties.filter((each) =>
    agreement?.parties.some(({ key, roles }) => key === each.party && roles.includes('member')),
  )
  const willing = payers.find(({ ceilingCents }) => ceilingCents !== null)
  const party = draft.party || (willing ?? payers[0])?.party || ''
  const amountCents = parseEuros(draft.amount)
  // Sent again after a failure of the network, it counts once.
  const requestKey = useRef(crypto.randomUUID())
  const add = useCrisisAct(async (slug, cost: { party: string; label: string; amountCents: string }) => {
    const body = { ...cost, requestKey: requestKey.current }
    const added = await api.POST(`${base}/{id}/costs`, { params: { path: { slug, id: crisis.id } }, body })
    requestKey.current = crypto.randomUUID()
    setDraft({ party, label: '', amount: '' })
    setChecked(false)
    return added
  })
  return (
    <StepForm
      done={add.isSuccess && t('crisis.costAdded')}
      folded
      hint={t('crisis.costHint')}
      label={t('crisis.costSubmit')}
      look="secondary"
      onSubmit={() => {
        setChecked(true)
        if (amountCents !== undefined) add.mutate({ party, label: draft.label, amountCents })
      }}
      step={add}
      title={t('crisis.costTitle')}
    >
      <SelectField
        label={t('crisis.party')}
        onChange={({ target }) => setDraft({ ...draft, party: target.value })}
        options={payers.map(({ party: value, ceilingCents }) => ({
          value,
          label: t(ceilingCents === null ? 'crisis.payerWithout' : 'crisis.payer', {
            party: names.party(value),
            amount: format.euros(ceilingCents ?? '0'),
          }),
        }))}
        value={party}
      />
      <TextField
        label={t('crisis.costLabel')}
        maxLength={200}
        onChange={({ target }) => setDraft({ ...draft, label: target.value })}
        required
        value={draft.label}
      />
      <TextField
        error={checked && amountCents === undefined ? t('sheet.wrongAmount') : undefined}
        inputMode="decimal"
        label={t('crisis.amount')}
        onChange={({ target }) => setDraft({ ...draft, amount: target.value })}
        value={draft.amount}
      />
    </StepForm>
  )
}
