import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useFormat } from '../../shell/format.ts'
import { SelectField } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'

/** The adopted decisions that an act may rest on, the latest, to choose from. */
export function useAdoptedDecisions(): { value: string; label: string }[] {
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data } = useQuery({
    queryKey: ['governance', slug, 'decisions', 'adopted'],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/decisions', {
          params: { path: { slug }, query: { adopted: 'true' } },
        }),
      ),
  })
  return (
    data?.decisions.map(({ id, number, title, decidedOn }) => ({
      value: id,
      label: `${number} · ${title} (${format.dayMedium(decidedOn)})`,
    })) ?? []
  )
}

/** Chooses the decision that an act rests on; '' for none. */
export function DecisionField({ value, onChange }: { value: string; onChange: (decisionId: string) => void }) {
  const { t } = useTranslation('agreements')
  const decisions = useAdoptedDecisions()
  return (
    <SelectField
      hint={t('edit.decisionHint')}
      label={t('edit.decision')}
      onChange={({ target }) => onChange(target.value)}
      options={[{ value: '', label: t('edit.noDecision') }, ...decisions]}
      value={value}
    />
  )
}
