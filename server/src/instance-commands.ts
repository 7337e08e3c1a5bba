import { randomUUIDv7 } from 'node:crypto'
import type pg from 'pg'
import { recordAudit } from '#kernel/audit'
import type { Command, Module } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants, type Tenant } from '#kernel/tenancy'

const text = { type: 'string' } as const
const settings = { name: text, host: text, 'time-zone': text, accent: text }
const invalid = (detail: string) => new Problem(400, 'invalid_request', detail)

/** What is said of a tenant, each value named when it is wrong. */
function readSettings(values: Parameters<Command['run']>[2]): Partial<Tenant> {
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

const save =
  (isNew: boolean): Command['run'] =>
  async (context, [slug], values) => {
    if (slug === undefined || !/^[a-z0-9-]{1,40}$/.test(slug))
      throw invalid('Name the workspace by 1 to 40 small letters, digits and hyphens.')
    const given = readSettings(values)
    const known = (await listTenants(context.owner)).find((tenant) => tenant.slug === slug)
    if (isNew && known) throw new Problem(409, 'tenant_exists', `There is a workspace ${slug} already.`)
    if (!isNew && !known) throw new Problem(404, 'tenant_unknown', `No tenant has the slug ${slug}.`)
    const name = given.name ?? known?.name
    if (name === undefined) throw invalid('--name is needed.')
    const saved = await saveTenant(context.owner, { ...given, slug, name })
    await inTenant(context.db, saved.id, (tx) =>
      recordAudit(tx, {
        action: isNew ? 'instance.tenant_added' : 'instance.tenant_changed',
        actorPersonId: null,
        subjectKind: 'tenant',
        subjectId: saved.id,
        detail: { fields: Object.keys(given) },
      }),
    )
    context.print(describe(saved))
    return saved
  }

/** Adds or changes a tenant so that each is still found: an instance of several tells them apart by their host. */
async function saveTenant(
  owner: pg.Pool,
  { slug, name, host, timeZone, accent }: Pick<Tenant, 'slug' | 'name'> & Partial<Tenant>,
): Promise<Tenant> {
  const client = await owner.connect()
  try {
    await client.query('begin')
    // No other may come or lose its host meanwhile.
    await client.query('lock table kernel.tenant in share row exclusive mode')
    await client.query(
      `insert into kernel.tenant (id, slug, name, host, time_zone, accent)
       values ($1, $2, $3, $4, coalesce($5, 'Europe/Paris'), coalesce($6, '#1f5f5b'))
       on conflict (slug) do update set name = excluded.name, host = coalesce($4, tenant.host),
         time_zone = coalesce($5, tenant.time_zone), accent = coalesce($6, tenant.accent)`,
      [randomUUIDv7(), slug, name, host, timeZone, accent],
    )
    const tenants = await listTenants(client)
    const hidden = tenants.length > 1 ? tenants.filter((tenant) => tenant.host === null) : []
    if (hidden.length > 0) {
      const slugs = hidden.map((tenant) => tenant.slug).join(', ')
      const detail = `Several workspaces are told apart by their host; these have none: ${slugs}.`
      throw new Problem(409, 'tenant_host_needed', detail)
    }
    await client.query('commit')
    return tenants.find((tenant) => tenant.slug === slug)!
  } catch (error) {
    await client.query('rollback')
    // SQLSTATE: another tenant has this host.
    if ((error as { code?: string }).code === '23505')
      throw new Problem(409, 'tenant_exists', `Another workspace has this host: ${host}.`)
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
      run: save(true),
    },
    {
      name: 'tenant change',
      usage: 'SLUG [--name N] [--host H] [--time-zone Z] [--accent #rrggbb]',
      summary:
        'Changes what a workspace is called and under which host it is found; servers follow within ten seconds.',
      options: settings,
      run: save(false),
    },
  ],
  register: () => {},
}
