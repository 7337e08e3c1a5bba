import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useFormat } from '../../shell/format.ts'
import { SelectField } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'

/** Chooses the adopted decision that an act rests on, among the latest; '' for none. */
export function DecisionField({
  label,
  hint,
  value,
  onChange,
}: {
  label: string
  hint?: string
  value: string
  onChange: (decisionId: string) => void
}) {
  const { t } = useTranslation('agreements')
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
    <SelectField
      {...(hint !== undefined && { hint })}
      label={label}
      onChange={({ target }) => onChange(target.value)}
      options={[
        { value: '', label: t('edit.noDecision') },
        ...(data?.decisions.map(({ id, number, title, decidedOn }) => ({
          value: id,
          label: `${number} · ${title} (${format.dayMedium(decidedOn)})`,
        })) ?? []),
      ]}
      value={value}
    />
  )
}
