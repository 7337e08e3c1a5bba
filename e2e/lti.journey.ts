import { createServer, type Server } from 'node:http'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, type Frame, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { makeLearningStatements } from '../server/src/demonstration/learning.ts'
import { TestPlatform } from '../server/test/lti-platform.ts'
import { launchBrowser } from './browser.ts'
import { findFreePort } from './product.ts'
import { checkPage, everySize, keepScreenshot, openBrowser, signIn, type Size, sizes } from './visitor.ts'

const visit = openBrowser()
/** Where the invented pupils of the demonstration learn. */
const site = 'https://cours.demonstration.example'

let platform: TestPlatform
let browser: Browser
let contexts: BrowserContext[] = []

beforeAll(async () => {
  browser = await launchBrowser(inject('browser'))
  // On another site than the product, which answers as localhost.
  platform = await new TestPlatform({
    product: 'test',
    storage: true,
    users: [
      { id: 'tess', username: 'tess', name: 'Tess Prof', email: 'tess@lms.test', roles: ['Instructor'] },
      { id: 'climat-17', username: 'ana', name: 'Ana Élève', email: 'ana@lms.test', roles: ['Learner'] },
    ],
    course: { id: 'climat', title: 'Sciences : météo et climat' },
  }).start()
})
afterEach(async () => {
  for (const context of contexts) await context.close()
  contexts = []
})
afterAll(async () => {
  await browser.close()
  await platform.stop()
})

/** What a browser refuses frames of other sites, beside their ordinary cookies. */
interface Refusals {
  everyCookie?: boolean
  ownStorage?: boolean
}

/** A browser that sends a frame of another site no cookie but those kept within the site that frames it. */
async function openCourse(size: Size, refusals: Refusals = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: sizes[size], locale: 'fr-FR', reducedMotion: 'reduce' })
  contexts.push(context)
  context.setDefaultTimeout(20_000)
  if (refusals.ownStorage) {
    await context.addInitScript(() => {
      Object.defineProperty(window, 'sessionStorage', {
        get() {
          throw new DOMException('denied', 'SecurityError')
        },
      })
    })
  }
  if (refusals.everyCookie) {
    // Gone once the browser has left for the platform.
    await context.route('**/authorize?*', async (route) => {
      await context.clearCookies()
      await route.continue()
    })
  }
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCookieControls', {
    enableThirdPartyCookieRestriction: true,
  })
  return page
}

async function launch(page: Page, user: string, hint = 'resource'): Promise<Frame> {
  await page.goto(`${platform.url}/course?user=${user}&hint=${hint}`)
  await expect.poll(() => toolFrame(page)?.url() ?? '', { timeout: 20_000 }).toContain('/embed/')
  return toolFrame(page)!
}

const toolFrame = (page: Page) => page.frames().find((frame) => frame.name() === 'tool')

/** Looks at the page in the frame as every page is looked at. */
async function checkFrame(page: Page, frame: Frame, name: string): Promise<void> {
  await frame.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
  await keepScreenshot(page, name)
  const where = `${name}, ${page.viewportSize()?.width}`
  const overflow = await frame.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflow, `wider than the frame: ${where}`).toBeLessThanOrEqual(0)
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .include(['iframe[name=tool]', 'html'])
    .analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
  expect(found, `accessibility of ${where}`).toEqual([])
}

test('an administrator gets a link, by which a platform registers, and says who its users are', async () => {
  const page = await visit()
  await signIn(page, 'operator')
  await page.goto('/dashboards/platforms')
  await page.getByRole('button', { name: 'Obtenir un lien d’inscription' }).click()
  await page.getByText('Copiez ce lien dans votre plateforme').waitFor()
  await checkPage(page, 'lti-platforms')
  const link = new URL((await page.locator('.code').first().textContent()) ?? '')
  link.searchParams.set('openid_configuration', `${platform.url}/.well-known/openid-configuration`)
  expect((await fetch(link)).status).toBe(200)
  expect((await fetch(link)).status).toBe(403)
  await page.reload()
  await page.getByRole('link', { name: new URL(platform.url).host }).click()
  await page.getByLabel('Site du compte').fill(site)
  await page.getByLabel('Adresse du cours dans les traces').fill(`${site}/course/{context.id}`)
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByText('Les réglages sont enregistrés').waitFor()
  await page.getByRole('button', { name: 'Essayer' }).click()
  await page.getByText('La plateforme répond').waitFor()
  await checkPage(page, 'lti-platform')
})

describe.each(everySize)('%s, third-party cookies blocked', (size) => {
  test('a student opens their own dashboard in a page of the course', async () => {
    const page = await openCourse(size)
    const frame = await launch(page, 'climat-17')
    await frame.getByRole('heading', { level: 1 }).waitFor()
    expect(await frame.getByRole('alert').count()).toBe(0)
    const kept = await frame.evaluate(() => {
      document.cookie = 'other=1; SameSite=None; Secure'
      return document.cookie
    })
    expect(kept, 'cookies of another site').toBe('')
    expect(new URL(frame.url()).hash).toBe('')
    await checkFrame(page, frame, 'lti-student')
  })

  test('a teacher opens the dashboard of the course, and chooses what a link of it shows', async () => {
    const page = await openCourse(size)
    const frame = await launch(page, 'tess')
    await frame.getByRole('heading', { level: 1 }).waitFor()
    await checkFrame(page, frame, 'lti-teacher')
    const choice = await launch(page, 'tess', 'choose')
    await choice.getByRole('heading', { name: 'Que montrer dans le cours' }).waitFor()
    await choice.getByText('Un seul indicateur').click()
    await choice.getByLabel('Indicateur', { exact: true }).selectOption({ label: 'Fenêtre flottante' })
    await choice.getByLabel('Nombre d’activités à réunir').fill('4')
    await checkFrame(page, choice, 'lti-choice')
    const before = platform.chosen.length
    await choice.getByRole('button', { name: 'Ajouter au cours' }).click()
    await toolFrame(page)!.getByRole('heading', { name: 'Choix reçu' }).waitFor()
    expect(platform.chosen).toHaveLength(before + 1)
    const items = 'https://purl.imsglobal.org/spec/lti-dl/claim/content_items'
    expect(platform.chosen.at(-1)?.[items]).toMatchObject([
      { title: 'Fenêtre flottante', custom: { preau_indicator: 'sliding-window', preau_p_activities: '4' } },
    ])
  })
})

describe.each(everySize)('%s, by name', (size) => {
  test('a teacher reads who may need help, and why, and says what they did; that person reads it', async () => {
    const page = await openCourse(size)
    const frame = await launch(page, 'tess')
    const card = frame.getByRole('article').filter({ hasText: 'À qui proposer de l’aide, et pourquoi ?' })
    await card.getByText('La personne peut lire la suite que vous donnez.').waitFor()
    await checkFrame(page, frame, 'lti-help')

    const done = card.getByRole('button', { name: /^J’ai fait signe : / })
    const labels = await Promise.all((await done.all()).map((each) => each.getAttribute('aria-label')))
    const people = listPupils()
    const name = labels.map((label) => label?.split(/\s:\s/)[1] ?? '').find((each) => people.get(each)?.length === 1)
    const [id] = people.get(name ?? '') ?? []
    if (name === undefined || id === undefined) throw new Error('Nobody of the course may need help.')
    const ofThem = card.getByRole('button', { name: `J’ai fait signe : ${name}`, exact: true })
    const reasons = await ofThem.count()
    await ofThem.first().press('Enter')
    await expect.poll(() => ofThem.count()).toBe(reasons - 1)
    await card
      .getByRole('row')
      .filter({ hasText: name })
      .getByText(/^Signe fait le /)
      .first()
      .waitFor()
    await checkFrame(page, frame, 'lti-followed')

    // Nobody has to remember it: it is there the next time.
    const again = await launch(page, 'tess')
    await again
      .getByText(/^Signe fait le /)
      .first()
      .waitFor()

    const known = platform.options.users.some((user) => user.id === id)
    if (!known) platform.options.users.push({ id, username: id, name, email: `${id}@lms.test`, roles: ['Learner'] })
    const theirs = await launch(page, id)
    await theirs.locator('a[aria-current=page]', { hasText: 'Tableau de bord' }).waitFor()
    await theirs.getByRole('link', { name: 'Mes traces' }).click()
    const told = theirs.getByRole('table', { name: 'Ce que vos enseignants ont noté' })
    await told.getByText('Vous a aidé, ou va le faire').first().waitFor()
    await told.getByText('Tess Prof').first().waitFor()
    const looks = theirs.getByRole('table', { name: 'Qui a vu vos résultats' })
    await looks.getByText('Aide à proposer').first().waitFor()
    await checkFrame(page, theirs, 'lti-follow-up')
  })
})

/** Accounts of the invented pupils of the course, by their names. */
function listPupils(): Map<string, string[]> {
  const known = new Map<string, Set<string>>()
  for (const { actor } of makeLearningStatements(new Date())) {
    if (!('account' in actor) || !actor.account?.name.startsWith('climat-')) continue
    const name = actor.name ?? ''
    known.set(name, (known.get(name) ?? new Set()).add(actor.account.name))
  }
  return new Map([...known].map(([name, accounts]) => [name, [...accounts]]))
}

describe('a browser that keeps less', () => {
  test('proves itself by what its tab keeps, or by what the platform keeps for it', async () => {
    for (const refusals of [{ everyCookie: true }, { everyCookie: true, ownStorage: true }]) {
      const page = await openCourse('desktop', refusals)
      const frame = await launch(page, 'climat-17')
      await frame.getByRole('heading', { level: 1 }).waitFor()
      expect(await frame.getByRole('alert').count(), JSON.stringify(refusals)).toBe(0)
    }
  })

  test('is told what to do when it keeps nothing at all', async () => {
    platform.options.storage = false
    const page = await openCourse('desktop', { everyCookie: true, ownStorage: true })
    const frame = await launch(page, 'climat-17')
    platform.options.storage = true
    await frame.getByRole('alert').filter({ hasText: 'nouvelle fenêtre' }).waitFor()
    await checkFrame(page, frame, 'lti-refused')
  })
})

test('the address of somebody’s launch opens nothing in another browser', async () => {
  const page = await openCourse('desktop')
  let stolen = ''
  await page.route('**/api/lti/launches/token', async (route) => {
    const { launch: id, code } = route.request().postDataJSON() as { launch: string; code: string }
    stolen = `/embed/${id}#code=${code}`
    await route.abort()
  })
  await launch(page, 'climat-17')
  await expect.poll(() => stolen).not.toBe('')
  const victim = await openCourse('desktop')
  await victim.goto(new URL(stolen, inject('url')).href)
  await victim.getByRole('alert').filter({ hasText: 'nouvelle fenêtre' }).waitFor()
})

test('an administrator sees both sides of the launches, and that the student is known', async () => {
  const page = await visit()
  await signIn(page, 'operator')
  await page.goto('/dashboards/platforms')
  await page.getByRole('link', { name: new URL(platform.url).host }).click()
  const row = page.getByRole('row').filter({ hasText: 'Ana Élève' }).first()
  await row
    .getByText(/\d+ traces/)
    .first()
    .waitFor()
  await checkPage(page, 'lti-launches')
  await page.goto('/dashboards/identities?q=Ana')
  await page.getByText(`lti|${platform.url}|climat-17`).waitFor()
  await checkPage(page, 'lti-identities')
})

test('a portal frames an indicator by the custom element', async () => {
  const port = await findFreePort()
  const origin = `http://127.0.0.1:${port}`
  const page = await visit()
  await signIn(page, 'operator')
  await page.goto('/dashboards/platforms')
  await page.getByLabel('Nom', { exact: true }).fill('Intranet')
  await page.getByLabel('Adresse du site').fill(origin)
  await page.getByRole('button', { name: 'Ajouter un portail' }).click()
  await page.getByText('Notez son secret').waitFor()
  const [id = '', secret = ''] = await page.locator('dd.code').filter({ visible: true }).allTextContents()
  const portal = servePortal(port, `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`)
  const shown = await openCourse('desktop')
  await shown.goto(origin)
  const frame = shown.frameLocator('preau-indicator iframe')
  await frame.getByRole('heading', { level: 1 }).waitFor()
  expect(await frame.getByRole('alert').count()).toBe(0)
  portal.close()
})

/** A portal: its page, and its server that asks for what the page frames. */
function servePortal(port: number, authorization: string): Server {
  const url = inject('url')
  return createServer((request, response) => {
    if (request.method !== 'POST') {
      const html = `<!doctype html><html lang="fr"><title>Intranet</title><h1>Intranet</h1>
        <preau-indicator from="/ask" label="Mon activité"></preau-indicator>
        <script type="module" src="${url}/embed/preau-indicator.js"></script></html>`
      response.setHeader('content-type', 'text/html; charset=utf-8').end(html)
      return
    }
    const actor = { account: { homePage: site, name: 'climat-17' } }
    void fetch(`${url}/api/lti/portals/launches`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ audience: 'student', actor, indicator: { name: 'activity-over-time' } }),
    })
      .then((answer) => answer.text())
      .then((text) => response.setHeader('content-type', 'application/json').end(text))
  }).listen(port, '127.0.0.1')
}
