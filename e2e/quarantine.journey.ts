import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('an operator tolerates a source that breaks the rules, corrects what it sends, and drops the rest', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Gérer')
    await page.getByRole('link', { name: 'Traces d’apprentissage' }).click()
    const name = `Marsha ${size}`
    await page.getByLabel('Source').fill(name)
    await page.getByRole('button', { name: 'Donner une clé' }).click()
    await announced(page, `${name} a une clé`).waitFor()
    const value = async (term: string) =>
      (await page.locator('.facts > div', { hasText: term }).locator('dd').textContent()) ?? ''
    const headers = {
      authorization: `Basic ${Buffer.from(`${await value('Clé')}:${await value('Secret')}`).toString('base64')}`,
      'x-experience-api-version': '1.0.3',
    }
    const endpoint = new URL(await value('Adresse (endpoint)')).pathname
    const actor = { account: { homePage: 'https://marsha.example', name: '7' } }
    const object = { id: 'https://marsha.example/video/1' }
    const seen = { id: 'https://w3id.org/xapi/video/verbs/played', display: { fr_FR: 'a lu' } }
    const statements = [
      { actor, verb: seen, object },
      { actor, verb: { id: 'played' }, object, result: { score: { scaled: 85 } } },
      { actor, verb: { id: 'test' }, object },
    ]
    const send = (data: object) => page.request.post(`${endpoint}/statements`, { headers, data })
    expect((await send(statements)).status()).toBe(400)

    await page.getByRole('link', { name: 'Traces mises de côté' }).click()
    await page.getByRole('heading', { level: 1, name: 'Traces mises de côté' }).waitFor()
    await page.getByRole('checkbox', { name: `Tolérer les fautes de ${name}` }).check()
    await expect.poll(async () => (await send(statements)).status()).toBe(200)
    await page.reload()
    await page.getByLabel('Source', { exact: true }).selectOption(name)
    const waiting = page.getByRole('link', { name: 'Voir la trace reçue' })
    await waiting.nth(1).waitFor()
    await checkPage(page, 'quarantine')
    await page.getByLabel('État').selectOption('Réparées ou corrigées')
    await page.getByText('code de langue récrit').first().waitFor()
    await page.getByLabel('État').selectOption('En attente')
    await expect.poll(() => waiting.count()).toBe(2)

    // The score is wrong too, which is told once the verb is right.
    await waiting.first().click()
    await page.getByRole('heading', { level: 1, name: 'Trace mise de côté' }).waitFor()
    await page.getByText('verb › id doit être une adresse complète').waitFor()
    const text = page.getByLabel('Trace (JSON)')
    const first = (await text.inputValue()).includes('85')
    await text.fill((await text.inputValue()).replace('"played"', '"https://w3id.org/xapi/video/verbs/played"'))
    if (first) {
      await page.getByRole('button', { name: 'Enregistrer la correction' }).click()
      await page.getByText('result › score › scaled doit être entre -1 et 1').waitFor()
      await checkPage(page, 'quarantined-wrong')
    }
    await text.fill((await text.inputValue()).replace('85', '0.85').replace('"test"', '"urn:x-test:seen"'))
    await page.getByRole('button', { name: 'Enregistrer la correction' }).click()
    await announced(page, 'Corrigée à la main').waitFor()
    await checkPage(page, 'quarantined-corrected')
    const id = (await page.locator('.facts > div', { hasText: 'Identifiant' }).locator('dd').textContent()) ?? ''
    const stored = await page.request.get(`${endpoint}/statements?statementId=${id}`, { headers })
    expect(stored.status()).toBe(200)

    await page.goBack()
    await expect.poll(() => waiting.count()).toBe(1)
    await waiting.click()
    await page.getByRole('button', { name: 'Oui, abandonner cette trace' }).click()
    await page.getByText('Donnez un motif.').waitFor()
    await page.getByLabel('Motif').fill('Un essai de la source')
    await page.getByRole('button', { name: 'Oui, abandonner cette trace' }).click()
    await announced(page, 'Abandonnée').waitFor()
    await page.getByText('Un essai de la source').waitFor()
    await checkPage(page, 'quarantined-dropped')
  })
})
