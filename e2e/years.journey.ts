import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

const visitor = openBrowser()

describe.each(everySize)('school years and leavers, %s', (size) => {
  test('the next year is prepared beside the current one, and its day is chosen', async () => {
    const page = await visitor({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Gérer')
    await page.getByRole('link', { name: 'Année scolaire' }).click()
    await page.getByText('Année affichée').first().waitFor()
    const prepare = page.getByRole('button', { name: /^Préparer/ })
    const day = page.getByLabel('Jour du passage')
    await prepare.or(day).first().waitFor()
    if (await prepare.isVisible()) await prepare.click()
    await day.fill('2027-09-02')
    await page.getByRole('button', { name: 'Choisir ce jour' }).click()
    await announced(page, 'Le passage se fera le 2 septembre 2027').waitFor()
    await page.getByLabel('Montrer').selectOption('Rien n’est arrivé')
    const school = page.getByRole('rowheader').getByRole('link').first()
    const name = await school.innerText()
    await checkPage(page, 'years')

    await school.click()
    await page.getByRole('heading', { name: 'Suite des classes' }).waitFor()
    await page.getByText('Les classes de 2027–2028 ne sont pas arrivées.').waitFor()
    expect(await page.getByRole('link', { name }).count()).toBe(1)
    await checkPage(page, 'successions')
  })

  test('how long leavers are kept is chosen, never the wrong way round', async () => {
    const page = await visitor({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Gérer')
    await page.getByRole('link', { name: 'Personnes parties' }).click()
    await page.getByLabel('Effacer après (jours)').fill('30')
    await page.getByText('On archive avant d’effacer.').waitFor()
    await page.getByLabel('Effacer après (jours)').fill('400')
    await page.getByRole('button', { name: 'Enregistrer' }).click()
    await page.reload()
    await page.getByLabel('Effacer après (jours)').waitFor()
    expect(await page.getByLabel('Effacer après (jours)').inputValue()).toBe('400')
    await checkPage(page, 'leavers')
  })
})
