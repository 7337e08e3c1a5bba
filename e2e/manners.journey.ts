import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, goTo, openBrowser, readApi, settle, signIn } from './visitor.ts'

// How the pages behave towards everybody: two languages, dark and contrasted colours, less motion, a lost network.

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('in English from the browser, and back to French by choice', async () => {
    const page = await visit({ size, locale: 'en-GB' })
    await page.goto('/sign-in')
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await checkPage(page, 'sign-in-english')
    await page.getByRole('button', { name: /Hélène Roussel/i }).click()
    await page.getByRole('heading', { level: 1, name: 'Hello Hélène' }).waitFor()
    await checkPage(page, 'home-head-english')
    const navigation = page.getByRole('navigation', { name: 'Main navigation' })
    await navigation.getByRole('link', { name: 'Directory' }).click()
    await page.getByRole('heading', { level: 1, name: 'Directory' }).waitFor()
    await checkPage(page, 'directory-english')
    await navigation.getByRole('link', { name: 'Account' }).click()
    await page.getByRole('heading', { level: 1, name: 'My account' }).waitFor()
    await checkPage(page, 'account-english')
    await page.getByRole('radio', { name: 'Français' }).click()
    await page.getByRole('heading', { level: 1, name: 'Mon compte' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('fr')
    // The choice stays on the device.
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Mon compte' }).waitFor()
    await goTo(page, 'Accueil')
    await page.getByRole('heading', { level: 1, name: 'Bonjour Hélène' }).waitFor()
  })

  test('the sign-in page changes language and keeps what was typed', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in')
    await page.getByLabel('Identifiant').fill('zoe.marchand')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
    expect(await page.getByLabel('Login').inputValue()).toBe('zoe.marchand')
    await page.getByRole('button', { name: 'Français' }).click()
    await page.getByRole('heading', { level: 1, name: 'Se connecter' }).waitFor()
  })

  test.each([
    ['dark', 'Sombres'],
    ['contrast', 'Contraste renforcé'],
  ])('in %s colours everything can be read', async (theme, choice) => {
    // The device asks for dark colours; the account page for others.
    const page = await visit({ size, ...(theme === 'dark' ? { colorScheme: 'dark' } : {}) })
    await page.goto('/sign-in')
    await page.getByRole('button', { name: /Zoé Marchand/i }).waitFor()
    if (theme === 'dark') await checkPage(page, 'sign-in-dark')
    await signIn(page, 'operator')
    if (theme !== 'dark') {
      await goTo(page, 'Compte')
      await page.getByRole('radio', { name: choice }).click()
      await page.reload()
      expect(await page.getByRole('radio', { name: choice }).isChecked()).toBe(true)
      await checkPage(page, `account-${theme}`)
    } else {
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(/\d+/.exec(background)?.[0]).toMatch(/^[0-5]?\d$/)
    }
    await goTo(page, 'Accueil')
    await page.getByRole('heading', { level: 1, name: 'Bonjour Aïcha' }).waitFor()
    await checkPage(page, `home-operator-${theme}`)
    await goTo(page, 'Annuaire')
    await page.getByLabel('Nom ou prénom').fill('zoé marchand')
    await page.getByRole('link', { name: 'Zoé Marchand' }).click()
    await page.getByRole('button', { name: 'Créer un code' }).waitFor()
    await checkPage(page, `person-${theme}`)
    const { imports } = await readApi<{ imports: { id: string }[] }>(page, '/api/directory/imports?limit=1')
    await page.goto(`/imports/${imports[0]?.id}`)
    await page.getByRole('heading', { level: 1, name: /^Import/ }).waitFor()
    await checkPage(page, `import-${theme}`)
    await goTo(page, 'État')
    await page.getByRole('table', { name: 'Bases de données' }).waitFor()
    await checkPage(page, `status-${theme}`)
  })

  test('nothing moves for those who ask for less motion', async () => {
    const page = await visit({ size, reducedMotion: 'reduce' })
    await page.goto('/sign-in')
    await settle(page)
    expect(await listMotions(page)).toEqual([])
    await signIn(page, 'mother')
    await page.getByRole('heading', { name: 'Mes enfants' }).waitFor()
    expect(await listMotions(page)).toEqual([])
    // While something loads, too.
    let answer: (() => void) | undefined
    await page.route('**/api/portal/home', async (route) => {
      await new Promise<void>((resolve) => (answer = resolve))
      await route.continue()
    })
    await page.reload()
    await expect.poll(() => answer !== undefined).toBe(true)
    await page.getByRole('heading', { level: 1, name: 'Bonjour Claire' }).waitFor()
    expect(await listMotions(page)).toEqual([])
    answer?.()
    await page.getByRole('heading', { name: 'Mes enfants' }).waitFor()
  })

  test('offline: the page says so, keeps what is typed, and goes on when the network is back', async () => {
    const page = await visit({ size })
    await signIn(page, 'teacher')
    await goTo(page, 'Annuaire')
    await page.getByLabel('Nom ou prénom').waitFor()
    await settle(page)
    await page.context().setOffline(true)
    await announced(page, 'Vous êtes hors connexion').waitFor()
    await page.getByLabel('Nom ou prénom').fill('zoé marchand')
    await checkPage(page, 'directory-offline')
    expect(await page.getByLabel('Nom ou prénom').inputValue()).toBe('zoé marchand')
    await page.context().setOffline(false)
    await announced(page, 'Vous êtes hors connexion').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Zoé Marchand' }).waitFor()
    expect(await page.getByLabel('Nom ou prénom').inputValue()).toBe('zoé marchand')
  })

  test('an error of the server is told with a reference, and trying again is enough', async () => {
    const page = await visit({ size })
    await signIn(page, 'mother')
    const problem = { status: 500, code: 'internal_error', requestId: '0f3c2b9e', detail: 'Something went wrong.' }
    await page.route('**/api/portal/home', (route) =>
      route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    )
    await page.reload()
    await announced(page, 'Une erreur est survenue de notre côté').waitFor()
    await page.getByText('Référence à donner à l’assistance').filter({ hasText: '0f3c2b9e' }).waitFor()
    await checkPage(page, 'home-error')
    await page.unroute('**/api/portal/home')
    await page.getByRole('button', { name: 'Réessayer' }).click()
    await page.getByRole('heading', { name: 'Mes enfants' }).waitFor()
  })
})

test('few places fill the foot of a phone; zoomed twice, they stand under a page of all the width', async () => {
  const page = await visit({ size: 'phone' })
  await signIn(page, 'mother')
  const home = page.getByRole('navigation', { name: 'Navigation principale' }).getByRole('link', { name: 'Accueil' })
  expect(await home.boundingBox()).toMatchObject({ x: 0 })
  await page.setViewportSize({ width: 640, height: 450 })
  expect(await page.getByRole('main').boundingBox()).toMatchObject({ x: 0, width: 640 })
})

/** Animations that run, and transitions that would. */
function listMotions(page: Awaited<ReturnType<typeof visit>>): Promise<string[]> {
  return page.evaluate(() => {
    const running = document.getAnimations().filter(({ playState }) => playState === 'running')
    const longest = (list: string) => Math.max(...list.split(',').map((each) => Number.parseFloat(each)))
    const moving = [...document.querySelectorAll('*')].filter((element) => {
      const style = getComputedStyle(element)
      return (
        longest(style.transitionDuration) > 0.02 ||
        (style.animationName !== 'none' && longest(style.animationDuration) > 0.02)
      )
    })
    return [...running.map(String), ...moving.map((element) => element.outerHTML.slice(0, 120))]
  })
}
