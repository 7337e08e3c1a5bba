import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/app.ts'
import { type ConsortiumAccounts, loadConsortium } from './consortium.ts'

let server: TestApp
let accounts: ConsortiumAccounts
beforeAll(async () => {
  server = await openTestApp()
  accounts = await server.inTenant((tx) => loadConsortium(tx, server.services))
})
afterAll(() => server.close())

async function read(personId: string, path: string) {
  const url = `/api/governance/agreements/${path}`
  const answer = await server.app.inject({ url, headers: await server.signIn(personId) })
  expect(answer.statusCode, path).toBe(200)
  return answer.json()
}

test('everyone whom the sign-in page proposes has a place in the consortium', async () => {
  const parties = async (personId: string, slug: string) => {
    const { manages, seats } = await read(personId, slug)
    return [manages, [...new Set(seats.map(({ party }: { party: string }) => party))]]
  }
  expect(await parties(accounts.pilot, 'grand-est')).toEqual([true, []])
  expect(await parties(accounts.member, 'grand-est')).toEqual([false, ['region']])
  expect(await parties(accounts.contractor, 'grand-est')).toEqual([false, ['titulaire']])
  expect(await parties(accounts.pilotInstitution, 'service-numerique')).toEqual([false, ['universite-2']])
})

test('the digital service awaits its votes: nothing is lacking in its list, and what was not measured is said', async () => {
  const { services } = await read(accounts.pilotInstitution, 'service-numerique/services')
  expect(services).toMatchObject([{ number: 1, phase: 'investigation' }])
  const dossier = await read(accounts.pilot, 'service-numerique/services/1/dossiers/1')
  expect(dossier.content.measures.every(({ value }: { value: string | null }) => value === null)).toBe(true)
  const { pending } = await read(accounts.pilot, 'service-numerique/deliverables')
  expect([pending.state, pending.gaps]).toEqual(['draft', []])
})
