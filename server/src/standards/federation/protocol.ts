import type { Tenant } from '#kernel/tenancy'
import type { Provider } from '#modules/identity'

/** What the browser does next: go to an address, or send fields there by a form. */
export type Go = { url: string } | { post: string; fields: Record<string, string> }

/** Where failures are told: codes, never what a provider says. */
export interface FederationLog {
  warn(facts: Record<string, unknown>, message: string): void
}

/** What every protocol of sign-in does for the pages, whatever its messages. */
export interface Protocol {
  /**
   * Prepares a departure for a provider.
   * @returns where the browser goes, and the state its cookie must bring back.
   * @throws Problem `federation_unreachable`, `federation_failed`, those of a protocol.
   */
  start(
    tenant: Tenant,
    provider: Provider,
    input: { returnTo: string | undefined; accountId: string | null; entityId: string | null },
  ): Promise<{ go: Go; state: string }>
  /** Where the browser ends a session at the provider; null when it offers nothing or cannot be reached. */
  findSignOut(tenant: Tenant, provider: Provider, session: Record<string, unknown>): Promise<Go | null>
  /** Asks the provider for what a sign-in would need. @throws Error when it would fail. */
  probe(tenant: Tenant, provider: Provider): Promise<void>
}
