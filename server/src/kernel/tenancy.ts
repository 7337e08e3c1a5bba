import { randomUUIDv7 } from 'node:crypto'
import type pg from 'pg'
import { Problem } from './problem.ts'

/** A tenant: one consortium's workspace. Its data never meet another's. */
export interface Tenant {
  id: string
  /** Short name used on the command line (`--tenant`). */
  slug: string
  name: string
  /** Host name people use, without port; null for the only tenant of an instance. */
  host: string | null
  /** IANA zone in which its dates are shown. */
  timeZone: string
  /** One colour in #rrggbb; the web computes its shades and checks their contrast. */
  accent: string
  demonstration: boolean
}

const columns = `id, slug, name, host, time_zone as "timeZone", accent, demonstration`

/** All tenants, oldest first. */
export async function listTenants(owner: pg.Pool | pg.PoolClient): Promise<Tenant[]> {
  const { rows } = await owner.query<Tenant>(`select ${columns} from kernel.tenant order by created_at, id`)
  return rows
}

/** @throws Problem 409 `tenant_exists` when the slug or the host is taken. */
export async function createTenant(
  owner: pg.Pool | pg.PoolClient,
  input: Pick<Tenant, 'slug' | 'name'> & Partial<Tenant>,
): Promise<Tenant> {
  const { rows } = await owner.query<Tenant>(
    `insert into kernel.tenant (id, slug, name, host, time_zone, accent, demonstration)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning ${columns}`,
    [
      input.id ?? randomUUIDv7(),
      input.slug,
      input.name,
      input.host ?? null,
      input.timeZone ?? 'Europe/Paris',
      input.accent ?? '#1f5f5b',
      input.demonstration ?? false,
    ],
  )
  if (!rows[0]) throw new Problem(409, 'tenant_exists', `A tenant has this slug or host already: ${input.slug}.`)
  return rows[0]
}

/**
 * Changes what is given of a tenant, and nothing else.
 * @throws Problem 404 `tenant_unknown`; 409 `tenant_exists` when another one has this host.
 */
export async function updateTenant(
  owner: pg.Pool | pg.PoolClient,
  slug: string,
  { name, host, timeZone, accent }: Partial<Tenant>,
): Promise<Tenant> {
  const updated = await owner
    .query<Tenant>(
      `update kernel.tenant set name = coalesce($2, name), host = coalesce($3, host),
         time_zone = coalesce($4, time_zone), accent = coalesce($5, accent)
       where slug = $1 returning ${columns}`,
      [slug, name, host, timeZone, accent],
    )
    .catch((error: { code?: string }) => {
      // SQLSTATE: unique.
      if (error.code !== '23505') throw error
      throw new Problem(409, 'tenant_exists', `Another workspace has this host: ${host}.`)
    })
  if (!updated.rows[0]) throw new Problem(404, 'tenant_unknown', `No tenant has the slug ${slug}.`)
  return updated.rows[0]
}

/** Takes away a tenant of which nothing is kept. @returns false when something is: it stays. */
export async function deleteEmptyTenant(owner: pg.Pool, id: string): Promise<boolean> {
  try {
    await owner.query('delete from kernel.tenant where id = $1', [id])
    return true
  } catch (error) {
    // SQLSTATE: a row of some table refers to it.
    if ((error as { code?: string }).code === '23503') return false
    throw error
  }
}

/** Finds the tenant a request speaks to, by its Host header. */
export interface TenantRegistry {
  find(host: string | undefined): Promise<Tenant>
}

/**
 * Tenants by host, read again at most every ten seconds: every request asks, tenants change a few times a year.
 * An instance with a single tenant answers under any host.
 */
export function createTenantRegistry(owner: pg.Pool, now: () => number = Date.now): TenantRegistry {
  let known: Tenant[] = []
  let readAt = -Infinity
  return {
    async find(host) {
      if (now() - readAt > 10_000 || known.length === 0) {
        known = await listTenants(owner)
        readAt = now()
      }
      const name = host?.replace(/:\d+$/, '').toLowerCase()
      const tenant = known.find((each) => each.host === name) ?? (known.length === 1 ? known[0] : undefined)
      if (!tenant) throw new Problem(404, 'tenant_unknown', 'No workspace is served under this address.')
      return tenant
    },
  }
}
