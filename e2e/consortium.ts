import { once } from 'node:events'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { root, run } from './product.ts'
import { findAccount, readApi, type Size, type Visitor } from './visitor.ts'

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
