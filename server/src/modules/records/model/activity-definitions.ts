import type { ActivityDefinition } from './statement.ts'

/**
 * What is known of an activity once a statement has told something of it: the latest word on each of its properties counts,
 * and texts in other languages and other extensions stay.
 */
export function mergeDefinitions(known: ActivityDefinition, told: ActivityDefinition): ActivityDefinition {
  const merged = { ...known, ...told }
  for (const key of ['name', 'description', 'extensions'] as const)
    if (known[key] !== undefined && told[key] !== undefined)
      Object.assign(merged, { [key]: { ...known[key], ...told[key] } })
  return merged
}
