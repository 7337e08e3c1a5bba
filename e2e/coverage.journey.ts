import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('an operator sees what of the records of a new platform is understood, and what is not', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Gérer')
    await page.getByRole('link', { name: 'Traces d’apprentissage' }).click()
    const name = `Atelier ${size}`
    await page.getByLabel('Source').fill(name)
    await page.getByRole('button', { name: 'Donner une clé' }).click()
    await announced(page, `${name} a une clé`).waitFor()
    const value = async (term: string) =>
      (await page.locator('.facts > div', { hasText: term }).locator('dd').textContent()) ?? ''
    const headers = {
      authorization: `Basic ${Buffer.from(`${await value('Clé')}:${await value('Secret')}`).toString('base64')}`,
      'x-experience-api-version': '1.0.3',
    }
    const actor = { account: { homePage: 'https://atelier.example', name: '7' } }
    const object = {
      id: 'https://atelier.example/1',
      definition: { type: 'http://adlnet.gov/expapi/activities/course' },
    }
    const verbs = ['http://adlnet.gov/expapi/verbs/completed', 'https://atelier.example/verbs/sanded']
    const endpoint = new URL(await value('Adresse (endpoint)')).pathname
    const data = [verbs[0], verbs[0], verbs[0], verbs[1]].map((id) => ({ actor, verb: { id }, object }))
    expect((await page.request.post(`${endpoint}/statements`, { headers, data })).status()).toBe(200)

    await page.getByRole('link', { name: 'Traces comprises' }).click()
    await page.getByRole('heading', { level: 1, name: 'Traces comprises' }).waitFor()
    const source = page.getByLabel('Source', { exact: true })
    await source.selectOption(name)
    await page.getByText('75 % des traces sont comprises : 3 sur 4.').waitFor({ timeout: 60_000 })
    const missed = page.getByRole('table', { name: 'Ce qui n’est pas compris' })
    await missed.getByText('sanded').waitFor()
    await page.getByRole('table', { name: 'Par verbe' }).getByText('terminé').waitFor()
    await checkPage(page, 'coverage')
    await page.getByLabel('Arrivées depuis').selectOption('un an')
    expect(new URL(page.url()).searchParams.get('days')).toBe('365')
    await source.selectOption('Toutes')
    await page.getByRole('table', { name: 'Par source' }).getByText(name).first().waitFor()
    await page.goto('/administration/records/coverage?source=01a203b8-a69a-7a02-9632-6d6fada60237')
    await page.getByText('Aucune trace n’est arrivée sur cette période.').waitFor()
  })
})
