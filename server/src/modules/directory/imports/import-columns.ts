import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type CsvSituation, examineCsvFiles, openCsvFiles } from '../feeds/csv-feed.ts'
import {
  type CsvDescription,
  type CsvField,
  type CsvKind,
  csvKinds,
  type CsvMapping,
  nameColumns,
  proposeMapping,
  toHeaderKey,
} from '../feeds/csv-mapping.ts'
import { type CsvPreview, previewCsvFile, sampleColumns } from '../feeds/csv-preview.ts'
import type { CsvEncoding, CsvFile, CsvSeparator } from '../feeds/csv-text.ts'
import { FeedRefusal, type GivenFeed, schoolYearOf } from '../feeds/feed.ts'
import { inspectFeed } from '../feeds/formats.ts'
import { saveCsvMapping } from './import-columns.queries.ts'
import { discardUnpacked, unpackUpload, uploadFolder } from './import-files.ts'
import { type ImportRequest, needsDescription, updateImport } from './import-rows.ts'
import { knownTo, requestStage } from './imports.ts'
import { getImportRow } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'

/** What someone says of the files of an import. */
interface ColumnsSaid {
  source: string
  uai?: string | undefined
  files: Record<string, CsvMapping>
}

/** The files of an import that wait for their columns to be described, and what is proposed. */
export interface Columns {
  kind: CsvSituation['kind']
  source: string
  uai: string | undefined
  files: {
    name: string
    encoding: CsvEncoding
    separator: CsvSeparator
    /** Each with its first values, and what it likely holds in each kind of file. */
    columns: { name: string; samples: string[]; proposals: Partial<Record<CsvKind, CsvField>> }[]
    mapping: CsvMapping
    /** remembered: as the last time; recognised: as a known system writes them; proposed: by their headers. */
    origin: 'remembered' | 'recognised' | 'proposed'
  }[]
}

/** @throws Problem 409 `import_state` when the import does not wait for a description. */
export async function getColumns(services: Services, request: ImportRequest): Promise<Columns> {
  return withFiles(services, request, async (files, given) => {
    const situation = await examineCsvFiles(files, given)
    const known = new Map(situation.files.map(({ file, mapping }) => [file.name, mapping]))
    const described = await Promise.all(
      files.map(async (file) => {
        const mapping = known.get(file.name)
        const origin = situation.kind === 'csv' ? ('remembered' as const) : ('recognised' as const)
        const { name, encoding, separator } = file
        return {
          name,
          encoding,
          separator,
          columns: await describeColumns(file),
          mapping: mapping ?? proposeMapping(file.name, file.headers),
          origin: mapping ? origin : ('proposed' as const),
        }
      }),
    )
    return { kind: situation.kind, source: situation.source, uai: situation.uai, files: described }
  })
}

async function describeColumns(file: CsvFile): Promise<Columns['files'][number]['columns']> {
  const samples = await sampleColumns(file)
  const proposed = csvKinds.map((kind) => ({ kind, columns: proposeMapping(file.name, file.headers, kind).columns }))
  return nameColumns(file.headers).map((name, index) => ({
    name,
    samples: samples[index] ?? [],
    proposals: Object.fromEntries(
      proposed.flatMap(({ kind, columns }) => (columns[name] ? [[kind, columns[name]] as const] : [])),
    ),
  }))
}

const anyUai = '0000000A'

/** What a description would make of the first rows. @throws Problem 409 `import_state`; 400 as a refusal of the files. */
export async function previewColumns(
  services: Services,
  request: ImportRequest,
  said: ColumnsSaid,
): Promise<(CsvPreview & { name: string })[]> {
  return withFiles(services, request, async (files, { today = '' }) => {
    const previews = []
    for (const file of files) {
      const mapping = mappingOf(said, file.name)
      if (!mapping) continue
      // Rows are not blamed for an establishment that the page asks for besides.
      const place = said.uai ?? (Object.values(mapping.columns).includes('uai') ? undefined : anyUai)
      previews.push({ name: file.name, ...(await previewCsvFile(file, mapping, place, schoolYearOf(today))) })
    }
    return previews
  })
}

/**
 * Keeps what the columns hold, for this import and for the next files of the same headers, and has them read.
 * @throws Problem 409 `import_state`; 400 when something is still missing, under the code of the refusal.
 */
export async function saveColumns(services: Services, request: ImportRequest, said: ColumnsSaid): Promise<ImportView> {
  const { tenantId, id, actorPersonId } = request
  await withFiles(services, request, async (files, given, folder) => {
    const { kind } = await examineCsvFiles(files, given)
    const description: CsvDescription = { source: said.source, files: said.files }
    // What a known system writes needs no description, only the establishment.
    const { mode, schoolYear } = given
    const known = { kind, mode, schoolYear, uai: said.uai }
    const told = kind === 'csv' ? { ...known, description } : known
    await inspectFeed(folder, { ...given, ...told })
    await inTenant(services.db, tenantId, async (tx) => {
      for (const { name, headers } of kind === 'csv' ? files : []) {
        const mapping = mappingOf(said, name)
        // One that nobody speaks of is read as the last time.
        if (!mapping) continue
        const kept = { source: said.source, mapping: keepKnown(mapping, headers), actorPersonId, now: services.now() }
        await saveCsvMapping(tx, { headerKey: toHeaderKey(headers), ...kept })
      }
      await updateImport(tx, id, { given: JSON.stringify(told) })
      await recordAudit(tx, {
        action: 'directory.columns_described',
        actorPersonId,
        subjectKind: 'import',
        subjectId: id,
        detail: { source: said.source, files: files.map(({ name }) => name) },
      })
    })
  })
  return requestStage(services, request)
}

const mappingOf = ({ files }: ColumnsSaid, name: string) => files[name] ?? files['*']

/** What is said of the columns that are there. */
function keepKnown(mapping: CsvMapping, headers: string[]): CsvMapping {
  const names = new Set(nameColumns(headers))
  return {
    ...mapping,
    columns: Object.fromEntries(Object.entries(mapping.columns).filter(([name]) => names.has(name))),
  }
}

/** Opens the files of an import that waits for a description. */
async function withFiles<T>(
  services: Services,
  { tenantId, id }: ImportRequest,
  work: (files: CsvFile[], given: GivenFeed, folder: string) => Promise<T>,
): Promise<T> {
  const row = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
  if (row.state !== 'interrupted' || !row.uploaded || !needsDescription(row.refusal)) {
    throw new Problem(409, 'import_state', 'It does not wait for its columns to be described.')
  }
  const { dataDirectory } = services
  try {
    const folder = await unpackUpload(dataDirectory, id, uploadFolder(dataDirectory, id))
    const { mode, schoolYear } = row.given
    return await work(await openCsvFiles(folder), { mode, schoolYear, ...knownTo(services, tenantId) }, folder)
  } catch (error) {
    if (!(error instanceof FeedRefusal)) throw error
    const { code, detail, file, line } = error.refusal
    throw new Problem(400, code, detail, { file, line })
  } finally {
    await discardUnpacked(dataDirectory, id)
  }
}
