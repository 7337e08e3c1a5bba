import type pg from 'pg'
import { recordAudit } from '#kernel/audit'
import { invalid, text, type Values } from '#kernel/command-values'
import type { Command, Module } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createTenant, listTenants, type Tenant, updateTenant } from '#kernel/tenancy'

const settings = { name: text, host: text, 'time-zone': text, accent: text }

/** What is said of a tenant, each value named when it is wrong. */
function readSettings(values: Values): Partial<Tenant> {
  const read = (name: keyof typeof settings, isRight: (value: string) => boolean, what: string) => {
    const value = values[name]
    if (typeof value !== 'string') return undefined
    if (!isRight(value)) throw invalid(`--${name} is ${what}: ${value}.`)
    return value
  }
  const given = {
    name: read('name', (value) => value.trim() !== '' && value.length <= 200, 'a name of 200 characters at most'),
    host: read(
      'host',
      (value) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value),
      'a host name in small letters, without port',
    ),
    timeZone: read('time-zone', isTimeZone, 'an IANA time zone, as Europe/Paris'),
    accent: read('accent', (value) => /^#[0-9a-f]{6}$/.test(value), 'a colour, #rrggbb in small letters'),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const describe = ({ slug, name, host, timeZone }: Tenant) => `${slug}  ${name}  ${host ?? '(any host)'}  ${timeZone}`

/** Writes a tenant, with the trace of it. */
const save =
  (
    action: string,
    write: (client: pg.PoolClient, slug: string, given: Partial<Tenant>) => Promise<Tenant>,
  ): Command['run'] =>
  async (context, [slug], values) => {
    if (slug === undefined || !/^[a-z0-9-]{1,40}$/.test(slug))
      throw invalid('Name the workspace by 1 to 40 small letters, digits and hyphens.')
    const given = readSettings(values)
    const saved = await changeTenants(context.owner, (client) => write(client, slug, given))
    await inTenant(context.db, saved.id, (tx) =>
      recordAudit(tx, {
        action,
        actorPersonId: null,
        subjectKind: 'tenant',
        subjectId: saved.id,
        detail: { fields: Object.keys(given) },
      }),
    )
    context.print(describe(saved))
    return saved
  }

/** Changes tenants so that each is still found: an instance of several tells them apart by their host. */
async function changeTenants(owner: pg.Pool, change: (client: pg.PoolClient) => Promise<Tenant>): Promise<Tenant> {
  const client = await owner.connect()
  try {
    await client.query('begin')
    // No other may come or lose its host meanwhile.
    await client.query('lock table kernel.tenant in share row exclusive mode')
    const changed = await change(client)
    const tenants = await listTenants(client)
    const hidden = tenants.length > 1 ? tenants.filter((tenant) => tenant.host === null) : []
    if (hidden.length > 0) {
      const slugs = hidden.map((tenant) => tenant.slug).join(', ')
      const detail = `Several workspaces are told apart by their host; these have none: ${slugs}.`
      throw new Problem(409, 'tenant_host_needed', detail)
    }
    await client.query('commit')
    return changed
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

/** What is above the modules: which workspaces (tenants) an instance serves. */
export const instance: Module = {
  name: 'instance',
  queues: [],
  reactions: [],
  commands: [
    {
      name: 'tenant list',
      usage: '',
      summary: 'Lists the workspaces of the instance: slug, name, host and time zone.',
      run: async (context) => {
        const tenants = await listTenants(context.owner)
        for (const tenant of tenants) context.print(describe(tenant))
        return tenants
      },
    },
    {
      name: 'tenant add',
      usage: 'SLUG --name N --host H [--time-zone Europe/Paris] [--accent #rrggbb]',
      summary: 'Adds a workspace, whose data never meet another’s; then `identity operator create --tenant SLUG`.',
      options: settings,
      run: save('instance.tenant_added', (client, slug, { name, ...given }) => {
        if (name === undefined) throw invalid('--name is needed.')
        return createTenant(client, { ...given, slug, name })
      }),
    },
    {
      name: 'tenant change',
      usage: 'SLUG [--name N] [--host H] [--time-zone Z] [--accent #rrggbb]',
      summary:
        'Changes what a workspace is called and under which host it is found; servers follow within ten seconds.',
      options: settings,
      run: save('instance.tenant_changed', updateTenant),
    },
  ],
  register: () => {},
}
