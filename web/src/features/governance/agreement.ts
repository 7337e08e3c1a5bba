import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'

/** A version of an agreement: its rules, and the file they were read from. */
export type Version =
  ApiPaths['/api/governance/agreements/{slug}/versions/{number}']['get']['responses'][200]['content']['application/json']
export type Rules = Version['rules']
/** A draft as the server reads it. */
export type Draft =
  ApiPaths['/api/governance/agreements/{slug}/drafts']['post']['responses'][200]['content']['application/json']
export type Fault = Draft['faults'][number]
export type RuleChange = Draft['changes'][number]

export const versionQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: ['governance', slug, 'versions', number],
    queryFn: () =>
      read(api.GET('/api/governance/agreements/{slug}/versions/{number}', { params: { path: { slug, number } } })),
    // A version never changes.
    staleTime: Infinity,
  })

export const versionsQuery = (slug: string) =>
  queryOptions({
    queryKey: ['governance', slug, 'versions'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}/versions', { params: { path: { slug } } })),
  })

/** One rule taken from an article: what it is of, and what it says. */
export interface CitedRule {
  /** Names of what holds it: `Assemblée générale`, then the fields down to it. */
  name: string | null
  path: string[]
  interpretation: string | undefined
  says: { field: string; value: unknown }[]
}

const said = new Set([
  'article',
  'interpretation',
  'validFrom',
  'validUntil',
  'key',
  'name',
  'title',
  'shortName',
  'number',
  'text',
])
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The rules of an agreement by the article they cite. */
export function groupByArticle(rules: Rules): Map<string, CitedRule[]> {
  const groups = new Map<string, CitedRule[]>()
  const walk = (value: unknown, path: string[], name: string | null): void => {
    if (Array.isArray(value)) {
      for (const each of value)
        walk(each, path, isRecord(each) && typeof each['name'] === 'string' ? each['name'] : name)
      return
    }
    if (!isRecord(value)) return
    const { article, interpretation } = value
    if (typeof article === 'string') {
      const says = Object.entries(value).flatMap(([field, each]) =>
        said.has(field) || holdsCited(each) ? [] : [{ field, value: each }],
      )
      const rule = { name, path, says, interpretation: typeof interpretation === 'string' ? interpretation : undefined }
      groups.set(article, [...(groups.get(article) ?? []), rule])
    }
    for (const [field, each] of Object.entries(value)) walk(each, [...path, field], name)
  }
  const { articles: _, parties: __, ...rest } = rules
  walk(rest, [], null)
  return groups
}

/** Whether a rule has others below it, that cite an article of their own. */
function holdsCited(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsCited)
  return isRecord(value) && (typeof value['article'] === 'string' || Object.values(value).some(holdsCited))
}
