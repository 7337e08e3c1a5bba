import { describe, expect, test } from 'vitest'
import { checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

const visit = openBrowser()
const welcome = 'Se connecter'

describe.each(everySize)('%s', (size) => {
  test('the sign-in page says what is missing, at the field', async () => {
    const page = await visit({ size })
    await page.goto('/')
    await page.getByRole('heading', { level: 1, name: welcome }).waitFor()
    await page.getByRole('button', { name: /Zoé Marchand/i }).waitFor()
    await checkPage(page, 'sign-in')
    await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
    await page.getByText('Écrivez votre identifiant.').waitFor()
    const login = page.getByLabel('Identifiant')
    expect(await login.evaluate((field) => field === document.activeElement)).toBe(true)
    expect(await login.getAttribute('aria-invalid')).toBe('true')
    await login.fill('zoe.marchand')
    await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
    await page.getByText('Écrivez votre mot de passe.').waitFor()
    expect(await login.inputValue()).toBe('zoe.marchand')
    await checkPage(page, 'sign-in-missing')
  })

  test('a wrong password is refused without a hint, then slowed down', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in')
    // Someone whom nobody knows is treated as a wrong password is: the answer does not tell who has an account.
    await page.getByLabel('Identifiant').fill(`personne.inconnue-${size}`)
    await page.getByLabel('Mot de passe', { exact: true }).fill('pas le bon mot de passe')
    const submit = page.getByRole('button', { name: 'Se connecter', exact: true })
    await submit.click()
    const alert = page.getByRole('alert')
    await alert.filter({ hasText: 'Cet identifiant et ce mot de passe ne vont pas ensemble.' }).waitFor()
    // What was typed is kept.
    expect(await page.getByLabel('Identifiant').inputValue()).toBe(`personne.inconnue-${size}`)
    expect(await page.getByLabel('Mot de passe', { exact: true }).inputValue()).toBe('pas le bon mot de passe')
    await checkPage(page, 'sign-in-refused')
    const slowed = alert.filter({ hasText: /Trop d’essais de suite. Attendez \d+\s+secondes?/ })
    for (let attempt = 2; attempt <= 10 && (await slowed.count()) === 0; attempt++) {
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/identity/sign-in'))
      await submit.click()
      await answered
      await alert.waitFor()
    }
    await slowed.waitFor()
    await checkPage(page, 'sign-in-slowed')
    // Others are not slowed.
    await signIn(await visit({ size }), 'pupil')
  })

  test('signing in leads to the page that was asked for, signing out closes it', async () => {
    const page = await visit({ size })
    await signIn(page, 'teacher', '/directory?q=zo%C3%A9+marchand')
    await page.getByRole('heading', { level: 1, name: 'Annuaire' }).waitFor()
    await page.getByRole('link', { name: 'Zoé Marchand' }).waitFor()
    await goTo(page, 'Compte')
    await page.getByRole('button', { name: 'Me déconnecter', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: welcome }).waitFor()
    // Nothing of it is left behind the back button or an address.
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: welcome }).waitFor()
    await page.goto('/directory?q=marchand')
    await page.getByRole('heading', { level: 1, name: welcome }).waitFor()
    expect(await page.getByText('Zoé').filter({ hasText: 'Marchand' }).and(page.getByRole('link')).count()).toBe(0)
    expect((await page.request.get('/api/portal/home')).status()).toBe(401)
  })

  test('signing in by the identity provider, and out of both', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in?returnTo=%2Faccount')
    await page.getByRole('link', { name: 'Continuer avec Guichet de démonstration' }).click()
    await page.getByRole('heading', { level: 1, name: 'Guichet de démonstration' }).waitFor()
    await checkPage(page, 'identity-provider')
    await page.getByRole('button', { name: /Hélène Roussel/i }).click()
    await page.getByRole('heading', { level: 1, name: 'Mon compte' }).waitFor()
    await page.getByText('par une connexion extérieure').first().waitFor()
    await page.getByRole('button', { name: 'Me déconnecter', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Se déconnecter du guichet' }).waitFor()
    await checkPage(page, 'identity-provider-sign-out')
    await page.getByRole('button', { name: 'Oui, me déconnecter' }).click()
    await page.getByRole('heading', { level: 1, name: welcome }).waitFor()
    expect((await page.request.get('/api/portal/home')).status()).toBe(401)
    // Signed out there too: the counter asks again.
    await page.getByRole('link', { name: 'Continuer avec Guichet de démonstration' }).click()
    await page.getByRole('heading', { level: 1, name: 'Guichet de démonstration' }).waitFor()
    await page.getByRole('button', { name: 'Revenir sans me connecter' }).click()
    await page.getByRole('alert').filter({ hasText: 'La connexion a été annulée chez l’autre service.' }).waitFor()
  })

  test('someone whom the identity provider knows and the directory does not is told so', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in')
    await page.getByRole('link', { name: 'Continuer avec Guichet de démonstration' }).click()
    await page.getByRole('button', { name: /Camille Nouvelle/i }).click()
    await page.getByRole('alert').filter({ hasText: 'l’annuaire de cet espace ne vous trouve pas' }).waitFor()
    await checkPage(page, 'sign-in-unknown-person')
  })

  test('signing out everywhere ends the sessions of the other devices', async () => {
    const here = await visit({ size })
    const there = await visit({ size: size === 'phone' ? 'desktop' : 'phone' })
    const elsewhere = await visit({ size })
    await signIn(here, 'mother')
    await signIn(there, 'mother')
    await signIn(elsewhere, 'mother')
    await goTo(here, 'Compte')
    const devices = here.getByRole('listitem').filter({ hasText: 'par mot de passe' })
    await devices.filter({ hasText: 'cet appareil' }).waitFor()
    expect(await devices.count()).toBeGreaterThanOrEqual(3)
    await checkPage(here, 'account')
    // One device alone first.
    const before = await devices.count()
    await here
      .getByRole('button', { name: /^Déconnecter / })
      .first()
      .click()
    await here.getByText(/est déconnecté\.$/).waitFor()
    await devices.nth(before - 1).waitFor({ state: 'detached' })
    await here.getByRole('button', { name: 'Me déconnecter de tous les appareils' }).click()
    await here.getByRole('heading', { level: 1, name: welcome }).waitFor()
    for (const other of [there, elsewhere]) expect((await other.request.get('/api/portal/home')).status()).toBe(401)
    await goTo(there, 'Annuaire')
    await there.getByRole('heading', { level: 1, name: welcome }).waitFor()
    // The page that was asked for is not forgotten.
    expect(there.url()).toContain('returnTo=%2Fdirectory')
    // “Back” brings up a page as it was left; the browser of these journeys is told to do without.
    await elsewhere.evaluate(() => {
      setTimeout(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
    })
    await elsewhere.getByRole('heading', { level: 1, name: welcome }).waitFor()
  })

  test('help and the accessibility statement are open to anyone', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in')
    await page.getByRole('link', { name: 'Aide' }).click()
    await page.getByRole('heading', { level: 1, name: 'Aide' }).waitFor()
    await checkPage(page, 'help')
    await page.getByRole('link', { name: /^Accessibilité/ }).click()
    await page.getByRole('heading', { level: 1, name: /accessibilité/i }).waitFor()
    await checkPage(page, 'accessibility')
  })
})
