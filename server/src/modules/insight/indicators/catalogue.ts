import { readdir, stat } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { type ChartCompiler, openChartCompiler } from './charts.ts'
import type { BrokenIndicator, Indicator } from './definition.ts'
import { listFolders, loadIndicator } from './loading.ts'

/** Where indicators come from, beside those of the product. */
export interface CataloguePlaces {
  dataDirectory: string
  /** Names of npm packages that hold a folder `indicators`. */
  indicatorPackages: readonly string[]
}

/** The indicators there are, and those that are refused. */
export interface Contents {
  indicators: ReadonlyMap<string, Indicator>
  broken: readonly BrokenIndicator[]
}

/** Reads what there is, anew when a file has changed. */
export interface Catalogue {
  read(): Promise<Contents>
}

const productFolder = join(import.meta.dirname, '../../../../../indicators')
/** Folders are looked at again at most this often, in ms: what an institution adds is there without a restart. */
const freshness = 3000

/**
 * Opens the catalogue: the product's indicators, then those of the institution (`PREAU_DATA/indicators`), then those of
 * packages. A broken one is listed as such; of two with one name the first stands.
 */
export function openCatalogue(places: CataloguePlaces): Catalogue {
  const kept = new Map<string, { version: string; loaded: Awaited<ReturnType<typeof loadIndicator>> }>()
  let contents: Promise<Contents> | undefined
  let readAt = 0

  const load = async (): Promise<Contents> => {
    const compiler = openChartCompiler()
    try {
      return await loadWith(compiler)
    } finally {
      await compiler.close()
    }
  }
  const loadWith = async (compiler: ChartCompiler): Promise<Contents> => {
    const indicators = new Map<string, Indicator>()
    const broken: BrokenIndicator[] = []
    for (const { folder, origin, fault } of await listPlaces(places)) {
      if (fault !== undefined) {
        broken.push({ name: folder, origin, folder, problems: [{ file: 'package.json', reason: fault }] })
        continue
      }
      const version = await readVersion(folder)
      let known = kept.get(folder)
      if (known?.version !== version) {
        // Charts of the product were tried before it was released.
        known = { version, loaded: await loadIndicator(folder, origin, origin === 'product' ? undefined : compiler) }
        kept.set(folder, known)
      }
      const { loaded } = known
      if ('broken' in loaded) broken.push(loaded.broken)
      else {
        const first = indicators.get(loaded.indicator.name)
        if (!first) indicators.set(loaded.indicator.name, loaded.indicator)
        else {
          const { name } = loaded.indicator
          const reason = `name: ${name} is taken by the one in ${first.folder}`
          broken.push({ name, origin, folder, problems: [{ file: 'indicator.json', reason }] })
        }
      }
    }
    return { indicators, broken }
  }

  return {
    read() {
      if (!contents || Date.now() - readAt > freshness) {
        readAt = Date.now()
        contents = load()
      }
      return contents
    },
  }
}

interface Place {
  folder: string
  origin: Indicator['origin']
  fault?: string
}

async function listPlaces({ dataDirectory, indicatorPackages }: CataloguePlaces): Promise<Place[]> {
  const of = (origin: Indicator['origin']) => (folder: string) => ({ folder, origin })
  const places: Place[] = [
    ...(await listFolders(productFolder)).map(of('product')),
    ...(await listFolders(join(dataDirectory, 'indicators'))).map(of('institution')),
  ]
  for (const name of indicatorPackages) {
    const { folders, fault } = await openPackage(name)
    places.push(...folders.map(of('package')))
    if (fault !== undefined) places.push({ folder: name, origin: 'package', fault })
  }
  return places
}

/** A package that was named and brings no indicator. */
interface PackageFault {
  name: string
  installed: boolean
  reason: string
}

/** The packages that were named and bring no indicator. */
export async function listPackageFaults(names: readonly string[]): Promise<PackageFault[]> {
  const opened = await Promise.all(names.map(async (name) => ({ name, ...(await openPackage(name)) })))
  return opened.flatMap(({ name, installed, fault }) =>
    fault === undefined ? [] : [{ name, installed, reason: fault }],
  )
}

async function openPackage(name: string): Promise<{ installed: boolean; folders: string[]; fault?: string }> {
  const file = findPackage(name)
  if (file === undefined) return { installed: false, folders: [], fault: 'the package is not installed' }
  const folders = await listFolders(join(dirname(file), 'indicators'))
  return { installed: true, folders, ...(folders.length === 0 && { fault: 'it holds no folder indicators' }) }
}

function findPackage(name: string): string | undefined {
  try {
    return findPackageJSON(name, import.meta.url)
  } catch {
    return undefined
  }
}

/** What changes when a file of the folder does. */
async function readVersion(folder: string): Promise<string> {
  try {
    const files = (await readdir(folder)).sort()
    const states = await Promise.all(files.map((file) => stat(join(folder, file))))
    return files.map((file, at) => `${file} ${states[at]?.size} ${states[at]?.mtimeMs}`).join('\n')
  } catch (error) {
    return (error as Error).message
  }
}
