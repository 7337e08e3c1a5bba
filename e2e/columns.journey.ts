import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { checkPage, everySize, openBrowser, signIn } from './visitor.ts'

// A secretary's spreadsheet, whose columns nobody knows yet: said once, remembered for the next file.

const visit = openBrowser()

const uai = '0912345E'
const headers = 'N° interne;Famille;Petit nom;Né(e) le;Division;Mél;Observations'
const rows = [
  'E1;DURAND;Zoé;03/02/2014;6A;zoe@exemple.fr;',
  'E2;MARTIN;Paul;31/02/2014;6B;nulle part;allergie',
  'E3;LEFÈVRE;Éloïse;04/05/2014;6A;;',
  'E4;N’DIAYE;Awa;12/11/2013;6B;;',
]

describe.each(everySize)('%s', (size) => {
  test('columns are proposed, corrected, tried and remembered', async () => {
    const source = `Tableau ${size}`
    const mine = headers.replace('Observations', `Observations ${size}`)
    const page = await visit({ size })
    await signIn(page, 'operator')
    await upload(page, 'tableau.csv', [mine, ...rows])
    await page.getByText('Une question avant de lire ces fichiers').waitFor({ timeout: 30_000 })
    await checkPage(page, 'import-question')
    await page.getByRole('link', { name: 'Répondre' }).click()

    await page.getByRole('heading', { level: 1, name: 'Décrire les colonnes' }).waitFor()
    await page.getByText('Écrit en UTF-8, colonnes séparées par des points-virgules.').waitFor()
    const choice = (column: string) => page.getByRole('combobox', { name: `Ce que contient la colonne ${column}` })
    expect(await choice('Division').inputValue()).toBe('class')
    await page.getByText(/Il manque des colonnes\s: Nom ou/).waitFor()
    await checkPage(page, 'import-columns')
    // Sent too soon, it says what is missing and keeps everything.
    await page.getByRole('button', { name: 'Enregistrer et lire les fichiers' }).click()
    await page.getByText('Il manque quelque chose').waitFor()
    await checkPage(page, 'import-columns-incomplete')

    await choice('N° interne').selectOption('Identifiant')
    await choice('Famille').selectOption('Nom')
    await choice('Petit nom').selectOption('Prénom')
    await page.getByLabel('Nom de la source').fill(source)
    await page.getByLabel('Code UAI de l’établissement').fill('0912345a')
    await page.getByText('La lettre ne correspond pas aux chiffres').waitFor()
    await page.getByLabel('Code UAI de l’établissement').fill(uai)
    await page.getByText(/Lues\s: 3\. Mises de côté\s: 1\./).waitFor()
    const preview = page.getByRole('table', { name: 'Premières lignes' })
    await preview.getByText('n’est pas une date').waitFor()
    await preview.getByText('courriel illisible, laissé de côté').waitFor()
    await checkPage(page, 'import-columns-preview')

    await page.getByRole('button', { name: 'Enregistrer et lire les fichiers' }).click()
    await page.getByRole('heading', { level: 1, name: `Import ${source}, ${uai}` }).waitFor({ timeout: 30_000 })
    await page.getByText('Prêt à appliquer').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Abandonner cet import' }).click()
    await page.getByText('Import abandonné').waitFor()

    // The next one, whose name bears the school, asks nothing.
    await upload(page, `export_${uai}.csv`, [mine.toUpperCase(), ...rows.slice(2)])
    await page.getByText('Prêt à appliquer').waitFor({ timeout: 60_000 })
    await page.getByRole('heading', { level: 1, name: `Import ${source}, ${uai}` }).waitFor()
    await page.getByRole('button', { name: 'Abandonner cet import' }).click()
    await page.getByText('Import abandonné').waitFor()
  })

  test('ONDE’s files need the school and nothing else', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await upload(page, 'CSVExtraction-eleves.csv', [
      'Nom Elève;Prénom Elève;Date naissance;Niveau;Classe',
      'PETIT;Iris;2019-01-02;CP;CP A',
    ])
    await page.getByRole('link', { name: 'Répondre' }).click({ timeout: 30_000 })
    await page.getByRole('heading', { level: 2, name: /Fichiers reconnus/ }).waitFor()
    await page.getByText('Elle peut être lue.').waitFor()
    await checkPage(page, 'import-columns-onde')
  })
})

async function upload(page: Page, name: string, lines: string[]): Promise<void> {
  await page.goto('/imports/new')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choisir des fichiers' }).click()
  await (await chooser).setFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(`${lines.join('\n')}\n`) })
  await page.getByRole('button', { name: 'Envoyer et comparer' }).click()
}
