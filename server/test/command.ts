import type { CommandContext } from '#kernel/module'
import { modules } from '../src/app.ts'
import { readWords } from '../src/command-words.ts'
import type { TestApp } from './app.ts'

/**
 * Runs a command by the words somebody would type after `npm run preau --`: words it does not know throw, as what it
 * refuses does.
 * @returns what `--json` would print, and the lines printed without it.
 */
export async function runCommand(server: TestApp, ...words: string[]): Promise<{ result: unknown; printed: string }> {
  const [first, ...rest] = words
  const command = modules
    .find(({ name }) => name === first)
    ?.commands.filter(({ name }) => `${rest.join(' ')} `.startsWith(`${name} `))
    .sort((one, other) => other.name.length - one.name.length)[0]
  if (!command) throw new Error(`no command ${words.join(' ')}`)
  const { values, positionals } = readWords(command, rest.slice(command.name.split(' ').length))
  const lines: string[] = []
  const context: CommandContext = {
    ...server.services,
    tenant: async () => server.tenant,
    print: (line) => lines.push(line),
    progress: () => {},
    signal: new AbortController().signal,
  }
  const result = await command.run(context, positionals, values)
  return { result, printed: lines.join('\n') }
}
