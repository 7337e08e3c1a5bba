import type { Page } from 'playwright-core'
import { describe, test } from 'vitest'
import { checkPage, everySize, openBrowser, signIn } from './visitor.ts'

// A secretary's spreadsheet with the parents on the pupils' rows; what cannot be read is tried again from what was kept.

const visit = openBrowser()

const headers =
  'Identifiant;Nom;Prénom;Né(e) le;Classe;Responsable 1 nom;Responsable 1 prénom;Responsable 1 courriel;Père téléphone;Supprimé'

describe.each(everySize)('%s', (size) => {
  test('parents of rows are read, changes are told from a whole export, and rows set aside are tried again', async () => {
    const uai = size === 'phone' ? '0912346F' : '0912347G'
    const page = await visit({ size })
    await signIn(page, 'operator')
    await choose(page, `secretariat_${uai}.csv`, [
      `${headers} ${size}`,
      'E1;DURAND;Zoé;03/02/2014;6A;DURAND;Anne;anne@exemple.fr;;',
      'E2;MARTIN;Paul;31/02/2014;6A;MARTIN;Luc;luc@exemple.fr;;',
    ])
    await page.getByLabel('Ils contiennent').selectOption('Seulement ce qui change')
    await page.getByText('une colonne « Supprimé » dit qui s’en va').waitFor()
    await checkPage(page, 'import-upload-said')
    await page.getByLabel('Ils contiennent').selectOption({ index: 0 })
    await page.getByRole('button', { name: 'Envoyer et comparer' }).click()
    await page.getByRole('link', { name: 'Répondre' }).click()
    await page.getByRole('combobox', { name: 'Ce que contient la colonne Responsable 1 nom' }).waitFor()
    await page.getByLabel('Nom de la source').fill(`Secrétariat ${size}`)
    await page.getByText(/Lues\s: 1\. Mises de côté\s: 1\./).waitFor()
    await checkPage(page, 'import-columns-guardians')
    await page.getByRole('button', { name: 'Enregistrer et lire les fichiers' }).click()
    await page.getByText('Prêt à appliquer').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Appliquer à l’annuaire' }).click()
    await page.getByText('Import appliqué').waitFor({ timeout: 60_000 })
    await page.goto(`${page.url().split('?')[0]}?view=quarantine`)
    await page.getByRole('button', { name: 'Essayer de nouveau' }).waitFor({ timeout: 30_000 })
    await checkPage(page, 'import-retry')
    await page.getByRole('button', { name: 'Essayer de nouveau' }).click()
    await page.getByRole('heading', { level: 1, name: 'Nouvel essai de ce qui était de côté' }).waitFor()
    await page.getByText('fiches mises de côté, relues').waitFor({ timeout: 60_000 })
    await checkPage(page, 'import-retried')
  })

  test('a class set aside is shown with its reason, and tried again as people are', async () => {
    const uai = size === 'phone' ? '0912348H' : '0912349J'
    const page = await visit({ size })
    await signIn(page, 'operator')
    await choose(page, `divisions_${uai}.csv`, [
      `UAI;Libellé;Code division ${size}`,
      `${uai};Sixième A;6A`,
      `${uai};Sixième B;${'6B'.repeat(50)}`,
    ])
    await page.getByRole('button', { name: 'Envoyer et comparer' }).click()
    await page.getByRole('link', { name: 'Répondre' }).click()
    await page.getByLabel('Nom de la source').fill(`Classes ${size}`)
    await page
      .getByRole('combobox', { name: `Ce que contient la colonne Code division ${size}` })
      .selectOption({ label: 'Code' })
    await page.getByRole('button', { name: 'Enregistrer et lire les fichiers' }).click()
    await page.getByText('Prêt à appliquer').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Appliquer à l’annuaire' }).click()
    await page.getByText('Import appliqué').waitFor({ timeout: 60_000 })
    await page.goto(`${page.url().split('?')[0]}?view=quarantine`)
    await page.getByText('Une fiche a été gardée telle qu’elle est venue').waitFor({ timeout: 30_000 })
    await checkPage(page, 'import-retry-class')
    await page.getByRole('button', { name: 'Essayer de nouveau' }).click()
    await page.getByText('fiches mises de côté, relues').waitFor({ timeout: 60_000 })
    await page.goto(`${page.url().split('?')[0]}?view=quarantine`)
    await page.getByText('divisions_').first().waitFor({ timeout: 30_000 })
    await checkPage(page, 'import-retried-class')
  })
})

async function choose(page: Page, name: string, lines: string[]): Promise<void> {
  await page.goto('/imports/new')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choisir des fichiers' }).click()
  await (await chooser).setFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(`${lines.join('\n')}\n`) })
}
