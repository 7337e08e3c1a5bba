import i18next from 'i18next'
import { findText } from '../../i18n.ts'
import type { Format } from '../../shell/format.ts'
import type { ChartColumn, ValueFormat } from '../../ui/chart-spec.ts'
import type { Column, Indicator, IndicatorAnswer, Row, ScopeName } from './indicators.ts'

type Texts = Indicator['texts']['fr']

/** What an indicator says, in the reader's words. */
export interface Words {
  texts: Texts
  /** A value as it is written in a sentence or a table; its label may speak of the rest of its row. */
  tell: (column: Column, row: Row) => string
  /** The answer, in a sentence; undefined when there is none. */
  tellAnswer: (answer: Row | null) => string | undefined
  /** Rows with names and labels instead of keys and codes, for a chart. */
  tellRows: (rows: Row[]) => Row[]
  columnTitle: (column: Column) => string
  /** Whether the label of another column tells this one: it needs no column of its own. */
  isSpoken: (column: Column) => boolean
}

/**
 * Words for one answer of an indicator.
 * @param language of the reader: `fr` or `en`.
 */
export function makeWords({
  indicator,
  scope,
  answer,
  language,
  format,
}: {
  indicator: Indicator
  scope: ScopeName
  answer: Pick<IndicatorAnswer, 'activities' | 'learners'> | undefined
  language: string
  format: Format
}): Words {
  const texts = bindAll(indicator.texts[language === 'en' ? 'en' : 'fr'], language)
  const defined = indicator.scopes[scope]
  const columns = defined?.columns ?? []
  const names = makeNames()

  const tell: Words['tell'] = ({ name, type }, row) => {
    const value = row[name]
    if (value === null || value === undefined) return '–'
    switch (type) {
      case 'date':
        return format.dayMedium(String(value))
      case 'datetime':
        return format.dateTime(String(value))
      case 'integer':
      case 'learners':
        return format.number(Number(value))
      case 'decimal':
        return format.oneDigit(Number(value))
      case 'share':
        return format.percent(Number(value))
      case 'duration':
        return format.duration(Number(value), 'short')
      case 'activity':
        return names(
          value,
          pickName(answer?.activities[value]?.name, language) ?? i18next.t('dashboards:card.unknownActivity'),
        )
      case 'learner':
        return names(value, answer?.learners?.[value] ?? i18next.t('dashboards:card.unknownLearner'))
      case 'action':
      case 'kind':
        return findText(`dashboards:${type}.${value}`) ?? String(value)
      case 'text':
        return fill(texts.values?.[name]?.[value], columns, row) ?? String(value)
    }
  }

  /** Puts told values in a text. */
  function fill(text: string | undefined, among: Column[], row: Row): string | undefined {
    return text?.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, wanted: string) => {
      const column = among.find((each) => each.name === wanted)
      return column ? tell(column, row) : whole
    })
  }

  const labels = Object.values(texts.values).flatMap((told) => Object.values(told))
  return {
    texts,
    tell,
    isSpoken: ({ name }) => labels.some((label) => new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`).test(label)),
    columnTitle: ({ name }) => texts.columns[name] ?? name,
    tellRows: (rows) =>
      rows.map((row) =>
        Object.fromEntries(
          columns.flatMap((column) => {
            const value = row[column.name] ?? null
            const told = tell(column, row)
            return [
              [column.name, isWorded(column) && value !== null ? told : value],
              [toldField(column), told],
            ]
          }),
        ),
      ),
    tellAnswer(values) {
      if (values === null) return undefined
      return fill(chooseForm(texts.answer, scope, values, language), defined?.answer ?? [], values)
    },
  }
}

/** Different things keep different names, whatever they are called: a chart would draw two as one. */
function makeNames(): (key: string | number, name: string) => string {
  const given = new Map<string, string>()
  const used = new Map<string, number>()
  return (key, name) => {
    const known = given.get(String(key))
    if (known !== undefined) return known
    const count = (used.get(name) ?? 0) + 1
    used.set(name, count)
    const unique = count === 1 ? name : `${name} (${count})`
    given.set(String(key), unique)
    return unique
  }
}

const toldField = ({ name }: Column) => `${name} told`

const isWorded = ({ type }: Column) => ['text', 'activity', 'action', 'kind', 'learner'].includes(type)

/** French punctuation never starts a line; who writes an indicator need not think of it. */
function bind(text: string, language: string): string {
  return language === 'fr' ? text.replaceAll(/ (?=[:;?!»])/g, '\u00A0').replaceAll('« ', '«\u00A0') : text
}

function bindAll(texts: Texts, language: string): Texts {
  const { title, question, says, computed, limits, advice } = texts
  const bound = { title, question, says, computed, limits, advice }
  const bindEach = (told: Record<string, string>) =>
    Object.fromEntries(Object.entries(told).map(([name, text]) => [name, bind(text, language)]))
  return {
    ...texts,
    answer: bindEach(texts.answer),
    values: Object.fromEntries(Object.entries(texts.values).map(([name, told]) => [name, bindEach(told)])),
    ...(Object.fromEntries(Object.entries(bound).map(([name, text]) => [name, bind(text, language)])) as typeof bound),
  }
}

/** The sentence of a scope, by the rules of i18next: context, then plural, zero before them. */
function chooseForm(texts: Texts['answer'], scope: ScopeName, values: Row, language: string): string | undefined {
  const { context, count } = values
  const bases = [...(context ? [`${scope}_${context}`] : []), scope]
  for (const base of bases) {
    const forms =
      typeof count === 'number'
        ? [...(count === 0 ? ['zero'] : []), new Intl.PluralRules(language).select(count)].map(
            (form) => `${base}_${form}`,
          )
        : []
    const found = [...forms, base].find((key) => texts[key] !== undefined)
    if (found !== undefined) return texts[found]
  }
  return undefined
}

/** A name in the reader's language, else in any. */
export function pickName(name: Record<string, string> | undefined, language: string): string | undefined {
  if (!name) return undefined
  const tags = Object.keys(name)
  const tag =
    tags.find((each) => each.slice(0, 2).toLowerCase() === language) ??
    tags.find((each) => /^fr/i.test(each)) ??
    tags[0]
  return tag === undefined ? undefined : name[tag] || undefined
}

const formats: Record<Column['type'], ValueFormat> = {
  date: 'date',
  datetime: 'moment',
  text: 'text',
  activity: 'text',
  action: 'text',
  kind: 'text',
  learner: 'text',
  integer: 'integer',
  learners: 'integer',
  decimal: 'number',
  share: 'share',
  duration: 'duration',
}

/** Columns as charts know them. */
export function toChartColumns(columns: Column[], words: Words): Record<string, ChartColumn> {
  return Object.fromEntries(
    columns.map((column) => [
      column.name,
      { title: words.columnTitle(column), format: formats[column.type], told: toldField(column) },
    ]),
  )
}
