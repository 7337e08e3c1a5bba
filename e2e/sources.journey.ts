import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type FeedOptions, nextExport, writeAafFeed, writeDefectiveFeed } from '../server/src/demonstration/index.ts'
import { type Product, root, run, startProduct } from './product.ts'
import { checkPage, everySize, goTo, openBrowser, readApi, signIn } from './visitor.ts'

// What comes to the folders of the server: taken, applied, told when it cannot be; and how each source is received.

const visit = openBrowser()

// A product of its own: another academy would change what the other journeys count on.
const data = mkdtempSync(join(tmpdir(), 'preau-sources-'))
let product: Product
beforeAll(async () => {
  // The embedded PostgreSQL runs as another user than root and passes through.
  chmodSync(data, 0o711)
  product = await startProduct({ data, variables: { PREAU_DEMO: '1' } })
})
afterAll(async () => {
  await product.stop()
  rmSync(data, { recursive: true, force: true, maxRetries: 5 })
})

const folder = () => join(data, 'feeds', 'demonstration')
/** A small academy, so that the machine has not much to do. */
const first: FeedOptions = { academy: 'lille', pupils: 120 }
const source = 'AAF 2D, académie 09'

test('what is put in the folder is applied by itself, and what is refused is told until somebody has seen it', async () => {
  const page = await visit({ size: 'desktop', url: product.url })
  await signIn(page, 'operator')
  const before = await countApplied(page)
  await put((made) => writeAafFeed(made, first))
  await expect.poll(() => countApplied(page), patience).toBe(before + 1)
  await put((made) => writeDefectiveFeed(made, 'badDate', nextExport(first, { newAddresses: 0.1 })))
  await expect.poll(() => countApplied(page), patience).toBe(before + 2)
  writeFileSync(join(folder(), 'ENT2DVA.20270101.tgz'), 'this is no archive')
  writeFileSync(join(folder(), 'complete.ok'), '')
  await expect.poll(() => countAlerts(page), patience).toBe(1)

  for (const size of everySize) {
    const each = await visit({ size, url: product.url })
    await signIn(each, 'operator')
    await each.getByRole('link', { name: 'Une alerte sur les flux de l’annuaire' }).waitFor()
    await checkPage(each, 'home-feed-alert')
    await goTo(each, 'Imports')
    await each.getByRole('link', { name: 'Sources' }).click()
    await each.getByRole('heading', { level: 1, name: 'Sources' }).waitFor()
    await each.getByText('Un envoi a été refusé.').waitFor()
    await checkPage(each, 'sources')

    await each.getByRole('link', { name: source }).click()
    await each.getByRole('heading', { level: 3, name: /après le dernier import/ }).waitFor()
    await checkPage(each, 'source-history')
    await each.getByRole('button', { name: 'Voir le tableau' }).first().click()
    await each.getByLabel('Fiches à montrer').selectOption('Classes')
    await each.getByRole('heading', { level: 3, name: /^Classes : / }).waitFor()
    await checkPage(each, 'source-history-table')

    await each.getByRole('link', { name: 'Mis de côté' }).click()
    await each.getByText('Une date n’existe pas').first().waitFor()
    await checkPage(each, 'source-quarantine')

    await each.getByRole('link', { name: 'Réception' }).click()
    await each.getByLabel('Heure', { exact: true }).fill('05:00')
    await each.getByLabel('Dossier surveillé').fill('../ailleurs')
    await each.getByRole('button', { name: 'Enregistrer' }).click()
    await each.getByText('Certaines valeurs sont à corriger.').waitFor()
    await checkPage(each, 'source-settings-refused')
    await each.getByLabel('Dossier surveillé').fill('')
    await each.getByRole('button', { name: 'Enregistrer' }).click()
    await each.getByText('Enregistré.').waitFor()
    await checkPage(each, 'source-settings')

    await each.goto('/imports/sources')
    await each.getByRole('link', { name: 'Comparer deux sources' }).click()
    await each.getByText('Choisissez deux sources différentes.').waitFor()
    await checkPage(each, 'source-comparison-empty')
    await each.getByLabel('Première source').selectOption('AAF 2D, académie 20')
    await each.getByLabel('Autre source').selectOption(source)
    await each.getByLabel('Fiches', { exact: true }).selectOption('Matières')
    await each.getByRole('table', { name: 'Par établissement' }).waitFor()
    await each.getByLabel('Fiches à montrer').selectOption('Différentes')
    await each.getByText('Aucune fiche ici.').waitFor()
    await each.getByLabel('Fiches', { exact: true }).selectOption('Élèves')
    await each.getByLabel('Fiches à montrer').selectOption('Seulement dans l’autre')
    await each.getByRole('table', { name: 'Fiches' }).waitFor()
    await checkPage(each, 'source-comparison')
    const comparison = '**/api/directory/source-comparison?*'
    const failed = { state: 'failed', done: 0, total: 0, establishments: [] }
    await each.route(comparison, (route) =>
      route.request().url().includes('again=true') ? route.abort() : route.fulfill({ json: failed }),
    )
    await each.reload()
    await each.getByRole('button', { name: 'Recommencer' }).click()
    await each.getByText('L’espace ne répond pas.').waitFor()
    await each.unroute(comparison)

    await goTo(each, 'Imports')
    await each.getByRole('main').getByRole('rowheader').nth(1).getByRole('link').click()
    await each.getByRole('heading', { name: 'Le compte des fiches' }).waitFor()
    await each.getByText('Le compte y est').waitFor()
    await each.getByText('Voir le compte par sorte de fiche').click()
    await each.getByRole('table', { name: 'Le compte des fiches' }).waitFor()
    await checkPage(each, 'import-account')

    await goTo(each, 'État')
    await each.getByRole('heading', { name: 'Flux de l’annuaire' }).waitFor()
    await checkPage(each, 'status-feeds')
  }

  await page.goto('/imports/sources')
  await page.getByRole('button', { name: /^J’ai vu/ }).click()
  await page.getByText('Un envoi a été refusé.').waitFor({ state: 'detached' })
  await goTo(page, 'Accueil')
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await page.getByRole('link', { name: /alerte sur les flux/ }).count()).toBe(0)
}, 600_000)

/** Puts an export into the folder, in an archive, as an academy does. */
async function put(write: (made: string) => Promise<unknown>): Promise<void> {
  const made = mkdtempSync(join(tmpdir(), 'preau-put-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  await write(made)
  const [name = ''] = readdirSync(made)
  const date = /_(\d{8})_/.exec(name)?.[1] ?? ''
  mkdirSync(folder(), { recursive: true })
  execFileSync('tar', ['czf', join(folder(), `ENT2DVA.${date}.tgz`), '-C', made, '.'])
  writeFileSync(join(folder(), 'complete.ok'), '')
}

const patience = { timeout: 200_000, interval: 1_000 }

/** The server looks every minute; the command looks now. */
async function look(): Promise<void> {
  const { child, output } = run([join(root, 'server/src/cli.ts'), 'directory', 'feed', 'watch'], {
    data,
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(output())
}

async function countApplied(page: Page): Promise<number> {
  await look()
  const { imports } = await readApi<{ imports: { state: string }[] }>(page, '/api/directory/imports')
  return imports.filter(({ state }) => state === 'applied').length
}

async function countAlerts(page: Page): Promise<number> {
  await look()
  return (await readApi<{ alerts: unknown[] }>(page, '/api/directory/feed-alerts')).alerts.length
}
