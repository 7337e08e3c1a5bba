import { afterEach, beforeEach, expect, test } from 'vitest'
import { listTenants } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../test/app.ts'
import { makePerson } from '../../test/make.ts'
import { findOrCreateTenant } from './load.ts'

let server: TestApp
beforeEach(async () => {
  server = await openTestApp()
})
afterEach(() => server.close())

test('a workspace somebody put something into is not taken for the demonstration', async () => {
  const { services, tenant } = server
  await server.inTenant((tx) => makePerson(tx))
  expect(await findOrCreateTenant(services)).toBeUndefined()
  expect(await listTenants(services.owner)).toMatchObject([{ id: tenant.id }])
})

test('one that a command made before the first start, and that is empty, leaves its place to it', async () => {
  const { services } = server
  const made = await findOrCreateTenant(services)
  expect(made).toMatchObject({ demonstration: true })
  expect(await listTenants(services.owner)).toMatchObject([{ id: made?.id }])
  // Begun, it is found again, and not made anew.
  expect(await findOrCreateTenant(services)).toEqual(made)
})
