import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { type Persona, type PersonaKey, personas } from '../server/src/demonstration/personas.ts'
import { launchBrowser } from './browser.ts'

/** A desktop screen, and the narrowest phone the pages promise to fit. */
export const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 320, height: 640 } } as const
export type Size = keyof typeof sizes
export const everySize = Object.keys(sizes) as Size[]

/** RGAA 4.1 rests on WCAG 2.1 AA; 2.2 AA and axe's best practices besides. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export interface Visit extends BrowserContextOptions {
  size?: Size
  /** Another server than the one all journeys share. */
  url?: string
}

/** A page of a new visitor. What it must never do is watched: see `expectQuiet`. */
export type Visitor = (visit?: Visit) => Promise<Page>

/** What each page is waiting for from the server. */
const awaited = new WeakMap<Page, Set<Request>>()

/** One browser for the journeys of a file; every visitor has a context of their own, closed after the test. */
export function openBrowser(): Visitor {
  let browser: Browser
  let contexts: BrowserContext[] = []
  let faults: string[] = []
  beforeAll(async () => {
    browser = await launchBrowser(inject('browser'))
  })
  afterEach(async () => {
    for (const context of contexts) await context.close()
    const seen = faults
    contexts = []
    faults = []
    expect(seen, 'errors in the page, or requests to another site').toEqual([])
  })
  afterAll(async () => browser.close())

  return async ({ size = 'desktop', url = inject('url'), ...options } = {}) => {
    const context = await browser.newContext({
      baseURL: url,
      viewport: sizes[size],
      hasTouch: size === 'phone',
      locale: 'fr-FR',
      timezoneId: 'Europe/Paris',
      reducedMotion: 'reduce',
      ...options,
    })
    contexts.push(context)
    context.setDefaultTimeout(20_000)
    context.on('weberror', (error) => faults.push(error.error().stack ?? String(error.error())))
    context.on('console', (message) => {
      if (/Content Security Policy|Warning:/.test(message.text())) faults.push(message.text())
    })
    context.on('request', (request) => {
      if (!/^(data|blob|about):/.test(request.url()) && new URL(request.url()).origin !== url)
        faults.push(request.url())
    })
    const page = await context.newPage()
    const requests = new Set<Request>()
    awaited.set(page, requests)
    page.on('request', (request) => requests.add(request))
    for (const end of ['requestfinished', 'requestfailed'] as const) {
      page.on(end as 'requestfinished', (request) => requests.delete(request))
    }
    return page
  }
}

/** Signs in by the form, as anybody does, and waits for the home page. */
export async function signIn(page: Page, key: PersonaKey, from = '/sign-in'): Promise<Persona> {
  const persona = personas[key]
  const { login, password } = await findAccount(page, persona)
  await page.goto(from)
  await page.getByLabel('Identifiant').fill(login)
  await page.getByLabel('Mot de passe', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await page.getByRole('navigation', { name: 'Navigation principale' }).waitFor()
  return persona
}

/** Opens a page of the main navigation, which is beside the work or, on a phone, under it. */
export async function goTo(page: Page, name: string): Promise<void> {
  const navigation = page.getByRole('navigation', { name: 'Navigation principale' })
  const link = navigation.getByRole('link', { name, includeHidden: true })
  await link.waitFor({ state: 'attached' })
  // A phone shows a few, and the others when asked.
  if (!(await link.isVisible())) await navigation.getByRole('button', { name: 'Plus' }).click()
  await link.click()
}

/** What the page says aloud to those who do not see it. */
export function announced(page: Page, text: string | RegExp): Locator {
  return page.locator('[role=status], [role=alert], [aria-live=polite], output').filter({ hasText: text })
}

/** The login and password a demonstration tells everyone. */
export async function findAccount(page: Page, { givenName, familyName }: Pick<Persona, 'givenName' | 'familyName'>) {
  const answer = await page.request.get('/api/identity/demonstration-accounts')
  const { accounts } = (await answer.json()) as {
    accounts: { givenName: string; familyName: string; login: string; password: string }[]
  }
  // Feeds write family names in capitals.
  const account = accounts.find(
    (each) => each.givenName === givenName && each.familyName.toUpperCase() === familyName.toUpperCase(),
  )
  if (!account) throw new Error(`The demonstration shows no account for ${givenName} ${familyName}.`)
  return account
}

/** Reads the public API as the page's visitor. */
export async function readApi<T>(page: Page, path: string): Promise<T> {
  const answer = await page.request.get(path)
  if (!answer.ok()) throw new Error(`${path} answers ${answer.status()}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/**
 * Looks at a page as every page is looked at: it has a title of its own, fits the screen, breaks no rule of
 * accessibility; and leaves a screenshot for human eyes.
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  await settle(page)
  await keepScreenshot(page, name)
  const size = page.viewportSize()?.width === sizes.phone.width ? 'phone' : 'desktop'
  const where = `${name}, ${size}`
  expect(await page.title(), `title of ${where}`).toMatch(/\S/)
  expect(await page.locator('h1').count(), `headings of level 1 on ${where}`).toBe(1)
  expect(await findOverflow(page), `wider than the screen on ${where}`).toEqual([])
  // Without frames there is nothing to look at from a page of axe's own, which takes it as long as looking.
  expect(page.frames(), `frames of ${where}`).toHaveLength(1)
  const axe = new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(rules)
    .setLegacyMode()
  const { violations } = await axe.analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
  expect(found, `accessibility of ${where}`).toEqual([])
}

/** Waits until nothing is being loaded or drawn. */
export async function settle(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  // Several parts of a page may be busy: the first that still is.
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
  // Nothing asked for a while: longer than the pause after the last key of a search.
  for (let quiet = 0; quiet < 6; quiet = awaited.get(page)?.size ? 0 : quiet + 1) await page.waitForTimeout(50)
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
}

export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()?.width === sizes.phone.width ? 'phone' : 'desktop'
  const folder = join(import.meta.dirname, 'screenshots', size)
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

/** What makes the page scroll sideways: the elements that stick out, unless something inside scrolls by itself. */
function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    const sticking = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > width + 0.5,
    )
    return sticking.slice(0, 5).map((element) => element.outerHTML.slice(0, 200))
  })
}
