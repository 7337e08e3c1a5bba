import { once } from 'node:events'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { root, run } from './product.ts'
import { announced, findAccount, readApi, type Size, type Visitor } from './visitor.ts'

// Acts that the journeys of a consortium share.

export const home = '/governance/grand-est'
export const api = '/api/governance/agreements/grand-est'
export const pilot = { givenName: 'Claude', familyName: 'Varenne' }
export const region = { givenName: 'Hélène', familyName: 'Kuntz' }

interface Name {
  givenName: string
  familyName: string
}

/** Signs in one of those whom the sign-in page proposes. */
export async function enter(visit: Visitor, size: Size, person: Name): Promise<Page> {
  const page = await visit({ size, acceptDownloads: true })
  const { login, password } = await findAccount(page, person)
  await page.goto('/sign-in')
  await page.getByLabel('Identifiant').fill(login)
  await page.getByLabel('Mot de passe', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await page.getByRole('navigation', { name: 'Navigation principale' }).waitFor()
  return page
}

/**
 * Signs in another representative by a code that the operator of the service issues.
 * @param body address of a body where they sit.
 */
export async function enterByCode(
  visit: Visitor,
  size: Size,
  manager: Page,
  { givenName, familyName }: Name,
  body = `${api}/bodies/cst`,
): Promise<Page> {
  const { seats } = await readApi<{
    seats: { representatives: { personId: string; name: { givenName: string; familyName: string } | null }[] }[]
  }>(manager, body)
  const people = seats.flatMap(({ representatives }) => representatives)
  const person = people.find(({ name }) => name?.givenName === givenName && name.familyName === familyName)
  if (!person) throw new Error(`Nobody sits under the name ${givenName} ${familyName}`)
  const { child, output } = run(
    [join(root, 'server/src/cli.ts'), 'identity', 'code', 'issue', '--person', person.personId, '--json'],
    { data: inject('data') },
  )
  let answer = ''
  child.stdout?.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  const [ended] = (await once(child, 'close')) as [number | null]
  if (ended !== 0) throw new Error(output())
  const { code } = JSON.parse(answer) as { code: string }
  const page = await visit({ size })
  const opened = await page.request.post('/api/identity/codes/redeem', {
    data: { code, password: 'quatre chats sur un toit' },
  })
  expect(opened.status(), await opened.text()).toBe(204)
  return page
}

/** A day some days from now, as a field of a form takes it. */
export function day(after: number): string {
  return new Date(Date.now() + after * 86_400_000).toLocaleDateString('sv', { timeZone: 'Europe/Paris' })
}

/** Prepares a meeting of a body, and stays on its page. @returns its identifier. */
export async function prepareMeeting(
  page: Page,
  body: string,
  name: string,
  on: string,
  urgent = false,
  agreement = home,
): Promise<string> {
  await page.goto(`${agreement}/bodies/${body}`)
  await page.getByText('Préparer une réunion', { exact: true }).click()
  await page.getByLabel('Objet').fill(name)
  await page.getByLabel('Début').fill(`${on}T18:00`)
  if (urgent) await page.getByLabel(/^Séance d’urgence/).check()
  await page.getByRole('button', { name: 'Créer le brouillon' }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

/** Convenes the urgent meeting of the page at once, which the page warns of, and opens it. */
export async function conveneAndOpen(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Convoquer la réunion' }).click()
  await page.getByRole('button', { name: 'Convoquer quand même' }).click()
  await page.getByRole('button', { name: 'Ouvrir la réunion' }).click()
  await page.getByRole('heading', { name: 'Présences' }).waitFor()
}

/** Notes, for who leads, that the holders of these family names arrive. */
export async function noteArrivals(page: Page, names: string[]): Promise<void> {
  for (const name of names) {
    await page.getByRole('button', { name: new RegExp(`${name} \\(titulaire\\) arrive$`, 'i') }).click()
    await page.getByRole('button', { name: new RegExp(`^Part.*${name}`, 'i') }).waitFor()
  }
}

/** Puts the one item of the page that a name tells to the vote. @returns where the ballot is. */
export async function putToVote(page: Page, name: RegExp): Promise<string> {
  await page.getByRole('button', { name }).click()
  await page.getByRole('heading', { name: 'Conduire le vote' }).waitFor()
  return new URL(page.url()).pathname
}

/** Notes what a member says aloud. */
export async function sayAloud(page: Page, member: string, choice: string): Promise<void> {
  await page.getByLabel('Membre', { exact: true }).selectOption({ label: member })
  await page.getByLabel('Vote', { exact: true }).selectOption({ label: choice })
  await page.getByRole('button', { name: 'Noter ce vote' }).click()
  await expect.poll(() => page.getByLabel('Membre', { exact: true }).inputValue(), { timeout: 20_000 }).toBe('')
}

export async function closeBallot(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Clore le vote' }).click()
  await page.getByRole('button', { name: 'Clore et proclamer' }).click()
  await page
    .getByText(/^Adopté/)
    .first()
    .waitFor()
}

/** Takes a request to join to the agenda of a meeting. */
export async function askToJoin(
  page: Page,
  { name, key, kind, meeting }: { name: string; key: string; kind: string; meeting: string },
  agreement = home,
): Promise<void> {
  await page.goto(`${agreement}/members`)
  await page.getByText('Enregistrer une demande d’entrée').click()
  const asking = page.getByRole('form', { name: 'Enregistrer une demande d’entrée' })
  await asking.getByLabel('Nom de la collectivité').fill(name)
  await asking.getByLabel('Identifiant dans la convention').fill(key)
  await asking.getByLabel('Nature').selectOption({ label: kind })
  await asking.getByLabel('Motif, courrier reçu').fill('Elle veut le même service.')
  await asking.getByRole('button', { name: 'Enregistrer la demande' }).dblclick()
  const examining = page.getByRole('form', { name: `Examen : ${name}` })
  await examining.getByLabel('Conclusions de l’examen').fill('Rien ne s’y oppose.')
  await examining.getByRole('button', { name: 'Enregistrer l’examen' }).click()
  const approving = page.getByRole('form', { name: `Approbation par l’instance : ${name}` })
  const choice = approving.getByLabel('Réunion de l’instance qui approuve')
  await choice.waitFor()
  await choice.selectOption({ label: await choice.locator('option').filter({ hasText: meeting }).first().innerText() })
  await approving.getByRole('button', { name: 'Inscrire à l’ordre du jour' }).click()
  await announced(page, 'Inscrite : le vote de l’instance fera foi.').waitFor()
}
