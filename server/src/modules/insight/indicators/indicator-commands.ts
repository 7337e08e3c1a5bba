import { basename, resolve } from 'node:path'
import type { Viewer } from '#kernel/access'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { smallestGroup } from '../privacy/suppression.ts'
import { openAnswering } from './answers.ts'
import { openCatalogue } from './catalogue.ts'
import { openChartCompiler } from './charts.ts'
import { checkFixtures } from './fixtures.ts'
import { listFolders, loadIndicator } from './loading.ts'
import { offerIndicator } from './offering.ts'
import { listUnwanted } from './surroundings.queries.ts'

const list: Command = {
  name: 'indicator list',
  usage: '',
  summary:
    'Indicators there are, where they come from, which are not offered, and those that are refused, with the reason.',
  async run(context) {
    const { indicators, broken } = await openCatalogue(context).read()
    const unwanted = await inTenant(context.db, (await context.tenant()).id, listUnwanted)
    const listed = [...indicators.values()].map(({ name, version, origin, scopes, texts }) => ({
      name,
      version,
      origin,
      scopes: Object.keys(scopes),
      title: texts.en.title,
      enabled: !unwanted.has(name),
    }))
    for (const { name, version, origin, scopes, title, enabled } of listed)
      context.print(`${name} ${version} (${origin}; ${scopes.join(', ')}): ${title}${enabled ? '' : ' (not offered)'}`)
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
    const compiler = openChartCompiler()
    for (const folder of await findFolders(given)) {
      const loaded = await loadIndicator(folder, 'institution', compiler)
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
    await compiler.close()
    const bad = results.filter(({ good }) => !good).map(({ name }) => name)
    if (bad.length > 0) throw new Problem(422, 'indicator_broken', `Refused: ${bad.join(', ')}.`, { results })
    return { results }
  },
}

const computeOne: Command = {
  name: 'indicator compute',
  usage: '<name> [--course <key>] [--from <day>] [--until <day>] [--parameter <name>=<value> …]',
  summary:
    'What an indicator answers about groups, to who looks at the whole institution. Small groups are hidden here too.',
  options: {
    course: { type: 'string' },
    from: { type: 'string' },
    until: { type: 'string' },
    parameter: { type: 'string', multiple: true },
  },
  async run(context, [name], values) {
    if (name === undefined) throw new Problem(400, 'indicator_needed', 'Say which indicator.')
    const tenant = await context.tenant()
    const viewer: Viewer = { ...wholeInstitution, tenantId: tenant.id }
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
    const parameters = [values['parameter'] ?? []].flat().map((each) => String(each).split(/=(.*)/s).slice(0, 2))
    const { question, ...given } = await openAnswering(context, openCatalogue(context)).answer(
      { viewer, tenant },
      {
        indicator: name,
        scope: 'group',
        course: text(values['course']),
        from: text(values['from']),
        until: text(values['until']),
        parameters: Object.fromEntries(parameters),
      },
      undefined,
      smallestGroup.page,
    )
    const { period, rows, answer, withheld, suppressed, asOf } = given
    context.print(`${question.indicator.texts.en.question} ${period.from} to ${period.until}`)
    if (withheld !== null) context.print(`Nothing is told: ${withheld}.`)
    context.print(question.defined.columns.map((column) => column.name).join('\t'))
    for (const row of rows) context.print(question.defined.columns.map((column) => row[column.name] ?? '').join('\t'))
    if (answer) context.print(JSON.stringify(answer))
    return { period, rows, answer, withheld, suppressed, asOf }
  },
}

const enable: Command = {
  name: 'indicator enable',
  usage: '<name>',
  summary: 'Offers an indicator again that was offered no longer.',
  run: (context, [name]) => setOffered(context, name, true),
}

const disable: Command = {
  name: 'indicator disable',
  usage: '<name>',
  summary: 'Offers an indicator no longer: dashboards leave it out, and nobody may ask it.',
  run: (context, [name]) => setOffered(context, name, false),
}

async function setOffered(context: CommandContext, indicator: string | undefined, enabled: boolean) {
  if (indicator === undefined) throw new Problem(400, 'indicator_needed', 'Say which indicator.')
  const contents = await openCatalogue(context).read()
  const { id } = await context.tenant()
  await inTenant(context.db, id, (tx) => offerIndicator(tx, contents, { indicator, enabled, by: null }, context.now()))
  context.print(`${indicator} is ${enabled ? 'offered' : 'not offered any more'}.`)
  return { indicator, enabled }
}

const wholeInstitution: Omit<Viewer, 'tenantId'> = {
  audience: 'institution',
  courses: null,
  learner: null,
  nominative: false,
  personId: null,
  name: null,
  indicator: null,
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
export const indicatorCommands: Command[] = [list, check, computeOne, enable, disable]
