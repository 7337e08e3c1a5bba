import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'

type Source =
  ApiPaths['/api/records/sources']['get']['responses'][200]['content']['application/json']['sources'][number]
const treatments: Source['treatment'][] = ['whole', 'pseudonymised']

/** What is kept of what each source sends; none is shown before there is one. */
export function TreatmentTable() {
  const { t } = useTranslation('records')
  const explain = useProblemText()
  const queries = useQueryClient()
  const { data } = useQuery({
    queryKey: ['records', 'sources'],
    queryFn: () => read(api.GET('/api/records/sources')),
  })
  const set = useMutation({
    mutationFn: ({ id, treatment }: Pick<Source, 'id' | 'name' | 'treatment'>) =>
      api.PUT('/api/records/sources/{id}/treatment', { params: { path: { id } }, body: { treatment } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['records', 'sources'] }),
  })
  if (!data || data.sources.length === 0) return null
  return (
    <Section hint={t('treatment.hint')} title={t('treatment.title')}>
      <div aria-live="polite">
        {set.isSuccess && (
          <Notice kind="success" title={t(`treatment.set.${set.variables.treatment}`, { name: set.variables.name })} />
        )}
        {set.error && <Notice kind="danger" title={explain(set.error)} />}
      </div>
      <Table
        caption={t('treatment.title')}
        head={
          <tr>
            <th scope="col">{t('credentials.source')}</th>
            <th scope="col">{t('treatment.kept')}</th>
          </tr>
        }
        stacked
      >
        {data.sources.map((source) => {
          const chosen = set.isPending && set.variables.id === source.id ? set.variables.treatment : source.treatment
          return (
            <tr key={source.id}>
              <th scope="row">{source.name}</th>
              <td data-label={t('treatment.kept')}>
                <SelectField
                  hint={t(`treatment.${chosen}Hint`)}
                  label={<span className="visually-hidden">{t('treatment.of', { name: source.name })}</span>}
                  onChange={({ target }) => {
                    const treatment = treatments.find((each) => each === target.value)
                    if (treatment) set.mutate({ id: source.id, name: source.name, treatment })
                  }}
                  options={treatments.map((value) => ({ value, label: t(`treatment.${value}`) }))}
                  value={chosen}
                />
              </td>
            </tr>
          )
        })}
      </Table>
    </Section>
  )
}
