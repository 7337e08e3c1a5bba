import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, RadioGroup, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ChangeTable, FaultTable } from './agreement-changes.tsx'
import { useAgreementDraft } from './agreement-draft.ts'
import { type FormState, RuleFields } from './agreement-field.tsx'
import { type Content, formParts, readPath, writePath } from './agreement-shape.ts'
import type { Rules } from './agreement.ts'
import { amendmentsQuery } from './amendments.ts'
import { DecisionField } from './decision-field.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import './agreement.css'

/** An amendment, written in a form or in the file itself, checked as it goes, recorded as a new version. */
export function AgreementAmendPage() {
  const { t } = useTranslation('agreements')
  const slug = useAgreementSlug()
  const [parameters, setParameters] = useSearchParams()
  const { data: agreement } = useAgreement()
  const manages = agreement?.manages ?? false
  const draft = useAgreementDraft(slug, manages)
  const { data: checked, error, refetch } = draft.check
  const view = parameters.get('view') === 'text' ? 'text' : 'form'
  const choose = (next: Record<string, string>) => {
    for (const [name, value] of Object.entries(next)) parameters.set(name, value)
    setParameters(parameters, { replace: true })
  }
  // The rules of a text are known once it was read.
  const content = draft.written.content ?? (draft.behind ? undefined : (checked?.content as Content | null | undefined))
  const text = draft.written.content === undefined ? (draft.written.source ?? checked?.source) : checked?.source
  return (
    <GovernancePage
      back={{ to: paths.governanceAgreement(slug), label: t('title') }}
      busy={!checked && !error}
      lead={draft.begun === undefined ? undefined : t('edit.lead', { version: draft.begun })}
      title={t('edit.title')}
    >
      {agreement && !manages && <Notice kind="warning" title={t('edit.manager')} />}
      {error && !checked && <Failure error={error} onRetry={() => void refetch()} />}
      {manages && !checked && !error && <SkeletonRows count={6} />}
      {checked && (
        <>
          {draft.restored && draft.changed && <Notice title={t('edit.restored')} />}
          <RadioGroup
            legend={t('edit.how')}
            name="view"
            onChoose={(chosen) => choose({ view: chosen })}
            options={[
              { value: 'form', label: t('edit.inForm') },
              { value: 'text', label: t('edit.inText') },
            ]}
            value={view}
          />
          {view === 'text' && text !== undefined && (
            <>
              <TextField
                accept=".yaml,.yml,.json"
                label={t('edit.file')}
                onChange={({ target }) => void target.files?.[0]?.text().then((source) => draft.write({ source }))}
                type="file"
              />
              <TextArea
                className="agreement-text"
                label={t('edit.text')}
                onChange={({ target }) => draft.write({ source: target.value })}
                spellCheck={false}
                value={text}
              />
            </>
          )}
          {view === 'form' && content === null && <Notice kind="warning" title={t('edit.unreadable')} />}
          {view === 'form' && content === undefined && <SkeletonRows count={6} />}
          {view === 'form' && content && (
            <Form
              content={content}
              faults={checked.faults}
              onChange={(next) => draft.write({ ...draft.written, content: next })}
              onChoose={choose}
              part={parameters.get('part') ?? 'agreement'}
              place={Number(parameters.get('item') ?? 0)}
            />
          )}
          <div aria-live="polite" className="stack">
            {checked.faults.length > 0 && <FaultTable faults={checked.faults} />}
          </div>
          {checked.changes.length > 0 && (
            <ChangeTable changes={checked.changes} rules={checked.content as Rules | undefined} />
          )}
          <Recording draft={draft} slug={slug} />
        </>
      )}
    </GovernancePage>
  )
}

function Form({
  part: chosen,
  place,
  onChoose,
  ...form
}: FormState & { part: string; place: number; onChoose: (next: Record<string, string>) => void }) {
  const { t } = useTranslation('agreements')
  const part = formParts.find(({ key }) => key === chosen) ?? formParts[0]
  if (!part) return null
  const { content, onChange } = form
  const held = readPath(content, part.path)
  const items: unknown[] | undefined = part.fresh && (Array.isArray(held) ? held : [])
  const item = Math.min(Math.max(0, place), Math.max(0, (items?.length ?? 1) - 1))
  const nameOf = (each: unknown, index: number) => {
    const name = readPath(each, ['name']) ?? readPath(each, ['title'])
    return typeof name === 'string' && name !== '' ? name : `${t('edit.newItem')} ${index + 1}`
  }
  return (
    <div className="agreement-form">
      <SelectField
        label={t('edit.part')}
        onChange={({ target }) => onChoose({ part: target.value, item: '0' })}
        options={formParts.map(({ key }) => ({ value: key, label: t(`part.${key as 'agreement'}`) }))}
        value={part.key}
      />
      {items && (
        <>
          {items.length > 0 && (
            <SelectField
              label={t('edit.item')}
              onChange={({ target }) => onChoose({ item: target.value })}
              options={items.map((each, index) => ({ value: String(index), label: nameOf(each, index) }))}
              value={String(item)}
            />
          )}
          <div className="row">
            <Button
              look="quiet"
              onClick={() => {
                onChange(writePath(content, part.path, [...items, part.fresh]) as Content)
                onChoose({ item: String(items.length) })
              }}
            >
              {t('edit.add')}
            </Button>
            {items.length > 0 && (
              <Button
                look="quiet"
                onClick={() => {
                  onChange(writePath(content, part.path, items.toSpliced(item, 1)) as Content)
                  onChoose({ item: '0' })
                }}
              >
                {t('edit.remove', { name: nameOf(items[item], item) })}
              </Button>
            )}
          </div>
        </>
      )}
      {part.absence && (
        <Checkbox
          checked={held !== null && held !== undefined}
          label={t('edit.present')}
          onChange={({ target }) => {
            const none = part.absence?.absent === null ? null : undefined
            onChange(writePath(content, part.path, target.checked ? part.absence?.begun : none) as Content)
          }}
        />
      )}
      {items ? (
        items.length > 0 && <RuleFields {...form} fields={part.fields} path={[...part.path, item]} />
      ) : held === null || held === undefined ? (
        <p className="quiet">{t('edit.none')}</p>
      ) : (
        <RuleFields {...form} fields={part.fields} path={part.path} />
      )}
    </div>
  )
}

/** Says how the draft stands, and records it. */
function Recording({ draft, slug }: { draft: ReturnType<typeof useAgreementDraft>; slug: string }) {
  const { t } = useTranslation('agreements')
  const explain = useProblemText()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [decisionId, setDecisionId] = useState('')
  const { data: amendments } = useQuery(amendmentsQuery(slug))
  const votable = (amendments?.ballots.length ?? 0) > 0
  const [chosen, setChosen] = useState<'propose' | 'record'>('propose')
  const way = votable ? chosen : 'record'
  const checked = draft.check.data
  const record = useMutation({
    mutationFn: async () => {
      const body = { source: checked?.source ?? '', reason: reason.trim(), basedOn: draft.begun ?? 0 }
      const params = { path: { slug } }
      if (way === 'propose') {
        const { number } = await read(api.POST('/api/governance/agreements/{slug}/amendments', { params, body }))
        return paths.governanceAmendment(slug, number)
      }
      const cited = decisionId === '' ? {} : { decisionId }
      const { version } = await read(
        api.POST('/api/governance/agreements/{slug}/versions', { params, body: { ...body, ...cited } }),
      )
      return paths.governanceVersions(slug, { version: String(version), since: String(version - 1) })
    },
    onSuccess: async (page) => {
      draft.discard()
      await queries.invalidateQueries({ queryKey: ['governance', slug] })
      await navigate(page)
    },
  })
  const faulty = (checked?.faults.length ?? 0) > 0
  const count = checked?.changes.length ?? 0
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!draft.behind && !faulty && reason.trim() && draft.changed) record.mutate()
  }
  return (
    <form className="agreement-bar" noValidate onSubmit={submit}>
      <p aria-live="polite">
        {draft.behind
          ? t('edit.checking')
          : faulty
            ? t('edit.fixFirst')
            : !draft.changed || count === 0
              ? t('edit.noChange')
              : t('edit.validChanges', { count })}
      </p>
      {record.error && <Notice kind="danger" live="alert" title={explain(record.error)} />}
      <TextField
        error={tried && !reason.trim() ? t('upload.needReason') : undefined}
        label={t('edit.reason')}
        maxLength={500}
        onChange={({ target }) => setReason(target.value)}
        value={reason}
      />
      {votable && (
        <RadioGroup
          legend={t('edit.then')}
          name="way"
          onChoose={(next) => setChosen(next === 'record' ? 'record' : 'propose')}
          options={[
            { value: 'propose', label: t('edit.toVote') },
            { value: 'record', label: t('edit.atOnce') },
          ]}
          value={way}
        />
      )}
      {way === 'record' && <DecisionField onChange={setDecisionId} value={decisionId} />}
      <div className="row">
        <Button busy={record.isPending || draft.behind} look="primary" type="submit">
          {way === 'propose' ? t('edit.propose') : t('edit.record', { version: (draft.begun ?? 0) + 1 })}
        </Button>
        {draft.changed && (
          <Button look="quiet" onClick={() => draft.discard()}>
            {t('edit.discard')}
          </Button>
        )}
      </div>
    </form>
  )
}
