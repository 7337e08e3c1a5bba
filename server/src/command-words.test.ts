import { expect, test } from 'vitest'
import type { Command } from '#kernel/module'
import { countArguments, readWords } from './command-words.ts'

const command: Command = {
  name: 'leavers hold',
  usage: '<person> <reason> | <person> --lift',
  summary: '',
  options: { lift: { type: 'boolean' } },
  run: async () => {},
}

test('what a command takes is read, options among the words', () => {
  const { positionals, values } = readWords(command, ['anna', '--lift', 'law suit', '--tenant', 'main'])
  expect(positionals).toEqual(['anna', 'law suit'])
  expect(values).toMatchObject({ lift: true, tenant: 'main' })
})

test.each([
  ['a word too many', ['anna', 'law', 'suit'], /the word suit/],
  ['an option nobody knows', ['anna', '--lfit'], /--lfit/],
  ['an option without its value', ['anna', '--tenant'], /--tenant/],
])('%s is refused by name', (_, args, named) => {
  expect(() => readWords(command, args)).toThrow(expect.objectContaining({ code: 'words_unknown', status: 400 }))
  expect(() => readWords(command, args)).toThrow(named)
})

test.each([
  ['', 0],
  ['--login L', 0],
  ['[--person ID | --login L]', 0],
  ['AGREEMENT [BODY]', 2],
  ['<id> accept|never|later|reopen', 2],
  ['<folder or archive> [--dry-run] [--date YYYY-MM-DD]', 1],
  ['<person> <reason> | <person> --lift', 2],
  ['(FILE | grand-est | hauts-de-france) [--reason TEXT]', 1],
  ['[<statements|events> <MONTHS|forever> [--basis TEXT]]', 2],
  ['<slug> [--organisation ID|UAI]…', 1],
  ['<folder> [<folder> …]', Infinity],
  ['[<words of name, town or UAI>…]', Infinity],
  ['<id or name> [sub=42] [email=…] [--mbox T | --account T]', Infinity],
])('%j shows %d arguments', (usage, count) => {
  expect(countArguments(usage)).toBe(count)
})
