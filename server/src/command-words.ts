import { parseArgs } from 'node:util'
import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'

const everyCommand = {
  json: { type: 'boolean' },
  tenant: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads what was typed after the name of a command.
 * @throws Problem 400 `words_unknown` naming the first word that the command takes nothing for: what is not understood
 *   is not left out.
 */
export function readWords(command: Command, args: string[]) {
  const read = parse(command, args)
  const extra = read.positionals[countArguments(command.usage)]
  if (extra !== undefined && !read.values['help']) {
    throw new Problem(400, 'words_unknown', `\`${command.name}\` has no use for the word ${extra}. Nothing was done.`)
  }
  return read
}

function parse({ options }: Command, args: string[]) {
  try {
    return parseArgs({ args, options: { ...options, ...everyCommand }, allowPositionals: true })
  } catch (error) {
    // Its advice how to give such a word all the same would mislead.
    const [fault] = (error as Error).message.split('. ')
    throw new Problem(400, 'words_unknown', `${fault}. Nothing was done.`)
  }
}

/** How many arguments, beside options, the usage of a command shows: of `A B | A --c`, two; of `A…`, any number. */
export function countArguments(usage: string): number {
  const alternatives = usage
    .replaceAll(/<[^>]*>|\([^)]*\)/g, (group) => (group.includes('…') ? 'A…' : 'A'))
    .split(' | ')
  const counts = alternatives.map((each) => {
    const words = each.split('--', 1)[0] ?? ''
    return words.includes('…') ? Infinity : (words.match(/[^\s[\]]+/g)?.length ?? 0)
  })
  return Math.max(...counts)
}
