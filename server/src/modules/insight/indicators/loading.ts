import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { z } from 'zod'
import { tokenize } from '#kernel/clickhouse-statement'
import { type ChartCompiler, findChartFault } from './charts.ts'
import {
  type BrokenIndicator,
  type Definition,
  definition,
  type Indicator,
  type Parameter,
  type ScopeName,
  scopeNames,
  type Texts,
  texts,
} from './definition.ts'
import { relations } from './scoped-events.ts'
import { checkSelect, SqlRefused } from './sql-guard.ts'

/** No file of an indicator is longer, in bytes. */
const longestFile = 200_000

/** Types of what the engine gives to each SQL, beside the indicator's own parameters. */
const given: Record<string, string> = {
  from: 'Date',
  until: 'Date',
  zone: 'String',
  now: 'DateTime64(3)',
  enrolled: 'UInt32',
  roster: 'Array(Int64)',
  learner: 'Int64',
  plan_weekly: 'UInt16',
}
const parameterTypes: Record<Parameter['type'], string> = { integer: 'Int32', choice: 'String', activity: 'Int64' }

/**
 * Reads an indicator's folder, and tells all that is wrong with it, file by file.
 * @param compiler tries the charts; undefined for those that were tried before.
 */
export async function loadIndicator(
  folder: string,
  origin: Indicator['origin'],
  compiler: ChartCompiler | undefined,
): Promise<Loaded> {
  try {
    return await readIndicator(folder, origin, compiler)
  } catch (error) {
    // Whatever a folder holds, the others are read.
    const problems = [{ file: 'indicator.json', reason: `it cannot be read: ${(error as Error).message}` }]
    return { broken: { name: basename(folder), origin, folder, problems } }
  }
}

type Loaded = { indicator: Indicator } | { broken: BrokenIndicator }

async function readIndicator(
  folder: string,
  origin: Indicator['origin'],
  compiler: ChartCompiler | undefined,
): Promise<Loaded> {
  const name = basename(folder)
  const problems: BrokenIndicator['problems'] = []
  const refuse = (file: string, reason: string) => void problems.push({ file, reason })
  const broken = () => ({ broken: { name, origin, folder, problems } })

  const read = async (file: string): Promise<string | undefined> => {
    try {
      // Looked at before it is opened: a pipe would be waited for, a device never ends.
      const found = await stat(join(folder, file))
      if (found.isFile() && found.size <= longestFile) return await readFile(join(folder, file), 'utf8')
      refuse(file, found.isFile() ? `it is longer than ${longestFile} bytes` : 'it is no file')
    } catch (error) {
      refuse(file, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is missing' : (error as Error).message)
    }
    return undefined
  }
  const readJson = async (file: string): Promise<unknown> => {
    const text = await read(file)
    if (text === undefined) return undefined
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      refuse(file, (error as Error).message)
      return undefined
    }
  }
  const readAs = async <Schema extends z.ZodType>(
    file: string,
    schema: Schema,
  ): Promise<z.infer<Schema> | undefined> => {
    const value = await readJson(file)
    if (value === undefined) return undefined
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues.slice(0, 10)) refuse(file, `${issue.path.join('.')}: ${issue.message}`)
    return undefined
  }

  const defined = await readAs('indicator.json', definition)
  if (!defined) return broken()
  if (defined.name !== name) refuse('indicator.json', `name: it is ${defined.name}, the folder is ${name}`)
  const written = { fr: await readAs('fr.json', texts), en: await readAs('en.json', texts) }

  const sql: Indicator['sql'] = {}
  const charts: Indicator['charts'] = {}
  const parameters = new Map(Object.entries(given))
  for (const [each, { type }] of Object.entries(defined.parameters)) parameters.set(`p_${each}`, parameterTypes[type])
  const names = existsSync(join(folder, 'with.sql')) ? ((await read('with.sql')) ?? '') : undefined
  const readSql = async (file: string): Promise<string> => {
    const text = await read(file)
    if (text === undefined) return ''
    const { sql, before } = addNames(text, names)
    try {
      return checkSelect(sql, { relations, parameters })
    } catch (error) {
      if (!(error instanceof SqlRefused)) throw error
      const line = error.line - before
      if (line > 0) refuse(file, `line ${line}: ${error.message}`)
      else refuse('with.sql', `line ${error.line - 1}: ${error.message}`)
      return ''
    }
  }
  for (const scope of scopeNames) {
    const each = defined.scopes[scope]
    if (!each) continue
    const hasAnswer = existsSync(join(folder, `${scope}.answer.sql`))
    if (hasAnswer && !each.answer)
      refuse('indicator.json', `scopes.${scope}.answer: ${scope}.answer.sql gives values that are not declared`)
    sql[scope] = {
      rows: await readSql(`${scope}.sql`),
      answer: each.answer ? await readSql(`${scope}.answer.sql`) : undefined,
    }
    if (each.chart === undefined) continue
    if (!/^[\w.-]+\.json$/.test(each.chart)) {
      refuse('indicator.json', `scopes.${scope}.chart: a file of this folder`)
      continue
    }
    const chart = await readJson(each.chart)
    if (chart === undefined) continue
    const fault = await findChartFault(chart, each.columns, compiler)
    if (fault === undefined) charts[scope] = chart as Record<string, unknown>
    else refuse(each.chart, fault)
  }
  for (const language of ['fr', 'en'] as const) {
    const text = written[language]
    if (text) for (const reason of findTextFaults(text, defined)) refuse(`${language}.json`, reason)
  }
  const { fr, en } = written
  if (problems.length > 0 || !fr || !en) return broken()
  return { indicator: { ...defined, origin, folder, sql, charts, texts: { fr, en } } }
}

/** Puts the names that all files of a folder share before the SQL of one. */
function addNames(text: string, names: string | undefined): { sql: string; before: number } {
  if (names === undefined) return { sql: text, before: 0 }
  const [first] = tokenize(text)
  const continues = first?.text.toLowerCase() === 'with'
  const rest = continues ? `${text.slice(0, first.start)}${text.slice(first.end)}` : text
  const beginning = `with\n${names}\n${continues ? ',' : ''}\n`
  return { sql: `${beginning}${rest}`, before: beginning.split('\n').length - 1 }
}

function* findTextFaults(text: Texts, defined: Definition): Generator<string> {
  const scopes = scopeNames.flatMap((name) => {
    const each = defined.scopes[name]
    return each ? [{ name, ...each }] : []
  })
  for (const { name, columns, answer } of scopes) {
    for (const column of columns) if (!text.columns[column.name]) yield `columns.${column.name}: it is missing`
    if (answer && !text.answer[name]) yield `answer.${name}: it is missing`
  }
  for (const [key, sentence] of Object.entries(text.answer)) {
    const scope = scopes.find(({ name }) => name === (key.split('_')[0] as ScopeName))
    if (!scope?.answer) {
      yield `answer.${key}: there is no such answer`
      continue
    }
    for (const [, value] of sentence.matchAll(/\{\{\s*-?\s*(\w*)[^}]*\}\}/g)) {
      if (!scope.answer.some(({ name }) => name === value))
        yield `answer.${key}: {{${value}}} is no value of the answer`
    }
  }
  for (const [name, parameter] of Object.entries(defined.parameters)) {
    const labels = [name, ...(parameter.type === 'choice' ? parameter.values.map((value) => `${name}_${value}`) : [])]
    for (const label of labels) if (!text.parameters[label]) yield `parameters.${label}: it is missing`
  }
  const columns = scopes.flatMap((scope) => scope.columns)
  for (const column of Object.keys(text.values)) {
    if (!columns.some(({ name }) => name === column)) yield `values.${column}: there is no such column`
  }
}

/** Folders of indicators in a folder; none when it does not exist. */
export async function listFolders(parent: string): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && !/^[._]|^node_modules$/.test(entry.name))
      .map((entry) => join(parent, entry.name))
      .sort()
  } catch {
    return []
  }
}
