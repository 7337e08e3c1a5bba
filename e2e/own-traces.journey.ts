import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, readApi, signIn } from './visitor.ts'

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('a pupil reads what is kept of them, takes it away, sets a pace, and objects to being counted', async () => {
    const page = await visit({ size })
    await signIn(page, 'pupil')
    await goTo(page, 'Tableaux de bord')
    await page.getByRole('link', { name: 'Mes traces' }).click()
    await page.getByRole('heading', { level: 1, name: 'Mes traces' }).waitFor()
    const first = page
      .getByRole('listitem')
      .filter({ has: page.getByText('La trace telle qu’elle est gardée') })
      .first()
    await first.waitFor()
    await checkPage(page, 'own-traces')
    await first.getByText('La trace telle qu’elle est gardée').click()
    await first.getByText('"actor"').waitFor()
    const shown = await page.locator('.own-trace').count()
    await page.getByRole('button', { name: 'Voir plus ancien' }).click()
    await expect.poll(() => page.locator('.own-trace').count()).toBeGreaterThan(shown)

    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Tout (JSON)' }).click()
    const file = await download
    expect(file.suggestedFilename()).toBe('mes-traces.json')
    const all = JSON.parse(readFileSync(await file.path(), 'utf8')) as { statements: object[] }
    expect(all.statements.length).toBeGreaterThan(shown)

    await page.getByLabel('Activités par semaine').fill('4')
    await page.getByRole('button', { name: 'Me fixer ce rythme' }).click()
    await page.getByRole('row').filter({ hasText: 'Abandonner' }).getByRole('cell', { name: '4' }).waitFor()
    await page.getByRole('button', { name: /^Abandonner mon rythme/ }).click()
    await page.getByRole('table', { name: 'Mon rythme' }).waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Ne plus me compter' }).press('Enter')
    await announced(page, 'Vous n’êtes plus compté nulle part').waitFor()
    await checkPage(page, 'own-objection')
    await page.getByRole('button', { name: 'Me compter de nouveau' }).press('Enter')
    await announced(page, 'Vous êtes compté dans les chiffres').waitFor()
  })

  test('an operator completes the register, and erases a person with a receipt', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    const name = `effacement-${size}`
    await page.goto('/administration/records')
    await page.getByLabel('Source').fill(`Atelier ${name}`)
    await page.getByRole('button', { name: 'Donner une clé' }).click()
    await announced(page, `Atelier ${name} a une clé`).waitFor()
    const value = async (term: string) =>
      (await page.locator('.facts > div', { hasText: term }).locator('dd').textContent()) ?? ''
    const endpoint = new URL(await value('Adresse (endpoint)')).pathname
    const sent = await page.request.post(`${endpoint}/statements`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${await value('Clé')}:${await value('Secret')}`).toString('base64')}`,
        'x-experience-api-version': '1.0.3',
      },
      data: [1, 2].map((number) => ({
        actor: { account: { homePage: 'https://atelier.example', name } },
        verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
        object: { id: `https://atelier.example/${number}` },
      })),
    })
    expect(sent.status()).toBe(200)

    await goTo(page, 'Tableaux de bord')
    await page.getByRole('link', { name: 'Registre et durées' }).click()
    await page.getByRole('heading', { level: 1, name: 'Registre et durées' }).waitFor()
    await page.getByText(`Atelier ${name} : gardé tel qu’envoyé`).waitFor()
    const looks = page.locator('section', { has: page.getByRole('heading', { name: 'Qui a regardé qui' }) })
    await looks.getByLabel('Base légale et raison').fill('Mission d’intérêt public : suivre les apprentissages')
    await looks.getByRole('button', { name: 'Enregistrer' }).click()
    await announced(page, 'C’est enregistré.').waitFor()
    await checkPage(page, 'register')

    await page.getByRole('link', { name: 'Effacer une personne' }).click()
    await page.getByRole('heading', { level: 1, name: 'Effacer une personne' }).waitFor()
    await page.getByLabel('Identifiant de la personne').fill(`account|https://atelier.example|${name}`)
    await page.getByRole('button', { name: 'Voir ce qui est gardé' }).click()
    await announced(page, '2 traces').waitFor()
    await checkPage(page, 'erasures')
    await page.getByLabel('J’ai vérifié l’identité de la personne.').check()
    await page.getByRole('button', { name: 'Effacer cette personne' }).press('Enter')
    await page.getByRole('link', { name: 'Ouvrir le reçu' }).click()
    await page.getByRole('heading', { level: 1, name: 'Reçu d’effacement' }).waitFor()
    await page.getByRole('row', { name: 'Traces de la personne 2' }).waitFor()
    await checkPage(page, 'erasure-receipt')
    const { erasures } = await readApi<{ erasures: { receipt: { statements: number } }[] }>(
      page,
      '/api/insight/erasures',
    )
    expect(erasures[0]?.receipt.statements).toBe(2)
  })
})
