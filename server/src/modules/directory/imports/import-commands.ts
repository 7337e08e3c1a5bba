import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { z } from 'zod'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type Day, isDay } from '#kernel/time'
import { isArchiveName } from '../feeds/archives.ts'
import { examineCsvFiles, openCsvFiles } from '../feeds/csv-feed.ts'
import { type CsvDescription, proposeMapping } from '../feeds/csv-mapping.ts'
import { FeedRefusal, type GivenFeed } from '../feeds/feed.ts'
import { applyImport } from './import-applying.ts'
import { csvDescriptionSchema } from './import-columns.routes.ts'
import type { Watch } from './import-running.ts'
import { abandonImport, sweepImports } from './import-sweep.ts'
import { stageImport, stageRetry, stageRollback } from './imports.ts'
import { getImport, listImports, listQuarantinedRecords } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'
import { type Progress, type SourceKind, sourceKinds } from '../tables.ts'

const acceptAlerts = { 'accept-alerts': { type: 'boolean' } } as const

/** Imports on the command line: each runs in the command's own process, beside a server or without one. */
export const importCommands: Command[] = [
  {
    name: 'import',
    usage:
      '<folder or archive> [--dry-run] [--accept-alerts] [--academy CODE] [--source NAME] [--date YYYY-MM-DD] ' +
      '[--uai UAI] [--format KIND] [--columns FILE.json] [--delta] [--school-year YYYY]',
    summary: 'Imports the export in a folder: reads, compares, and applies it unless it raises alerts.',
    options: {
      'dry-run': { type: 'boolean' },
      academy: { type: 'string' },
      source: { type: 'string' },
      date: { type: 'string' },
      uai: { type: 'string' },
      format: { type: 'string' },
      columns: { type: 'string' },
      delta: { type: 'boolean' },
      'school-year': { type: 'string' },
      ...acceptAlerts,
    },
    async run(context, [folder], values) {
      if (folder === undefined) throw new Problem(400, 'folder_needed', 'Give the folder that holds the export.')
      const path = resolve(folder)
      const found = await stat(path).catch(() => undefined)
      if (!found?.isDirectory() && !(found?.isFile() && isArchiveName(basename(path)))) {
        throw new Problem(400, 'folder_unknown', `There is no folder nor archive ${path}.`)
      }
      const { id: tenantId } = await context.tenant()
      const columns = textOf(values['columns'])
      const told = {
        academy: textOf(values['academy']),
        source: textOf(values['source']),
        exportedOn: dayOf(values['date']),
        ...(columns === undefined ? {} : await readDescription(columns)),
        ...uaiOf(values['uai']),
        kind: kindOf(values['format']),
        ...(values['delta'] === true && { mode: 'delta' as const }),
        schoolYear: yearOf(values['school-year']),
      }
      const input = { tenantId, folder: path, actorPersonId: null, unseen: !values['dry-run'], ...told }
      const staged = await stoppable(context, () => stageImport(context, input, watch(context)))
      return conclude(context, tenantId, staged, values)
    },
  },
  {
    name: 'import-columns',
    usage: '<folder>',
    summary: 'Proposes what the columns of CSV files hold: save it, correct it, and give it to import --columns.',
    async run(context, [folder]) {
      if (folder === undefined) throw new Problem(400, 'folder_needed', 'Give the folder that holds the files.')
      const files = await openCsvFiles(resolve(folder)).catch(explainRefusal)
      const { source, uai } = await examineCsvFiles(files, {})
      const mappings = files.map(({ name, headers }) => [name, proposeMapping(name, headers)] as const)
      const proposed = { source, ...(uai === undefined ? {} : { uai }), files: Object.fromEntries(mappings) }
      context.print(JSON.stringify(proposed, null, 2))
      return proposed
    },
  },
  {
    name: 'imports',
    usage: '',
    summary: 'Lists the imports, newest first.',
    async run(context) {
      const { id: tenantId } = await context.tenant()
      await sweepImports(context)
      const { imports } = await inTenant(context.db, tenantId, (tx) => listImports(tx, { limit: 50 }))
      for (const each of imports) {
        const source = each.source?.name ?? ''
        context.print(
          `${each.id}  ${each.createdAt.slice(0, 16)}  ${each.state.padEnd(11)}  ${each.exportedOn ?? ''}  ${source}`,
        )
      }
      return imports
    },
  },
  {
    name: 'import-show',
    usage: '<id>',
    summary: 'Shows an import: counts, alerts, records set aside.',
    async run(context, positionals) {
      const { id: tenantId } = await context.tenant()
      await sweepImports(context)
      const found = await inTenant(context.db, tenantId, (tx) => getImport(tx, parseId(positionals)))
      context.print(`${found.state}, export of ${found.exportedOn ?? 'an unknown day'}`)
      if (found.refusal) context.print(describeRefusal(found))
      await report(context, tenantId, found)
      return found
    },
  },
  {
    name: 'import-apply',
    usage: '<id> [--accept-alerts]',
    summary: 'Applies a reviewed import, all or nothing.',
    options: acceptAlerts,
    async run(context, positionals, values) {
      const { id: tenantId } = await context.tenant()
      return apply(context, tenantId, parseId(positionals), values['accept-alerts'] === true)
    },
  },
  {
    name: 'import-rollback',
    usage: '<id> [--dry-run] [--accept-alerts]',
    summary: 'Undoes the last import of a source: what it changed is as before. Shown, then applied like any import.',
    options: { 'dry-run': { type: 'boolean' }, ...acceptAlerts },
    async run(context, positionals, values) {
      const { id: tenantId } = await context.tenant()
      const undone = { tenantId, id: parseId(positionals), actorPersonId: null }
      const staged = await stoppable(context, () => stageRollback(context, undone, watch(context)))
      return conclude(context, tenantId, staged, values)
    },
  },
  {
    name: 'import-retry',
    usage: '<source id> [--dry-run] [--accept-alerts]',
    summary: 'Reads again what a source has set aside and was kept of it; then applies it like any import.',
    options: { 'dry-run': { type: 'boolean' }, ...acceptAlerts },
    async run(context, [id], values) {
      if (id === undefined || !isUuid(id)) {
        throw new Problem(400, 'source_id_needed', 'Give the identifier of a source, as `directory feeds` lists them.')
      }
      const { id: tenantId } = await context.tenant()
      const asked = { tenantId, id: id.toLowerCase(), actorPersonId: null }
      const staged = await stoppable(context, () => stageRetry(context, asked, watch(context)))
      return conclude(context, tenantId, staged, values)
    },
  },
  {
    name: 'import-abandon',
    usage: '<id>',
    summary: 'Gives up an import that is being read or reviewed.',
    async run(context, positionals) {
      const { id: tenantId } = await context.tenant()
      const abandoned = await abandonImport(context, { tenantId, id: parseId(positionals), actorPersonId: null })
      context.print('The import was given up, nothing was changed.')
      return abandoned
    },
  },
]

/** What a file given to the command line says of CSV files. @throws Problem 400 `columns_unknown`, `columns_invalid`. */
export async function readDescription(path: string): Promise<{ description: CsvDescription; uai: string | undefined }> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Problem(400, 'columns_unknown', `There is no file ${path}.`)
  })
  try {
    const { uai, ...description } = csvDescriptionSchema.parse(JSON.parse(text))
    return { description, uai }
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : 'it is no JSON'
    throw new Problem(400, 'columns_invalid', `${path} does not describe columns: ${reason}`)
  }
}

function uaiOf(value: unknown): Pick<GivenFeed, 'uai'> {
  const uai = textOf(value)?.toUpperCase()
  if (uai === undefined) return {}
  if (/^\d{7}[A-Z]$/.test(uai)) return { uai }
  throw new Problem(400, 'uai_invalid', 'A UAI is seven digits and a letter.')
}

/** The year in which a school year starts. @throws Problem 400 `school_year_invalid`. */
function yearOf(value: unknown): number | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  if (/^20\d\d$/.test(text)) return Number(text)
  throw new Problem(400, 'school_year_invalid', 'Give the year in which the school year starts: 2026 for 2026-2027.')
}

function kindOf(value: unknown): SourceKind | undefined {
  const kind = textOf(value)
  if (kind === undefined) return undefined
  const known = sourceKinds.find((each) => each === kind && each !== 'manual')
  if (known) return known
  throw new Problem(
    400,
    'format_unknown',
    `Formats are: ${sourceKinds.filter((each) => each !== 'manual').join(', ')}.`,
  )
}

function explainRefusal(error: unknown): never {
  if (!(error instanceof FeedRefusal)) throw error
  const { code, detail, file } = error.refusal
  throw new Problem(400, code, file === null ? detail : `${file}: ${detail}`)
}

/** Shows what was staged, and applies it unless it was only to be looked at, or raises alerts. */
async function conclude(
  context: CommandContext,
  tenantId: string,
  staged: ImportView,
  values: Record<string, unknown>,
): Promise<ImportView> {
  if (staged.refusal) throw toProblem(staged)
  await report(context, tenantId, staged)
  if (values['dry-run']) {
    context.print(`Nothing was changed. To apply it: npm run preau -- directory import-apply ${staged.id}`)
    return staged
  }
  if (staged.alerts.length > 0 && !values['accept-alerts']) throw refuseAlerts(staged)
  return apply(context, tenantId, staged.id, true)
}

async function apply(context: CommandContext, tenantId: string, id: string, accept: boolean): Promise<ImportView> {
  const input = { tenantId, id, actorPersonId: null, acceptAlerts: accept }
  const applied = await stoppable(context, () => applyImport(context, input, watch(context)))
  context.print(applied.nothingToDo ? 'Nothing to do: the directory is as the export says.' : 'The import was applied.')
  return applied
}

export const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** @throws Problem 400 `date_invalid`. */
function dayOf(value: unknown): Day | undefined {
  const text = textOf(value)
  if (text !== undefined && !isDay(text)) throw new Problem(400, 'date_invalid', `${text} is not a day (yyyy-mm-dd).`)
  return text
}

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** @throws Problem 400 `import_id_needed`. */
export function parseId([id]: string[]): string {
  if (id === undefined || !isUuid(id)) {
    throw new Problem(400, 'import_id_needed', 'Give the identifier of an import, as `directory imports` lists them.')
  }
  return id.toLowerCase()
}

const phases: Record<Progress['phase'], string> = {
  waiting: 'Waiting',
  reading: 'Reading the feed',
  comparing: 'Comparing',
  applying: 'Applying',
}

function watch(context: CommandContext): Watch {
  return {
    signal: context.signal,
    onProgress: ({ phase, done, total }) => context.progress(phases[phase], done, total),
  }
}

async function stoppable<T>(context: CommandContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!context.signal.aborted) throw error
    throw new Problem(409, 'import_stopped', 'Stopped; nothing was changed.')
  }
}

function describeRefusal({ refusal }: ImportView): string {
  if (!refusal) return ''
  const { file, line, column, detail } = refusal
  const place = [file, line === null ? undefined : `line ${line}`, column === null ? undefined : `column ${column}`]
  const where = place.filter((each) => each !== undefined && each !== null).join(', ')
  return where === '' ? detail : `${where}: ${detail}`
}

function toProblem(refused: ImportView): Problem {
  const code = refused.refusal?.code ?? refused.state
  return new Problem(422, code, `${describeRefusal(refused)} Nothing was changed.`, { import: refused })
}

function refuseAlerts(staged: ImportView): Problem {
  const apply = `npm run preau -- directory import-apply ${staged.id} --accept-alerts`
  return new Problem(
    409,
    'import_alerts',
    `${staged.alerts.map(describeAlert).join('\n')}\nNothing was changed. To accept this and apply: ${apply}`,
    { import: staged },
  )
}

function describeAlert({ code, kind, removed, total, limit }: ImportView['alerts'][number]): string {
  if (code === 'older_export') return 'A later export of this source was applied before.'
  if (code === 'future_export')
    return 'This export is dated in the future: once applied, the real ones would be taken for older. Correct the date, or the clock of this machine.'
  const share = ((100 * removed) / total).toFixed(1)
  return `${removed} of ${total} ${kind} records vanish: ${share} %, the limit is ${limit / 100} %.`
}

async function report(context: CommandContext, tenantId: string, found: ImportView): Promise<void> {
  const columns = ['read', 'derived', 'added', 'modified', 'removed', 'unchanged', 'quarantined', 'ignored'] as const
  const line = (cells: string[]) => cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(12))).join('')
  context.print(line(['', ...columns]))
  for (const [kind, counts] of Object.entries(found.counts)) {
    context.print(line([kind, ...columns.map((column) => String(counts[column]))]))
  }
  for (const { name, rows } of found.files) {
    if (!rows) continue
    const left = Object.entries(rows.leftOut).map(([code, number]) => `${code} ${number}`)
    context.print(
      `${name}: ${rows.rows} rows, ${rows.kept} in records${left.length > 0 ? `, left out: ${left.join(', ')}` : ''}`,
    )
  }
  for (const { code, count } of found.warnings) context.print(`warning ${code}: ${count}`)
  for (const alert of found.alerts) context.print(`alert: ${describeAlert(alert)}`)
  const { reasons } = await inTenant(context.db, tenantId, (tx) => listQuarantinedRecords(tx, found.id, { limit: 1 }))
  for (const { code, count } of reasons) context.print(`set aside, ${code}: ${count}`)
}
