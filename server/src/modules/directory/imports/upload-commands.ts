import type { Command, CommandContext } from '#kernel/module'
import { rereadImport } from '../reception/reread.ts'
import { getColumns, previewColumns, saveColumns } from './import-columns.ts'
import { parseId, readDescription, textOf } from './import-commands.ts'
import type { ImportRequest } from './import-rows.ts'
import { requestStage } from './imports.ts'
import type { ImportView } from './imports.routes.ts'

/** Imports whose files the server keeps: it reads them, and shows them for review like any other. */
export const uploadCommands: Command[] = [
  {
    name: 'import-stage',
    usage: '<id>',
    summary: 'Has the kept files of an interrupted import read again, by a running server.',
    run: async (context, positionals) =>
      tellRead(context, await requestStage(context, await ask(context, positionals))),
  },
  {
    name: 'import-reread',
    usage: '<id>',
    summary: 'Tries again what was set aside: a new import of the files that were kept, read by a running server.',
    run: async (context, positionals) =>
      tellRead(context, await rereadImport(context, await ask(context, positionals))),
  },
  {
    name: 'import-describe',
    usage: '<id> [--columns FILE.json [--dry-run]]',
    summary:
      'Proposes what the CSV columns of an import that waits hold; says it, and has them read by a running server.',
    options: { columns: { type: 'string' }, 'dry-run': { type: 'boolean' } },
    async run(context, positionals, values) {
      const request = await ask(context, positionals)
      const path = textOf(values['columns'])
      if (path === undefined) return propose(context, request)
      const { description, uai } = await readDescription(path)
      if (values['dry-run'] !== true)
        return tellRead(context, await saveColumns(context, request, { ...description, uai }))
      const files = await previewColumns(context, request, { ...description, uai })
      for (const { name, counts, more, reasons } of files) {
        context.print(`${name}: ${counts.read} rows looked at${more ? ' of more' : ''}, ${counts.setAside} set aside`)
        for (const { detail, count, line } of reasons) context.print(`  ${count}, first on line ${line}: ${detail}`)
      }
      return files
    },
  },
]

async function ask(context: CommandContext, positionals: string[]): Promise<ImportRequest> {
  return { tenantId: (await context.tenant()).id, id: parseId(positionals), actorPersonId: null }
}

function tellRead(context: CommandContext, requested: ImportView): ImportView {
  context.print(`A running server reads it. See: npm run preau -- directory import-show ${requested.id}`)
  return requested
}

/** As a file for `--columns`. */
async function propose(context: CommandContext, request: ImportRequest) {
  const { source, uai, files } = await getColumns(context, request)
  const mappings = files.map(({ name, mapping }) => [name, mapping] as const)
  const proposed = { source, ...(uai === undefined ? {} : { uai }), files: Object.fromEntries(mappings) }
  context.print(JSON.stringify(proposed, null, 2))
  return proposed
}
