import type { TestApp } from './app.ts'
import { runCommand } from './command.ts'

type Values = Record<string, string | boolean | string[]>

/**
 * Gives the commands of a module to a server, as the command line does.
 * @param module its name: `insight`.
 */
export function openCommands(server: () => TestApp, module: string) {
  let printed = ''
  /** @returns what the command answers under `--json`. @throws whatever it refuses by. */
  async function run<T = unknown>(name: string, words: string[] = [], values: Values = {}): Promise<T> {
    const options = Object.entries(values).flatMap(([option, value]) =>
      [value].flat().map((each) => (each === true ? `--${option}` : `--${option}=${each}`)),
    )
    const told = await runCommand(server(), module, ...name.split(' '), ...words, ...options)
    printed = told.printed
    return told.result as T
  }
  return {
    run,
    /** What the last command printed. */
    printed: () => printed,
    /** @returns the code of the problem that the command ends with; `accepted` when it does not. */
    refusal: (...given: Parameters<typeof run>): Promise<string> =>
      run(...given).then(
        () => 'accepted',
        (error: { code?: string; message: string }) => error.code ?? error.message,
      ),
  }
}
