import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('an operator gives a key to a platform, which sends a statement; then withdraws it', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Gérer')
    await page.getByRole('link', { name: 'Traces d’apprentissage' }).click()
    await page.getByRole('heading', { level: 1, name: 'Traces d’apprentissage' }).waitFor()
    await checkPage(page, 'records-empty')

    // Nothing filled in: the form says what is missing.
    await page.getByRole('radio', { name: 'Choisir en détail' }).check()
    await page.getByRole('button', { name: 'Donner une clé' }).click()
    await page.getByText('Cochez au moins une ligne.').waitFor()
    await checkPage(page, 'records-missing')
    const name = `Moodle ${size}`
    await page.getByLabel('Source').fill(name)
    await page.getByRole('checkbox', { name: 'envoyer des traces' }).check()
    await page.getByRole('checkbox', { name: 'relire les traces qu’elle a envoyées' }).check()
    await page.getByRole('button', { name: 'Donner une clé' }).click()
    await announced(page, `${name} a une clé`).waitFor()
    await checkPage(page, 'records-key')

    const value = async (term: string) =>
      (await page.locator('.facts > div', { hasText: term }).locator('dd').textContent()) ?? ''
    const headers = {
      authorization: `Basic ${Buffer.from(`${await value('Clé')}:${await value('Secret')}`).toString('base64')}`,
      'x-experience-api-version': '1.0.3',
    }
    const endpoint = new URL(await value('Adresse (endpoint)')).pathname
    const data = {
      actor: { account: { homePage: 'https://lms.example', name: '7' } },
      verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
      object: { id: 'https://lms.example/course/1' },
    }
    const sent = await page.request.post(`${endpoint}/statements`, { headers, data })
    expect(sent.status(), await sent.text()).toBe(200)
    // What it may not do, it cannot.
    const state = `${endpoint}/activities/state?activityId=https://lms.example/course/1&stateId=x&agent={"mbox":"mailto:a@a.example"}`
    expect((await page.request.put(state, { headers, data: {} })).status()).toBe(403)

    // What comes is sent on: here to the same workspace, which takes it for what it has.
    const [key, secret] = [await value('Clé'), await value('Secret')]
    await page.getByRole('link', { name: 'Envois à d’autres entrepôts' }).click()
    await page.getByRole('heading', { level: 1, name: 'Envois à d’autres entrepôts' }).waitFor()
    await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
    await page.getByText('Donnez une adresse qui commence par https://.').waitFor()
    await page.getByText('N’envoyer qu’une partie des traces').click()
    await page.getByRole('checkbox', { name }).check()
    await checkPage(page, 'records-forwarding-missing')
    await page.getByLabel('Nom', { exact: true }).fill(`Rectorat ${size}`)
    await page.getByLabel('Adresse (endpoint)').fill(new URL(endpoint, page.url()).href)
    await page.getByLabel('Clé', { exact: true }).fill(key)
    await page.getByLabel('Secret', { exact: true }).fill(secret)
    await page.getByRole('checkbox', { name: 'Envoyer aussi tout ce qui est déjà ici' }).check()
    await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
    await announced(page, `Les traces sont envoyées à Rectorat ${size}`).waitFor()
    const row = page.getByRole('row', { name: `Rectorat ${size}` })
    await row.getByText('1 trace envoyée').waitFor({ timeout: 30_000 })
    await checkPage(page, 'records-forwarding')
    await row.getByRole('button', { name: 'Renvoyer' }).click()
    await row.getByLabel('Tout ce qui est arrivé depuis le').fill('2026-01-01')
    await checkPage(page, 'records-forwarding-replay')
    await row.getByRole('button', { name: 'Renvoyer' }).click()
    await announced(page, `Les traces seront renvoyées à Rectorat ${size}.`).waitFor()
    await row.getByText('2 traces envoyées').waitFor({ timeout: 30_000 })
    await row.getByRole('button', { name: 'Suspendre' }).click()
    await row.getByText('Suspendu').waitFor()
    await row.getByRole('button', { name: 'Arrêter' }).click()
    await row.getByRole('button', { name: 'Oui, arrêter' }).click()
    await announced(page, `Rien n’est plus envoyé à Rectorat ${size}.`).waitFor()

    await page.getByRole('link', { name: 'Traces d’apprentissage' }).click()
    await page.getByLabel(`Ce qui est gardé de ${name}`).selectOption('Sans nom et sans texte')
    await announced(page, `Ce qu’envoie ${name} est gardé sans nom et sans texte`).waitFor()
    await checkPage(page, 'records-treatment')

    await page.getByRole('button', { name: `Retirer la clé de ${name}` }).click()
    await page.getByRole('button', { name: 'Oui, retirer' }).click()
    await announced(page, `La clé de ${name} n’ouvre plus rien.`).waitFor()
    await checkPage(page, 'records-withdrawn')
    await expect
      .poll(async () => (await page.request.get(`${endpoint}/statements`, { headers })).status(), { timeout: 8_000 })
      .toBe(401)
  })
})
