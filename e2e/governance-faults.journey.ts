import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import {
  api,
  conveneAndOpen,
  enter,
  enterByCode,
  day,
  home,
  noteArrivals,
  pilot,
  prepareMeeting,
  region,
} from './consortium.ts'
import { announced, checkPage, openBrowser, readApi } from './visitor.ts'

// What goes wrong around a vote: each is told why, on the page, and nothing is lost or counted twice.

const visit = openBrowser()
const title = 'Ouvrir le service aux internats'

test(
  'a deputy beside the holder, a vote put twice, a vote after the closing, a second closing: each is told why',
  { timeout: 300_000 },
  async () => {
    const manager = await enter(visit, 'desktop', pilot)
    const leader = await enter(visit, 'desktop', region)
    const meetingId = await prepareMeeting(manager, 'cogouv', 'Comité des imprévus', day(0), true)
    await manager.getByText('Ajouter un point', { exact: true }).click()
    await manager.getByLabel('Intitulé').fill(title)
    await manager.getByLabel('Nature').selectOption({ label: 'décision' })
    const rule = manager.getByLabel('Règle de vote')
    await rule.selectOption({
      label: await rule.locator('option').filter({ hasText: 'Autre évolution ou question' }).innerText(),
    })
    await manager.getByRole('button', { name: 'Ajouter le point' }).click()
    await manager.getByRole('heading', { level: 3, name: title }).waitFor()
    await conveneAndOpen(manager)
    await noteArrivals(manager, ['Kuntz', 'Schaeffer', 'Bitche'])

    // The holder is there: the deputy does not take the place.
    const deputy = await enterByCode(visit, 'desktop', manager, { givenName: 'Salomé', familyName: 'Munster' })
    await deputy.goto(`${home}/meetings/${meetingId}`)
    await deputy.getByRole('button', { name: /^Salomé MUNSTER .*prend la place$/i }).click()
    await announced(deputy, 'Un suppléant ne siège qu’en l’absence du titulaire (article 5).').waitFor()
    await checkPage(deputy, 'governance-deputy-refused')

    // Two put the item to the vote: the second, whose page knew nothing of it, is told that a vote is open.
    for (const page of [manager, leader]) {
      await page.goto(`${home}/meetings/${meetingId}/votes`)
      await page.getByRole('button', { name: `Mettre aux voix : ${title}` }).waitFor()
    }
    await freeze(leader)
    await manager.getByRole('button', { name: `Mettre aux voix : ${title}` }).click()
    await manager.getByRole('heading', { name: 'Conduire le vote' }).waitFor()
    const ballot = new URL(manager.url()).pathname
    await leader.getByRole('button', { name: `Mettre aux voix : ${title}` }).click()
    await announced(leader, 'Un vote est déjà ouvert sur ce point.').waitFor()
    await thaw(leader)

    await deputy.goto(ballot)
    await deputy.getByText('Caroline Schaeffer vote pour').waitFor()
    await checkPage(deputy, 'governance-ballot-deputy')

    const holder = await enterByCode(visit, 'desktop', manager, { givenName: 'Caroline', familyName: 'Schaeffer' })
    for (const page of [holder, leader]) {
      await page.goto(ballot)
      await page.getByRole('button', { name: 'Pour', exact: true }).waitFor()
    }
    // Sent twice in a row, a vote is one.
    await leader.getByRole('button', { name: 'Pour', exact: true }).dblclick()
    await leader.getByText('Vote enregistré : Pour.').waitFor()
    await leader.getByRole('button', { name: 'Clore le vote' }).click()
    for (const page of [holder, leader]) await freeze(page)
    await manager.getByRole('button', { name: 'Clore le vote' }).click()
    await manager.getByRole('button', { name: 'Clore et proclamer' }).click()
    await manager
      .getByText(/^Adopté/)
      .first()
      .waitFor()

    // Both pages still show the vote open: what is done there is refused, and the words stay beside the result.
    await holder.getByRole('button', { name: 'Contre', exact: true }).click()
    await leader.getByRole('button', { name: 'Clore et proclamer' }).click()
    for (const page of [holder, leader]) {
      await announced(page, 'Ce vote est clos : rien n’a été changé.').first().waitFor()
      await thaw(page)
      await page
        .getByText(/^Adopté/)
        .first()
        .waitFor()
      expect(await announced(page, 'Ce vote est clos : rien n’a été changé.').count()).toBe(1)
    }
    await checkPage(holder, 'governance-ballot-late')

    const { roll } = await readApi<{ roll: { party: string; choice: string | null }[] }>(
      manager,
      `${api}/ballots/${ballot.split('/').at(-1) ?? ''}`,
    )
    expect(roll.filter(({ choice }) => choice !== null)).toMatchObject([{ party: 'region', choice: 'for' }])
    const { items } = await readApi<{ items: { title: string; ballots: unknown[] }[] }>(
      manager,
      `${api}/meetings/${meetingId}/votes`,
    )
    expect(items.find((item) => item.title === title)?.ballots).toHaveLength(1)
    const { decisions } = await readApi<{ decisions: { title: string }[] }>(manager, `${api}/decisions`)
    expect(decisions.filter((decision) => decision.title === title)).toHaveLength(1)
  },
)

test('a change asked for by a double press is asked for once', async () => {
  const member = await enter(visit, 'desktop', region)
  const name = 'Annuaire des internats'
  await member.goto(`${home}/changes`)
  await member.getByLabel('Titre').fill(name)
  await member.getByLabel('Besoin').fill('Un seul annuaire.')
  await member.getByRole('button', { name: 'Demander cette évolution' }).dblclick()
  await announced(member, /^Évolution n° \d+ demandée/).waitFor()
  await member.getByRole('link', { name }).first().waitFor()
  const { changes } = await readApi<{ changes: { title: string }[] }>(member, `${api}/changes`)
  expect(changes.filter((change) => change.title === name)).toHaveLength(1)
})

/** From now on the page learns nothing of what others do, as one whose network is late; what is done on it is sent. */
async function freeze(page: Page): Promise<void> {
  await page.route('**/api/governance/**', (route) =>
    route.request().method() === 'GET' ? route.abort() : route.continue(),
  )
}

const thaw = (page: Page) => page.unroute('**/api/governance/**')
