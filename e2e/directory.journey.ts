import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import {
  announced,
  checkPage,
  everySize,
  findAccount,
  goTo,
  openBrowser,
  readApi,
  settle,
  signIn,
  type Visitor,
} from './visitor.ts'
import { personas } from '../server/src/demonstration/personas.ts'

// Who finds whom, and the whole way by keyboard alone.

const visit = openBrowser()

interface Found {
  id: string
  givenName: string
  familyName: string
  classes: { id: string; name: string }[]
}

describe.each(everySize)('%s', (size) => {
  test('search forgives accents, case and order, and says when nobody fits', async () => {
    const page = await visit({ size })
    await signIn(page, 'teacher')
    await goTo(page, 'Annuaire')
    await page.getByText('Qui cherchez-vous ?').waitFor()
    await checkPage(page, 'directory')
    const field = page.getByLabel('Nom ou prénom')
    for (const typed of ['zoe march', 'MARCHAND ZOÉ', 'marc zo']) {
      await field.fill(typed)
      await page.getByRole('link', { name: 'Zoé Marchand' }).waitFor()
    }
    await checkPage(page, 'directory-found')
    // The search is in the address: it can be kept, and a reload finds it again.
    await page.reload()
    await page.getByRole('link', { name: 'Zoé Marchand' }).waitFor()
    expect(await field.inputValue()).toBe('marc zo')
    await field.fill('zzzzzz')
    await announced(page, 'Personne ne correspond.').waitFor()
    await checkPage(page, 'directory-nobody')
  })

  test('a pupil of another class is found by the head, and not by a pupil: not even by the address', async () => {
    const other = await findPupilOfAnotherClass(visit)
    const page = await visit({ size })
    await signIn(page, 'pupil')
    await goTo(page, 'Annuaire')
    await page.getByLabel('Nom ou prénom').fill(`${other.givenName} ${other.familyName}`)
    await announced(page, 'Personne ne correspond.').waitFor()
    // A card that exists and one that does not answer alike.
    const none = '01234567-89ab-7def-8123-456789abcdef'
    for (const id of [other.id, none]) {
      await page.goto(`/directory/people/${id}`)
      await page.getByText('Aucune personne que vous puissiez voir n’est à cette adresse.').waitFor()
      expect(await page.getByText(other.familyName).count()).toBe(0)
    }
    await checkPage(page, 'person-not-found')
    const [hidden, absent] = await Promise.all(
      [other.id, none].map(async (id) => {
        const answer = await page.request.get(`/api/directory/people/${id}`)
        const { requestId: _, ...body } = (await answer.json()) as Record<string, unknown>
        return { status: answer.status(), body: JSON.stringify(body).replaceAll(id, 'ID') }
      }),
    )
    expect(hidden?.status).toBe(404)
    expect(hidden).toEqual(absent)
  })

  test('an address that does not exist leads somewhere', async () => {
    const page = await visit({ size })
    await signIn(page, 'pupil')
    await page.goto('/nulle/part')
    await page.getByRole('heading', { level: 1, name: 'Cette page n’existe pas' }).waitFor()
    await checkPage(page, 'not-found')
    await page.getByRole('link', { name: 'Aller à l’accueil' }).click()
    await page.getByRole('heading', { level: 1, name: 'Bonjour Zoé' }).waitFor()
    // Pages of other profiles are refused, not broken.
    for (const path of ['/imports', '/status']) {
      await page.goto(path)
      await page.getByText('Vos droits ne permettent pas de faire cela ici.').first().waitFor()
    }
    await checkPage(page, 'not-allowed')
  })

  test('by keyboard alone: sign in, skip to the content, search, open a card', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in')
    const { login, password } = await findAccount(page, personas.teacher)
    await page.getByRole('button', { name: /Zoé Marchand/i }).waitFor()
    await tabTo(page, page.getByLabel('Identifiant'))
    await page.keyboard.type(login)
    await tabTo(page, page.getByLabel('Mot de passe', { exact: true }))
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    const home = page.getByRole('heading', { level: 1, name: 'Bonjour Samir' })
    await home.waitFor()
    // The new page is announced: its title has the focus.
    await expectFocus(home)

    await page.reload()
    await home.waitFor()
    await settle(page)
    await page.keyboard.press('Tab')
    const skip = page.getByRole('link', { name: 'Aller au contenu' })
    await expectFocus(skip)
    await expect.poll(async () => (await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)

    await page.reload()
    await home.waitFor()
    await settle(page)
    await tabTo(page, page.getByRole('link', { name: 'Annuaire' }))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Annuaire' }).waitFor()
    await tabTo(page, page.getByLabel('Nom ou prénom'))
    await page.keyboard.type('zoé march')
    const found = page.getByRole('link', { name: 'Zoé Marchand' })
    await found.waitFor()
    await tabTo(page, found)
    await page.keyboard.press('Enter')
    const card = page.getByRole('heading', { level: 1, name: 'Zoé Marchand' })
    await card.waitFor()
    await expectFocus(card)
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'Annuaire' }).waitFor()
    expect(await page.getByLabel('Nom ou prénom').inputValue()).toBe('zoé march')
  })
})

async function findPupilOfAnotherClass(open: Visitor): Promise<Found> {
  const zoe = await open()
  await signIn(zoe, 'pupil')
  const home = await readApi<{ directory: { classes: { id: string }[] } }>(zoe, '/api/portal/home')
  const own = new Set(home.directory.classes.map(({ id }) => id))
  const head = await open()
  await signIn(head, 'head')
  const { people } = await readApi<{ people: Found[] }>(head, '/api/directory/people?profile=pupil&limit=50')
  const other = people.find(({ classes }) => classes.length > 0 && classes.every(({ id }) => !own.has(id)))
  if (!other) throw new Error('The head finds no pupil of another class.')
  return other
}

/** Presses Tab until an element has the focus; each one on the way shows that it has it, inside the screen. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(async () => {
      // The page scrolls to it, and the skip link comes in, before it is next drawn.
      for (const _ of [1, 2]) await new Promise((resolve) => requestAnimationFrame(resolve))
      const element = document.activeElement
      if (!element || element === document.body) return undefined
      const box = element.getBoundingClientRect()
      const style = getComputedStyle(element)
      const outlined = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2
      return {
        html: element.outerHTML.slice(0, 160),
        visible: outlined || style.boxShadow !== 'none',
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        // Not wholly under something that stays in place (WCAG 2.2, 2.4.11).
        covered: [0.1, 0.5, 0.9].every((share) => {
          const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height * share)
          return at !== null && at !== element && !element.contains(at) && !at.contains(element)
        }),
      }
    })
    if (!focused) continue
    expect(focused, `focus on ${focused.html}`).toMatchObject({ visible: true, inside: true, covered: false })
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  throw new Error(`Tab does not reach ${String(target)}.`)
}

async function expectFocus(target: Locator): Promise<void> {
  await expect.poll(() => target.evaluate((element) => element === document.activeElement)).toBe(true)
}
