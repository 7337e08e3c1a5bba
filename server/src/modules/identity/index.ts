import type { Module } from '#kernel/module'
import { accountCommands } from './account-commands.ts'
import { registerAccounts } from './accounts.routes.ts'
import { registerConsents } from './consents.routes.ts'
import { registerFederation } from './federation.routes.ts'
import { identityCommands } from './identity-commands.ts'
import { closeArchived, deleteAccounts } from './leaver-accounts.ts'
import { issueLetters, letterQueue } from './letters.ts'
import { registerLetters } from './letters.routes.ts'
import { joinAccounts, partAccounts } from './merged-accounts.ts'
import { createPasswordHasher } from './password-hasher.ts'
import { sealProviderSecrets } from './providers.ts'
import { purgeExpired, purgeQueue } from './purge.ts'
import { registerRights } from './rights.routes.ts'
import { registerSessions } from './sessions.routes.ts'
import { registerSignIn } from './sign-in.routes.ts'
import { registerStays } from './temporary-stays.routes.ts'

export { issueAccessCode } from './access-codes.ts'
export { createAccount, findAccount } from './accounts.queries.ts'
export { createDemonstrationAccounts, listDemonstrationAccounts } from './demonstration-accounts.ts'
export { findProvider, findRequest, listProviderScopes, listProviders, type Provider } from './federation.queries.ts'
export {
  addressOf,
  closeDeparture,
  departureMinutes,
  getProvider,
  holdAnswer,
  openDeparture,
  type Proven,
  takeAnswer,
  takeSignOut,
  welcome,
} from './federation.ts'
export { setArrivalCookie } from './federation.routes.ts'
export {
  declareProvider,
  isTrustedInClear,
  openProviderSecret,
  scopeProvider,
  sealProviderSecrets,
} from './providers.ts'
export { describeAgent, readReferences } from './references.ts'
export { createPasswordHasher } from './password-hasher.ts'
export { grantRight, listHolders } from './rights.queries.ts'
export { deleteProviderSessions } from './sessions.queries.ts'
export { authenticate, cookieOptions, digest, openSession, readBrowser, setSessionCookie } from './sessions.ts'
export { signedIn } from './signed-in.ts'

/** Accounts, sign-in by password or federation, sessions, rights. */
export const identity: Module = {
  name: 'identity',
  queues: [purgeQueue, letterQueue],
  reactions: [joinAccounts, partAccounts, closeArchived, deleteAccounts],
  commands: [...identityCommands, ...accountCommands],
  register(app, services) {
    registerSignIn(app, services, createPasswordHasher())
    registerSessions(app, services)
    registerAccounts(app, services)
    registerRights(app, services)
    registerLetters(app, services)
    registerConsents(app, services)
    registerStays(app, services)
    registerFederation(app, services)
  },
  async startWorkers(services) {
    await services.jobs.work(purgeQueue, () => purgeExpired(services))
    await services.jobs.work(letterQueue, async (batch, signal) => {
      for (const job of batch) await issueLetters(services, job, signal)
    })
    await services.jobs.repeat(purgeQueue, '17 * * * *')
    await sealProviderSecrets(services)
  },
}
