import type { Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

/** How long things last for a tenant. */
export interface Policy {
  /** Days during which someone who left the directory may still sign in. */
  leaverGraceDays: number
  /** Months for which sign-ins are remembered; 13 at most. */
  signInMemoryMonths: number
}

/** What holds until a tenant decides otherwise. */
export const defaultPolicy: Policy = { leaverGraceDays: 30, signInMemoryMonths: 13 }

export async function getPolicy(tx: Tx): Promise<Policy> {
  const row = await tables(tx)
    .selectFrom('identity.policy')
    .select(['leaver_grace_days as leaverGraceDays', 'sign_in_memory_months as signInMemoryMonths'])
    .executeTakeFirst()
  return row ?? defaultPolicy
}

/** Changes what is given. @returns the policy as it is now. */
export async function updatePolicy(tx: Tx, change: Partial<Policy>): Promise<Policy> {
  const policy = { ...(await getPolicy(tx)), ...change }
  const values = { leaver_grace_days: policy.leaverGraceDays, sign_in_memory_months: policy.signInMemoryMonths }
  await tables(tx)
    .insertInto('identity.policy')
    .values(values)
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values))
    .execute()
  return policy
}
