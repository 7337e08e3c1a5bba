import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

/** A browser to launch: the program and the variables it runs with. Plain data, so that tests can be handed it. */
export interface BrowserProgram {
  path: string
  /** Added to the environment. */
  variables: Record<string, string>
}

/** Names under which systems install Chromium and Chrome. */
const installedNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Finds a browser: the one of the variable `CHROMIUM`, one installed on the system, else the one npm brought, unpacked
 * for this run.
 * @returns the program, and `remove` to give back the 210 MB it may have unpacked.
 * @throws Error saying what is missing and how to have it.
 */
export async function findBrowser(
  env: Record<string, string | undefined>,
): Promise<{ program: BrowserProgram; remove: () => void }> {
  const chosen = env['CHROMIUM']
  if (chosen) {
    if (!isExecutable(chosen)) throw new Error(`CHROMIUM names ${chosen}, which is not a program that can be run.`)
    return { program: { path: chosen, variables: {} }, remove: () => {} }
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const installed = installedNames.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
  if (installed) return { program: { path: installed, variables: {} }, remove: () => {} }
  return unpackBrowser()
}

/** Launches a browser without a window; a new profile each time. */
export async function launchBrowser({ path, variables }: BrowserProgram): Promise<Browser> {
  // The browser's own sandbox refuses root, and needs kernel rights that containers often withhold.
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--no-pings']
  args.push('--disable-domain-reliability', '--disable-dev-shm-usage', '--font-render-hinting=none')
  const env = { ...process.env, ...variables }
  try {
    return await chromium.launch({ executablePath: path, headless: true, args, env })
  } catch (error) {
    throw new Error(`The browser ${path} does not start; ${advice}\n${(error as Error).message}`, { cause: error })
  }
}

const advice =
  'install Chromium (Debian: apt install chromium), or name one by the variable CHROMIUM: CHROMIUM=/path/to/chrome npm test'

async function unpackBrowser(): Promise<{ program: BrowserProgram; remove: () => void }> {
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  } catch {
    throw new Error(`No browser was found, and the package @sparticuz/chromium is not installed: ${advice}`)
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`No browser was found, and npm brings none for ${process.platform} ${process.arch}: ${advice}`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'preau-browser-'))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  try {
    // In a process of its own: this package changes the environment of the one that loads it. The variable makes it
    // unpack the system libraries too (libnss3, libexpat), which a bare machine lacks.
    const source = 'const { default: chromium } = await import(process.argv[1]); await chromium.executablePath()'
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source, entry], {
      env: { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' },
    })
  } catch (error) {
    remove()
    throw new Error(
      `The browser of npm could not be unpacked in ${tmpdir()} (210 MB are needed there; TMPDIR names another place): ` +
        (error as Error).message,
      { cause: error },
    )
  }
  // Its own list of font folders expects to be unpacked in /tmp itself.
  const fonts = join(folder, 'fonts')
  const list = ['/usr/share/fonts', fonts].map((each) => `<dir>${each}</dir>`).join('')
  writeFileSync(
    join(fonts, 'fonts.conf'),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${list}<cachedir>${folder}/font-cache</cachedir></fontconfig>`,
  )
  return {
    program: {
      path: join(folder, 'chromium'),
      variables: { HOME: folder, FONTCONFIG_PATH: fonts, LD_LIBRARY_PATH: join(folder, 'al2023/lib') },
    },
    remove,
  }
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
