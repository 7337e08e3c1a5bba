import { expect, test } from 'vitest'
import { openTestApp } from './app.ts'
import { runCommand } from './command.ts'

test('a second workspace is added once each is found under its host, and shares nothing', async () => {
  const server = await openTestApp()
  const { slug } = server.tenant
  const tenant = (...words: string[]) => runCommand(server, 'instance', 'tenant', ...words)
  const add = () => tenant('add', 'second', '--name', 'Second', '--host', 'second.example')
  await expect(add()).rejects.toMatchObject({ code: 'tenant_host_needed', message: expect.stringContaining(slug) })
  expect((await tenant('list')).result).toMatchObject([{ slug, host: null }])

  expect((await tenant('change', slug, '--host', 'first.example')).result).toMatchObject({ host: 'first.example' })
  expect((await add()).result).toMatchObject({ slug: 'second', host: 'second.example', timeZone: 'Europe/Paris' })
  await expect(add()).rejects.toMatchObject({ code: 'tenant_exists' })
  await expect(tenant('change', 'second', '--host', 'first.example')).rejects.toMatchObject({ code: 'tenant_exists' })
  await expect(tenant('change', 'third', '--name', 'X')).rejects.toMatchObject({ code: 'tenant_unknown' })
  for (const [option, value] of [
    ['--host', 'Second.example:80'],
    ['--time-zone', 'Europe/Atlantis'],
    ['--accent', 'red'],
    ['--name', ' '],
  ] as const)
    await expect(tenant('change', 'second', option, value)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(option),
    })
  const { result, printed } = await tenant('list')
  expect(result).toMatchObject([
    { slug, host: 'first.example' },
    { slug: 'second', name: 'Second', host: 'second.example' },
  ])
  expect(printed).toContain('second  Second  second.example  Europe/Paris')
  const { rows } = await server.services.owner.query<{ action: string; tenants: number }>(
    `select action, count(distinct tenant_id)::int as tenants from kernel.audit_entry where subject_kind = 'tenant'
     group by action order by action`,
  )
  expect(rows).toEqual([
    { action: 'instance.tenant_added', tenants: 1 },
    { action: 'instance.tenant_changed', tenants: 1 },
  ])
  await server.close()
})
