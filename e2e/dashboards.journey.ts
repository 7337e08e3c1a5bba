import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, readApi, settle, signIn } from './visitor.ts'

const visit = openBrowser()

/** Waits until what was sent has been counted: the demonstration is being projected while its first page is read. */
async function awaitTraces(page: Page): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await page.waitForTimeout(500)) {
    const { courses } = await readApi<{ courses: unknown[] }>(page, '/api/insight/courses')
    if (courses.length > 0) return
  }
  throw new Error('No trace was ever counted.')
}

const card = (page: Page, question: string): Locator => page.getByRole('article').filter({ hasText: question })

describe.each(everySize)('%s', (size) => {
  test('an institution reads its dashboard, by pointer and by keyboard, and compares', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await awaitTraces(page)
    await goTo(page, 'Tableaux de bord')
    await page.getByRole('heading', { level: 1, name: 'L’établissement' }).waitFor()
    const active = card(page, 'Combien de personnes travaillent ?')
    await active.getByRole('img').waitFor()
    await checkPage(page, 'dashboards-institution')

    // The table is one key away, from anywhere within the card; the answer is the same.
    await active.getByRole('button', { name: 'Tableau' }).focus()
    await page.keyboard.press('t')
    await active.getByRole('table').waitFor()
    expect(await active.getByRole('row').count()).toBeGreaterThan(5)
    await checkPage(page, 'dashboards-table')
    await page.keyboard.press('t')
    await active.getByRole('img').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await active.getByText('Comment c’est calculé').waitFor()
    await active.getByRole('button', { name: 'Régler' }).click()
    await active.getByLabel('Une barre par').selectOption('day')
    expect(new URL(page.url()).searchParams.get('p.unique-learners.step')).toBe('day')
    await checkPage(page, 'dashboards-settings')

    const download = page.waitForEvent('download')
    await active.getByRole('button', { name: 'Emporter en CSV' }).click()
    expect((await download).suggestedFilename()).toMatch(/^unique-learners-.*\.csv$/)

    if (size === 'phone') await page.getByRole('button', { name: /^Filtres/ }).click()
    await page.getByLabel('Période', { exact: true }).selectOption('4w')
    await page.getByLabel('Comparer avec').selectOption('previous')
    await page
      .getByText(/^Avant \(du/)
      .first()
      .waitFor()
    expect(page.url()).toMatch(/period=4w.*compare=previous/)
    await checkPage(page, 'dashboards-compared')
    // Everything is in the address.
    await page.reload()
    await page
      .getByText(/^Avant \(du/)
      .first()
      .waitFor()

    // A course of too few people tells nothing.
    if (size === 'phone') await page.getByRole('button', { name: /^Filtres/ }).click()
    await page.getByLabel('Cours', { exact: true }).selectOption({ label: 'Latin : premiers pas' })
    await page.getByText('Réponse retenue').first().waitFor()
    await checkPage(page, 'dashboards-withheld')
  })

  test('an institution composes a dashboard without a mouse, then goes back to what came with the product', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await page.goto('/dashboards/catalogue')
    await page.getByRole('heading', { level: 2, name: 'Régularité' }).waitFor()
    await checkPage(page, 'dashboards-catalogue')

    await page.getByRole('navigation', { name: 'Tableaux de bord' }).getByRole('link', { name: 'Composition' }).click()
    await page.getByRole('radio', { name: 'Responsable de formation' }).click()
    await page.waitForURL(/audience=programme/)
    const list = page.getByRole('grid')
    const titles = () => list.locator('strong').allTextContents()
    await list.waitFor()
    const before = await titles()
    await list.getByRole('button', { name: `Descendre « ${before[0]} »` }).focus()
    await page.keyboard.press('Enter')
    expect((await titles()).slice(0, 2)).toEqual([before[1], before[0]])
    await announced(page, `« ${before[0]} » est en place 2 sur ${before.length}.`).waitFor({ state: 'attached' })
    await list.getByRole('button', { name: `Retirer « ${before[2]} »` }).press('Enter')
    await page.getByLabel('Ajouter une question').selectOption({ label: 'Forums · en groupe' })
    await page.getByRole('button', { name: 'Ajouter', exact: true }).press('Enter')
    await list.getByRole('button', { name: 'Régler « Forums »' }).press('Enter')
    await page.getByLabel('Largeur').selectOption('full')
    await checkPage(page, 'dashboards-composition')
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).press('Enter')
    await page.getByText('Composé par votre établissement.').waitFor()
    expect(await titles()).toEqual([before[1], before[0], ...before.slice(3), 'Forums'])

    const head = await visit({ size })
    await signIn(head, 'head')
    await goTo(head, 'Tableaux de bord')
    await head.getByRole('heading', { level: 1, name: 'Ma formation' }).waitFor()
    await card(head, 'Les échanges prennent-ils ?').waitFor()
    await checkPage(head, 'dashboards-programme')

    await page.getByRole('button', { name: 'Revenir à la composition d’origine' }).press('Enter')
    await page.getByText('Livré avec Préau.').waitFor()
    expect(await titles()).toEqual(before)
  })

  test('an institution keeps programmes, and a pupil reads what she did', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await awaitTraces(page)
    await page.goto('/dashboards/programmes')
    await page.getByRole('button', { name: 'Ajouter une formation' }).click()
    await page.getByRole('button', { name: 'Enregistrer la formation' }).click()
    await page.getByText('Donnez un nom à la formation.').waitFor()
    const name = `Langues anciennes ${size}`
    await page.getByLabel('Nom de la formation').fill(name)
    await page.getByLabel('Chercher un cours').fill('latin')
    await page.getByRole('button', { name: 'Ajouter Latin : premiers pas' }).click()
    await page.getByLabel('Chercher une personne').fill('Samir Haddad')
    await page.getByRole('button', { name: /^Ajouter Samir Haddad/i }).click()
    await checkPage(page, 'dashboards-programme-form')
    await page.getByRole('button', { name: 'Enregistrer la formation' }).click()
    await page.getByRole('heading', { level: 2, name }).waitFor()
    await checkPage(page, 'dashboards-programmes')
    await page.getByRole('button', { name: `Retirer « ${name} »` }).click()
    await page.getByRole('button', { name: 'Retirer pour de bon' }).click()
    await page.getByRole('heading', { level: 2, name }).waitFor({ state: 'detached' })

    const pupil = await visit({ size })
    await signIn(pupil, 'pupil')
    await goTo(pupil, 'Tableaux de bord')
    await pupil.getByRole('heading', { level: 1, name: 'Mon travail' }).waitFor()
    await card(pupil, 'Le travail est-il régulier ?').getByRole('img').waitFor()
    await settle(pupil)
    await checkPage(pupil, 'dashboards-pupil')
    // Nobody is compared with anybody, nor named.
    expect(await pupil.getByText('Personnes', { exact: true }).count()).toBe(0)
  })
})

test('who has no dashboard is told where to find one', async () => {
  const page = await visit()
  await signIn(page, 'mother')
  expect(await page.getByRole('link', { name: 'Tableaux de bord' }).count()).toBe(0)
  await page.goto('/dashboards')
  await page.getByText('Aucun tableau de bord ne vous est ouvert.').waitFor()
  await checkPage(page, 'dashboards-none')
})

test('a dashboard is printed without what only serves on a screen', async () => {
  const page = await visit()
  await signIn(page, 'operator')
  await awaitTraces(page)
  await page.goto('/dashboards?period=4w')
  await card(page, 'Combien de personnes travaillent ?').getByRole('img').waitFor()
  await page.emulateMedia({ media: 'print' })
  expect(await page.getByRole('button', { name: 'Tableau' }).count()).toBe(0)
  expect(await page.getByLabel('Période', { exact: true }).isVisible()).toBe(false)
  await page
    .getByText(/^du .* au .*/)
    .first()
    .waitFor()
  await checkPage(page, 'dashboards-printed')
})
