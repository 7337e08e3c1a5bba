import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceKind } from '../tables.ts'
import { aaf } from './aaf-files.ts'
import { csv } from './csv-feed.ts'
import { type Feed, type FeedFormat, FeedRefusal, type GivenFeed } from './feed.ts'
import { oneRoster } from './oneroster-files.ts'
import { siecle } from './siecle-files.ts'
import { sts } from './sts.ts'

/** Every format that can be read; the first one that knows the names of a folder's files reads it. */
const formats: FeedFormat[] = [aaf, siecle, sts, oneRoster, csv]

/** ONDE and Supann are CSV files that are known by their columns. */
const formatOf = (kind: SourceKind) => (kind === 'onde' || kind === 'supann' ? 'csv' : kind)

/** Whether a name is that of a file of some feed: nothing else is received. */
export function isFeedFileName(name: string): boolean {
  return name.length <= 200 && formats.some((format) => format.isFileName(name))
}

/** Finds out what feed a folder holds. @throws FeedRefusal when it holds none, several, or an incomplete one. */
export async function inspectFeed(folder: string, given: GivenFeed = {}): Promise<Feed> {
  const names = (await readdir(folder)).filter((name) => /\.(xml|csv)$/i.test(name)).sort()
  if (names.length === 0) throw new FeedRefusal('no_file', 'There is no .xml nor .csv file here.')
  for (const name of names) {
    // A pipe would be read for ever.
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (!found?.isFile()) throw new FeedRefusal('file_unreadable', 'It is no file that can be read.', { file: name })
  }
  const chosen = formats.filter(({ kind }) => given.kind === undefined || kind === formatOf(given.kind))
  const fits = (format: FeedFormat) => (name: string) => format.isFileName(name)
  const format =
    chosen.find(({ marker }) => marker !== undefined && names.includes(marker)) ??
    chosen.find((each) => names.every(fits(each))) ??
    chosen.find((each) => names.some(fits(each)))
  const stranger = names.find((name) => !format?.isFileName(name))
  if (!format || stranger !== undefined) {
    const detail = format
      ? 'It is of another format than the other files here.'
      : 'No feed that can be read has a file of this name.'
    throw new FeedRefusal('file_name_unexpected', detail, { file: stranger ?? names[0]! })
  }
  const feed = await format.inspect(folder, given)
  if (given.mode !== undefined && given.mode !== feed.mode) {
    const detail = `These files say what they are themselves: a ${feed.mode === 'full' ? 'full export' : 'delta'}.`
    throw new FeedRefusal('mode_contradicted', detail)
  }
  if (given.schoolYear !== undefined && given.schoolYear !== feed.schoolYear) {
    const detail = `These files say their school year themselves: ${feed.schoolYear}-${feed.schoolYear + 1}.`
    throw new FeedRefusal('school_year_contradicted', detail)
  }
  return feed
}
