import { toCsv } from '#kernel/csv'
import type { Answer } from './answers.ts'
import type { AnswerValue, Row } from './definition.ts'

/** The rows of an answer as a file for office programs: labels and names in the reader's language, figures as they are. */
export function writeRowsCsv(answer: Answer, language: 'fr' | 'en'): string {
  const { indicator, defined } = answer.question
  const texts = indicator.texts[language]
  const write = (row: Row, { name, type }: AnswerValue): string => {
    const value = row[name] ?? null
    if (value === null) return ''
    if (type === 'activity') return nameOf(answer.activities.get(String(value)), language) ?? String(value)
    if (type === 'learner') return answer.learners.get(String(value)) ?? String(value)
    if (typeof value === 'number') return language === 'fr' ? String(value).replace('.', ',') : String(value)
    // A label may tell of other columns of its row.
    const label = texts.values[name]?.[value] ?? value
    return label.replaceAll(/\{\{\s*(\w+)[^}]*\}\}/g, (_, other: string) => String(row[other] ?? ''))
  }
  const measures = defined.columns.filter(({ role }) => role === 'measure')
  // A row of which no figure is told says nothing.
  const told = answer.rows.filter((row) => measures.length === 0 || measures.some(({ name }) => row[name] !== null))
  return toCsv([
    defined.columns.map(({ name }) => texts.columns[name] ?? name),
    ...told.map((row) => defined.columns.map((column) => write(row, column))),
  ])
}

function nameOf(activity: { iri: string; name: Record<string, string> } | undefined, language: string) {
  if (!activity) return undefined
  const tags = Object.keys(activity.name)
  const tag = tags.find((each) => each.toLowerCase().startsWith(language)) ?? tags[0]
  return tag === undefined ? activity.iri : activity.name[tag]
}
