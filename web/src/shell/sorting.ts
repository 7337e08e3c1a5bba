import { useTranslation } from 'react-i18next'
import type { TableWording } from '../ui/data-table.tsx'
import { useFilters } from './filters.ts'
import { useFormat } from './format.ts'

/**
 * What a table needs to be sorted and taken away by whoever reads: the order is in the address.
 * @param name of the table's parameter, where a page has several.
 */
export function useSorting(name = 'sort'): {
  sort: string | undefined
  onSort: (sort: string) => void
  wording: TableWording
} {
  const { t, i18n } = useTranslation()
  const format = useFormat()
  const [parameters, change] = useFilters()
  return {
    sort: parameters.get(name) ?? undefined,
    onSort: (sort) => change({ [name]: sort }),
    wording: { compare: format.compare, export: t('exportCsv'), separator: i18n.language === 'en' ? ',' : ';' },
  }
}
