import { type FileHandle, open, rm } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { getEstablishmentId } from '#modules/directory'
import { findText, getId, inTenantOf, invalid, text, type Values } from '#kernel/command-values'
import type { Command, CommandContext } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { audiences } from '../accounts/activation.ts'
import { frameOf, writeLetterCsv, writeLetterPdf } from './letter-files.ts'
import { issueLettersAtOnce } from './letters.ts'

/** Codes for many, in a file for whoever hands them over. */
export const letterCommands: Command[] = [
  {
    name: 'letters write',
    usage: `<UAI> <new file.pdf|.csv> --profile ${audiences.join('|')} [--class ID] [--everyone] [--language fr|en]`,
    summary: 'Writes letters with new codes for those whose account is not open, or --everyone; former codes are void.',
    options: { profile: text, class: text, everyone: { type: 'boolean' }, language: text },
    async run(context, [uai, given], values) {
      const { profile, classId, language } = readRequest(values)
      const path = resolve(given ?? '')
      const kind = extname(path)
      if (kind !== '.pdf' && kind !== '.csv') throw invalid('Name the file to write: it ends in .pdf or .csv.')
      const frame = frameOf(context, await context.tenant(), language)
      const made = await inNewFile(context, path, (file) =>
        inTenantOf(context, async (tx, tenantId) => {
          const establishmentId = await getEstablishmentId(tx, uai)
          const request = { establishmentId, classId, profile, everyone: values['everyone'] === true }
          const { letters, skipped } = await issueLettersAtOnce(tx, tenantId, request, watch(context))
          context.signal.throwIfAborted()
          await file.writeFile(kind === '.pdf' ? writeLetterPdf(letters, frame) : writeLetterCsv(letters, frame))
          return { file: path, letters: letters.length, skipped }
        }),
      )
      context.print(`${made.letters} letters in ${path}: whoever reads it can open these accounts.`)
      for (const [reason, number] of Object.entries(made.skipped)) context.print(`left out, ${reason}: ${number}`)
      return made
    },
  },
]

function readRequest(values: Values) {
  const profile = audiences.find((each) => each === findText(values, 'profile'))
  if (!profile) throw invalid(`--profile is one of ${audiences.join(', ')}.`)
  const language = findText(values, 'language') ?? 'fr'
  if (language !== 'fr' && language !== 'en') throw invalid('--language is fr or en.')
  const classId = findText(values, 'class') === undefined ? null : getId(values, 'class')
  return { profile, language, classId } as const
}

const watch = (context: CommandContext) => ({
  now: context.now(),
  onProgress(done: number, total: number) {
    context.signal.throwIfAborted()
    context.progress('Issuing codes', done, total)
  },
})

/**
 * Works with a file for its owner alone, which is gone if the work fails.
 * @throws Problem 409 `file_exists`, `letters_stopped`; 400 `file_unwritable`.
 */
async function inNewFile<T>(
  { signal }: CommandContext,
  path: string,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST')
      throw new Problem(409, 'file_exists', `There is a file ${path} already: it stays as it is.`)
    throw new Problem(400, 'file_unwritable', `${path} cannot be written.`)
  })
  try {
    return await work(file)
  } catch (error) {
    await rm(path, { force: true })
    if (signal.aborted) throw new Problem(409, 'letters_stopped', 'Stopped; nothing was changed.')
    throw error
  } finally {
    await file.close()
  }
}
