import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FeedOptions, nextExport, writeAafFeed, writeDefectiveFeed } from '../server/src/demonstration/index.ts'
import { checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

// An operator brings in the academy's exports: uploads, follows, reviews, applies, or finds out why it is refused.

const visit = openBrowser()

/** The exports of the demonstration's territory, a week after one another: one for each screen size, then a broken one. */
const first: FeedOptions = { pupils: 4866 }
const changes = { arrivals: 0.01, leavers: 0.005, newAddresses: 0.02, classChanges: 0.01, staffReplaced: 0.02 }
const desktopExport = nextExport(first, changes)
const phoneExport = nextExport(desktopExport, changes)
const exports = { desktop: desktopExport, phone: phoneExport }
const later = { desktop: nextExport(desktopExport), phone: nextExport(phoneExport) }

describe.each(everySize)('%s', (size) => {
  test('an export is uploaded, followed, reviewed and applied; the same again changes nothing', async () => {
    const folder = makeFolder()
    const { changes: made } = await writeAafFeed(folder, exports[size])
    const page = await visit({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Imports')
    await page.getByRole('row').nth(1).waitFor()
    await checkPage(page, 'imports')
    await page.getByRole('link', { name: 'Déposer un export' }).click()
    await page.getByRole('heading', { level: 1, name: 'Déposer un export' }).waitFor()
    await checkPage(page, 'import-upload')
    await choose(page, folder)
    await page.getByRole('heading', { name: /^6 fichiers/ }).waitFor()
    await checkPage(page, 'import-upload-chosen')
    await page.getByRole('button', { name: 'Envoyer et comparer' }).click()
    await page.getByRole('progressbar').waitFor()
    await page.getByRole('heading', { level: 1, name: /^Import/ }).waitFor({ timeout: 30_000 })
    await page.getByText('Prêt à appliquer').waitFor({ timeout: 90_000 })
    await checkPage(page, 'import-review')

    const pupils = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Élèves' }) })
    const { added, removed } = made!.records.Eleve
    await pupils
      .getByRole('link', { name: String(added), exact: true })
      .first()
      .waitFor()
    expect(await pupils.getByRole('link').allInnerTexts()).toEqual(
      expect.arrayContaining([String(added), String(removed)]),
    )

    const summary = page.locator('.data-table').filter({ has: pupils }).first()
    await summary.getByRole('button', { name: 'Ajoutés' }).click()
    await summary.getByRole('button', { name: 'Ajoutés' }).click()
    await summary.getByRole('columnheader', { name: 'Ajoutés' }).and(page.locator('[aria-sort=descending]')).waitFor()
    // All of it is seen without scrolling sideways.
    expect(await summary.locator('.table-frame').evaluate((frame) => frame.scrollWidth - frame.clientWidth)).toBe(0)
    const [table] = await Promise.all([
      page.waitForEvent('download'),
      summary.getByRole('button', { name: 'Emporter ce tableau (CSV)' }).click(),
    ])
    expect(await readFile(await table.path(), 'utf8')).toMatch(new RegExp(`^Élèves;${added};`, 'm'))

    const views = page.getByRole('navigation', { name: 'Parties de la relecture' })
    await views.getByRole('link', { name: 'Par établissement' }).click()
    await page.getByText('Les plus changés d’abord.').waitFor()
    await checkPage(page, 'import-establishments')
    await page.getByRole('main').getByRole('rowheader').getByRole('link').first().click()
    await page.getByRole('article').first().waitFor()
    await checkPage(page, 'import-changes-of-establishment')
    await views.getByRole('link', { name: 'Changements' }).click()
    await page.getByLabel('Fiches').selectOption('Élèves')
    await page.getByLabel('Changement', { exact: true }).selectOption('Modifiés')
    await page.getByRole('table').first().waitFor()
    await checkPage(page, 'import-changes')
    await views.getByRole('link', { name: 'Mis de côté' }).click()
    await page.getByText('Aucune fiche mise de côté.').waitFor()

    await page.getByRole('button', { name: 'Appliquer à l’annuaire' }).click()
    await page.getByText('Import appliqué').waitFor({ timeout: 60_000 })
    await checkPage(page, 'import-applied')

    const again = makeFolder()
    await writeAafFeed(again, later[size])
    await upload(page, again)
    await page.getByText('Rien à changer').waitFor({ timeout: 90_000 })
    await checkPage(page, 'import-nothing')
    await page
      .getByRole('button', { name: 'Abandonner cet import' })
      .or(page.getByText('Rien à changer'))
      .first()
      .waitFor()
  })

  test('a truncated file is refused whole, with the place and what to do', async () => {
    const folder = makeFolder()
    const { file, line } = await writeDefectiveFeed(folder, 'truncated', later[size])
    const page = await visit({ size })
    await signIn(page, 'operator')
    await upload(page, folder)
    await page.getByText('Import refusé : rien n’a été changé').waitFor({ timeout: 60_000 })
    await page.getByText(file, { exact: true }).first().waitFor()
    await page.getByText('Le fichier s’arrête avant la fin.').waitFor()
    await page
      .getByText(new RegExp(`^${line}\\b`))
      .first()
      .waitFor()
    await checkPage(page, 'import-refused')
    expect(await page.getByRole('button', { name: 'Appliquer à l’annuaire' }).count()).toBe(0)
    // It waits on the home page until something newer is read.
    await goTo(page, 'Accueil')
    await page.getByRole('link', { name: /a été refusé : voir pourquoi/ }).waitFor()
    await checkPage(page, 'home-operator')
  })

  test('an unreadable record is set aside, the others are ready', async () => {
    const folder = makeFolder()
    const { record } = await writeDefectiveFeed(folder, 'badDate', later[size])
    const page = await visit({ size })
    await signIn(page, 'operator')
    await upload(page, folder)
    await page.getByText('Une fiche est mise de côté ; elle garde son état précédent.').waitFor({ timeout: 90_000 })
    await page
      .getByRole('navigation', { name: 'Parties de la relecture' })
      .getByRole('link', { name: 'Mis de côté' })
      .click()
    await page.getByText('Une date n’existe pas').first().waitFor()
    await page.getByRole('row').filter({ hasText: record!.id }).waitFor()
    await checkPage(page, 'import-quarantine')
    await page.getByRole('button', { name: 'Abandonner cet import' }).click()
    await page.getByText('Import abandonné : rien n’a été changé').waitFor()
    await checkPage(page, 'import-abandoned')
  })

  test('an export that would empty the schools stops at an alert, which must be accepted in so many words', async () => {
    const folder = makeFolder()
    await writeAafFeed(folder, { ...later[size], pupils: 600, history: [] })
    const page = await visit({ size })
    await signIn(page, 'operator')
    await upload(page, folder)
    await page.getByText(/alertes? avant d’appliquer/).waitFor({ timeout: 60_000 })
    await page.getByText(/% des classes disparaissent/).waitFor()
    await checkPage(page, 'import-alerts')
    await page.getByRole('button', { name: 'Appliquer à l’annuaire' }).click()
    await page.getByText('Cochez la case ci-dessus').waitFor()
    await checkPage(page, 'import-alerts-not-accepted')
    await page.getByRole('button', { name: 'Abandonner cet import' }).click()
    await page.getByText('Import abandonné : rien n’a été changé').waitFor()
  })

  test('what is no export is not even sent', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await page.goto('/imports/new')
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Choisir des fichiers' }).click()
    await (await chooser).setFiles({ name: 'eleves.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') })
    await page
      .getByText('Ce fichier n’est ni un .xml, ni un .csv, ni une archive ; il n’a pas été ajouté : eleves.pdf.')
      .waitFor()
    // An XML file under another name goes no further than its reception.
    const other = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Choisir des fichiers' }).click()
    await (await other).setFiles({ name: 'eleves.xml', mimeType: 'text/xml', buffer: Buffer.from('<BEE_ELEVES/>') })
    await page.getByRole('button', { name: 'Envoyer et comparer' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByText('Vos fichiers sont toujours choisis : vous pouvez réessayer.').waitFor()
    await checkPage(page, 'import-upload-refused')
  })

  test('the status page says what works', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await goTo(page, 'État')
    await page.getByText('Tout fonctionne.').waitFor()
    const stores = page.getByRole('table', { name: 'Bases de données' })
    for (const store of ['PostgreSQL', 'ClickHouse']) {
      await stores.getByRole('row').filter({ hasText: store }).filter({ hasText: 'répond' }).waitFor()
    }
    await checkPage(page, 'status')

    // Every table can be put in order, which the address keeps, and taken away.
    const jobs = page.locator('section').filter({ has: page.getByRole('table', { name: 'Travaux' }) })
    await jobs.getByRole('button', { name: 'File', exact: false }).click()
    await jobs.getByRole('columnheader', { name: 'File' }).and(page.locator('[aria-sort=ascending]')).waitFor()
    expect(new URL(page.url()).searchParams.get('jobSort')).toBe('queue')
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      jobs.getByRole('button', { name: 'Emporter ce tableau (CSV)' }).click(),
    ])
    expect(await readFile(await csv.path(), 'utf8')).toContain('File;')
    const heading = page.getByRole('heading', { name: 'Connexions', exact: true })
    const signIns = page.locator('section').filter({ has: heading })
    await signIns.getByRole('button', { name: 'Voir le tableau' }).click()
    await signIns.getByRole('table').waitFor()
    await checkPage(page, 'status-table')
  })
})

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'preau-export-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function choose(page: Page, folder: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choisir des fichiers' }).click()
  await (await chooser).setFiles(readdirSync(folder).map((name) => join(folder, name)))
}

async function upload(page: Page, folder: string): Promise<void> {
  await page.goto('/imports/new')
  await choose(page, folder)
  await page.getByRole('button', { name: 'Envoyer et comparer' }).click()
}
