import { useTranslation } from 'react-i18next'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { useFormat } from '../../shell/format.ts'

export type Change =
  ApiPaths['/api/directory/imports/{id}/changes']['get']['responses'][200]['content']['application/json']['changes'][number]

type FieldValue = Change['fields'][number]['before']
type Link = Record<string, string>

// What codes mean to people, by the field or the part of a link that holds them.
const words: Partial<Record<string, string>> = {
  link: 'directory:link',
  legal: 'directory:legalStatus',
  profile: 'shell:profile',
  level: 'shell:level',
  kind: 'imports:kindOne',
  title: 'imports:personTitle',
}

// In the order they are told; others are for machines.
const parts = ['id', 'ref', 'establishment', 'link', 'legal', 'profile', 'label', 'level', 'mef', 'disciplineLabel']
const flags = ['main', 'financial', 'contact', 'pays'] as const

/** Tells values of a record in the reader's words. */
export function useValueText(): { tell: (field: string, value: string) => string; tellLink: (link: Link) => string[] } {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const tell = (field: string, value: string): string => {
    const known = words[field] && findText(`${words[field]}.${value}`)
    if (known) return known
    if (field === 'schoolYear') return format.schoolYear(Number(value))
    if (/^\d{4}-\d\d-\d\d$/.test(value)) return format.day(value)
    if (value === 'false' || value === 'true') return t(`flag.${value}`)
    return value
  }
  const tellLink = (link: Link): string[] => {
    const told = [
      ...parts.flatMap((part) => (link[part] === undefined ? [] : [tell(part, link[part])])),
      ...(link['subjects'] === undefined ? [] : [link['subjects']]),
      ...(link['regime'] === undefined ? [] : [t('regime', { regime: link['regime'].toLocaleLowerCase('fr') })]),
      ...(link['enteredOn'] === undefined ? [] : [t('enteredOn', { day: format.day(link['enteredOn']) })]),
      ...(link['leftOn'] === undefined ? [] : [t('leftOn', { day: format.day(link['leftOn']) })]),
      ...flags.flatMap((flag) => (link[flag] === 'true' ? [t(`linkFlag.${flag}`)] : [])),
    ]
    return [...new Set(told)]
  }
  return { tell, tellLink }
}

/**
 * One side of a difference. Of a list, what the other side lacks stands out; of a link that is on both sides, only what is
 * different is told beside its name.
 */
export function Value({ field, value, other }: { field: string; value: FieldValue; other: FieldValue }) {
  const { t } = useTranslation('imports')
  const { tell, tellLink } = useValueText()
  if (value === null || value.length === 0) return <span className="quiet">{t('changes.nothing')}</span>
  if (typeof value === 'string') return <span className="lines">{tell(field, value)}</span>
  const toItems = (list: FieldValue) =>
    Array.isArray(list) ? list.map((item) => (typeof item === 'string' ? [item] : tellLink(item))) : []
  const others = toItems(other)
  const items = new Map(toItems(value).map((item) => [item.join(' · '), item]))
  return (
    <ul className="diff-list">
      {[...items].map(([text, item]) => {
        const [name] = item
        const counterpart = others.find((each) => each[0] === name)
        const different = item.filter((part) => !counterpart?.includes(part))
        if (counterpart && different.length === 0 && counterpart.length === item.length)
          return <li key={text}>{text}</li>
        if (!counterpart) return <li key={text}>{Array.isArray(other) ? <strong>{text}</strong> : text}</li>
        return (
          <li key={text}>
            {name}
            {different.length > 0 && (
              <>
                {' · '}
                <strong>{different.join(' · ')}</strong>
              </>
            )}
          </li>
        )
      })}
    </ul>
  )
}
