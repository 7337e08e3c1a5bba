import { basename, dirname, resolve } from 'node:path'
import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { openCatalogue } from './catalogue.ts'
import { checkFixtures } from './fixtures.ts'
import { listFolders, loadIndicator } from './loading.ts'

const list: Command = {
  name: 'indicator list',
  usage: '',
  summary: 'Indicators there are, where they come from, and those that are refused, with the reason.',
  async run(context) {
    const { indicators, broken } = await openCatalogue(context).read()
    const listed = [...indicators.values()].map(({ name, version, origin, scopes, texts }) => ({
      name,
      version,
      origin,
      scopes: Object.keys(scopes),
      title: texts.en.title,
    }))
    for (const { name, version, origin, scopes, title } of listed)
      context.print(`${name} ${version} (${origin}; ${scopes.join(', ')}): ${title}`)
    for (const { name, folder, problems } of broken) {
      context.print(`${name}: refused (${folder})`)
      for (const { file, reason } of problems) context.print(`  ${file}: ${reason}`)
    }
    return { indicators: listed, broken }
  },
}

const check: Command = {
  name: 'indicator check',
  usage: '<folder> [<folder> …]',
  summary: 'Reads indicators’ folders (or a folder of them), and computes their fixtures on the analytics.',
  async run(context, given) {
    if (given.length === 0) throw new Problem(400, 'folder_needed', 'Say which folder.')
    const results = []
    for (const folder of await findFolders(given)) {
      const loaded = await loadIndicator(folder, dirname(folder).endsWith('indicators') ? 'institution' : 'product')
      if ('broken' in loaded) {
        results.push({ name: loaded.broken.name, good: false, problems: loaded.broken.problems, cases: [] })
      } else {
        const cases = await checkFixtures(await context.clickhouse(), loaded.indicator, context.signal)
        const problems = cases.length > 0 ? [] : [{ file: 'fixtures', reason: 'there is no case' }]
        const good = problems.length === 0 && cases.every(({ faults }) => faults.length === 0)
        results.push({ name: loaded.indicator.name, good, problems, cases })
      }
      const { name, good, problems, cases } = results.at(-1)!
      context.print(`${name}: ${good ? `good, ${cases.length} cases` : 'refused'}`)
      for (const { file, reason } of problems) context.print(`  ${file}: ${reason}`)
      for (const each of cases) for (const fault of each.faults) context.print(`  fixtures/${each.case}: ${fault}`)
    }
    const bad = results.filter(({ good }) => !good).map(({ name }) => name)
    if (bad.length > 0) throw new Problem(422, 'indicator_broken', `Refused: ${bad.join(', ')}.`, { results })
    return { results }
  },
}

/** Each folder, or those it holds when it is no indicator itself. */
async function findFolders(given: string[]): Promise<string[]> {
  const folders: string[] = []
  for (const each of given.map((path) => resolve(path))) {
    const held = (await listFolders(each)).filter((folder) => basename(folder) !== 'fixtures')
    folders.push(...(held.length > 0 ? held : [each]))
  }
  return folders
}

/** `npm run preau -- insight indicator …`. */
export const indicatorCommands: Command[] = [list, check]
