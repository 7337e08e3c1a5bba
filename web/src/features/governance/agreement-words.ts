import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'
import type { Fault, Rules } from './agreement.ts'

type Named = {
  parties?: { key: string; name: string }[]
  bodies?: { key: string; name: string }[]
  ballots?: { key: string; name: string }[]
}

/** Says the rules of an agreement in the reader's words: parties and bodies by their names, choices as sentences. */
export function useAgreementWords(rules: Rules | Named | undefined) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  const names = new Map(
    [...(rules?.ballots ?? []), ...(rules?.bodies ?? []), ...(rules?.parties ?? [])].map(({ key, name }) => [
      key,
      name,
    ]),
  )
  const text = (value: string): string => {
    if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return format.dayMedium(value)
    // A key that is a choice of the rules is one before it is anyone's name.
    return names.get(value) ?? findText(`agreements:value.${value}`) ?? value
  }
  const value = (each: unknown): string => {
    if (each === null || each === undefined) return '—'
    if (Array.isArray(each)) return each.map(value).join(', ')
    if (typeof each === 'object') {
      const { of, comparator, share } = each as { of?: unknown; comparator?: unknown; share?: unknown }
      if (typeof comparator === 'string' && typeof share === 'string') {
        return [typeof of === 'string' ? text(of) : '', text(comparator), share].filter(Boolean).join(' ')
      }
      // A thing with a name is said by it.
      const { name: called, ...rest } = each as { name?: unknown }
      if (typeof called === 'string' && Object.keys(rest).every((other) => other === 'key')) return called
      return Object.entries(each)
        .map(([name, inner]) => `${field(name)}${t('colon')}${value(inner)}`)
        .join(', ')
    }
    if (typeof each === 'number') return format.number(each)
    return typeof each === 'string' ? text(each) : JSON.stringify(each)
  }
  const field = (name: string): string => names.get(name) ?? findText(`agreements:field.${name}`) ?? name
  return {
    value,
    field,
    /** Names of a rule from the part on; places in a list are numbers. */
    path: (fields: string[]) =>
      fields
        .filter((name, index) => name !== 'of' || index === fields.length - 1)
        .map(field)
        .join(' › '),
    /** A value as the file has it, said where it is one word or a list of them. */
    written: (written: string) => (/[\n:]/.test(written) ? written : written.split(', ').map(text).join(', ')),
    fault: ({ code, values, reason }: Pick<Fault, 'code' | 'values' | 'reason'>) => {
      const kind = (name: string | undefined) => (name && findText(`agreements:kindOf.${name}`)) ?? name
      const figures = { ...values, expected: kind(values['expected']), got: kind(values['got']) }
      return findText(`agreements:fault.${code}`, figures) ?? reason
    },
  }
}
