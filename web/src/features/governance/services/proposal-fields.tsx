import { useTranslation } from 'react-i18next'
import { RadioGroup, SelectField, TextArea, TextField } from '../../../ui/field.tsx'
import { useAgreement } from '../governance.ts'
import type { Proposal, Rules } from './services.ts'

const kinds = ['continue', 'change', 'stop'] as const

/** What is proposed: to continue in a phase, to change something by a day, or to stop. */
export function ProposalFields({
  proposal,
  rules,
  from,
  onChange,
}: {
  proposal: Proposal
  rules: Rules | null
  /** Phase of today. */
  from: string
  onChange: (proposal: Proposal) => void
}) {
  const { t } = useTranslation('services')
  const { data: agreement } = useAgreement()
  const begin = (kind: Proposal['kind']): Proposal => {
    if (kind === 'continue') return { kind, phase: from, why: '' }
    if (kind === 'change') return { kind, what: '', dueOn: null }
    return { kind, users: '', data: '', code: '' }
  }
  const phases = rules?.phases ?? []
  const now = phases.findIndex(({ key }) => key === from)
  return (
    <fieldset className="stack">
      <legend className="field-label">{t('proposed')}</legend>
      <RadioGroup
        legend={t('proposal.kind')}
        name="proposal"
        onChoose={(kind) => onChange(begin(kind))}
        options={kinds.map((value) => ({ value, label: t(`proposal.kinds.${value}`) }))}
        value={proposal.kind}
      />
      {proposal.kind === 'continue' && (
        <>
          <SelectField
            label={t('proposal.phase')}
            onChange={({ target }) => onChange({ ...proposal, phase: target.value })}
            options={phases
              // No phase is passed over.
              .filter((_, index) => now === -1 || index <= now + 1)
              .map(({ key, name }) => ({
                value: key,
                label: key === from ? t('proposal.same', { phase: name }) : name,
              }))}
            value={proposal.phase}
          />
          <TextArea
            hint={t('proposal.whyHint')}
            label={t('proposal.why')}
            onChange={({ target }) => onChange({ ...proposal, why: target.value })}
            rows={2}
            value={proposal.why}
          />
        </>
      )}
      {proposal.kind === 'change' && (
        <>
          <TextArea
            label={t('proposal.what')}
            onChange={({ target }) => onChange({ ...proposal, what: target.value })}
            rows={3}
            value={proposal.what}
          />
          <TextField
            hint={t('proposal.dueHint')}
            label={t('proposal.dueOn')}
            min={agreement?.today}
            onChange={({ target }) => onChange({ ...proposal, dueOn: target.value || null })}
            type="date"
            value={proposal.dueOn ?? ''}
          />
        </>
      )}
      {proposal.kind === 'stop' &&
        (['users', 'data', 'code'] as const).map((name) => (
          <TextArea
            hint={t(`proposal.${name}Hint`)}
            key={name}
            label={t(`proposal.${name}`)}
            onChange={({ target }) => onChange({ ...proposal, [name]: target.value })}
            rows={2}
            value={proposal[name]}
          />
        ))}
    </fieldset>
  )
}
