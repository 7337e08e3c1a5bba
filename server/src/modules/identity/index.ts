import type { Module } from '#kernel/module'
import { accountCommands } from './accounts/account-commands.ts'
import { registerAccounts } from './accounts/accounts.routes.ts'
import { registerConsents } from './consents/consents.routes.ts'
import { registerFederation } from './federations/federation.routes.ts'
import { identityCommands } from './identity-commands.ts'
import { closeArchived, deleteAccounts } from './accounts/leaver-accounts.ts'
import { issueLetters, letterQueue } from './letters/letters.ts'
import { registerLetters } from './letters/letters.routes.ts'
import { joinAccounts, partAccounts } from './accounts/merged-accounts.ts'
import { createPasswordHasher } from './sign-in/password-hasher.ts'
import { sealProviderSecrets } from './federations/providers.ts'
import { purgeExpired, purgeQueue } from './purge.ts'
import { registerRights } from './rights/rights.routes.ts'
import { registerSessions } from './sign-in/sessions.routes.ts'
import { registerSignIn } from './sign-in/sign-in.routes.ts'
import { registerStays } from './accounts/temporary-stays.routes.ts'

export { issueAccessCode } from './accounts/access-codes.ts'
export { createAccount, findAccount } from './accounts/accounts.queries.ts'
export { createDemonstrationAccounts, listDemonstrationAccounts } from './accounts/demonstration-accounts.ts'
export {
  findProvider,
  findRequest,
  listProviderScopes,
  listProviders,
  type Provider,
} from './federations/federation.queries.ts'
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
} from './federations/federation.ts'
export { setArrivalCookie } from './federations/federation.routes.ts'
export {
  type Declaration,
  declareProvider,
  isTrustedInClear,
  keepProviderSecret,
  openProviderSecret,
  prepareProvider,
  providerProfile,
  recordKind,
  removeProvider,
  scopeProvider,
  sealProviderSecrets,
} from './federations/providers.ts'
export { declarationOptions, declarationUsage, readDeclaration } from './federations/provider-commands.ts'
export { describeAgent, readReferences } from './federations/references.ts'
export { toDrawn } from './letters/letter-files.ts'
export { createPasswordHasher } from './sign-in/password-hasher.ts'
export { findToday, grantRight, listHolders } from './rights/rights.queries.ts'
export { operatorRights } from './rights/rights.ts'
export { deleteProviderSessions } from './sign-in/sessions.queries.ts'
export { authenticate, cookieOptions, digest, openSession, readBrowser, setSessionCookie } from './sign-in/sessions.ts'
export { listOpenedSignIns, type OpenedSignIn } from './sign-in/sign-in-history.queries.ts'

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
