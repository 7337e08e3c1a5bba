import { expect, test } from 'vitest'
import { describeApi } from '../../tools/openapi.ts'
import { modules } from '../src/app.ts'

/** By which command each act of those who administer is done too. */
const commandOf: Record<string, string> = {
  prepareSchoolYear: 'directory school-year prepare',
  planSchoolYear: 'directory school-year plan',
  switchSchoolYear: 'directory school-year switch',
  decideSuccessions: 'directory succession settle',
  changeLeaverPolicy: 'directory leavers policy',
  runLeavers: 'directory leavers run',
  holdPerson: 'directory leavers hold',
  liftHold: 'directory leavers hold',
  settleMatchProposal: 'directory proposal-settle',
  undoMerge: 'directory merge-undo',
  updateMatchThresholds: 'directory match-policy',
  createImport: 'directory import',
  applyImport: 'directory import-apply',
  rollBackImport: 'directory import-rollback',
  stageImport: 'directory import-stage',
  abandonImport: 'directory import-abandon',
  saveImportColumns: 'directory import-describe',
  previewImportColumns: 'directory import-describe',
  updateSourceSettings: 'directory feed settings',
  retryHeldRecords: 'directory import-retry',
  rereadImport: 'directory import-reread',
  acknowledgeFeedAlert: 'directory feed acknowledge',
  issueAccessCode: 'identity code issue',
  declareCompromised: 'identity account compromised',
  grantRight: 'identity right grant',
  withdrawRight: 'identity right withdraw',
  createLetters: 'identity letters write',
  takeLetters: 'identity letters write',
  createStay: 'identity stay add',
  updateStay: 'identity stay change',
  saveProviderDeclaration: 'identity provider add',
  removeProviderDeclaration: 'identity provider remove',
  tryProviderDeclaration: 'federation try',
  requestGarExport: 'gar export',
  createOneRosterClient: 'oneroster client add',
  withdrawOneRosterClient: 'oneroster client remove',
  createOneRosterConnection: 'oneroster connection add',
  fetchOneRosterConnection: 'oneroster connection fetch',
  removeOneRosterConnection: 'oneroster connection remove',
  createRecordCredential: 'records credential create',
  withdrawRecordCredential: 'records credential withdraw',
  setRecordTreatment: 'records source treat',
  setRecordLeniency: 'records source lenient',
  storeQuarantinedStatement: 'records quarantine store',
  dropQuarantinedStatement: 'records quarantine drop',
  retryQuarantinedStatements: 'records quarantine retry',
  createForwarding: 'xapi forwarding add',
  pauseForwarding: 'xapi forwarding pause',
  replayForwarding: 'xapi forwarding replay',
  removeForwarding: 'xapi forwarding remove',
  rebuildProjection: 'insight projection rebuild',
  updateDashboard: 'insight dashboard set',
  deleteDashboard: 'insight dashboard reset',
  createProgramme: 'insight programme add',
  updateProgramme: 'insight programme change',
  deleteProgramme: 'insight programme remove',
  updateIndicatorSetting: 'insight indicator enable',
  tieIdentities: 'insight identity tie',
  untieIdentity: 'insight identity untie',
  describeHeld: 'insight erase',
  erasePerson: 'insight erase',
  setRetention: 'insight retention',
  createLtiPlatform: 'lti platform add',
  updateLtiPlatform: 'lti platform change',
  withdrawLtiPlatform: 'lti platform withdraw',
  tryLtiPlatform: 'lti platform try',
  tryLtiRules: 'lti identity',
  readLtiCourse: 'lti read',
  createLtiRegistrationLink: 'lti register',
  createPortal: 'lti portal add',
  withdrawPortal: 'lti portal withdraw',
}
const rights = ['right:records.administer', 'right:insight.administer']
const paths = /^\/api\/(directory|identity|federation|gar|oneroster)\//

/** What somebody does in their own name, in their browser, and what systems tell one another: no operator does it for them. */
const ownActs = new Set([
  'signIn',
  'signOut',
  'signOutEverywhere',
  'endSession',
  'checkCode',
  'redeemCode',
  'changePassword',
  'updateContactEmail',
  'declareOwnCompromised',
  'acknowledgeCompromised',
  'answerConsent',
  'finishWelcome',
  'choosePerson',
  'confirmLink',
  'removeLink',
  'endCasSession',
  'receiveSamlResponse',
  'endSamlSessionByForm',
  'issueOneRosterToken',
])

interface Operation {
  operationId: string
  'x-access': string
}

test('whatever administrators change on a page is changed by a command too', async () => {
  const api = JSON.parse(await describeApi()) as { paths: Record<string, Record<string, Operation>> }
  const acts = Object.entries(api.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    )
    .filter(({ method }) => method !== 'get')
    .filter((each) => rights.includes(each['x-access']) || paths.test(each.path))
    .map(({ operationId }) => operationId)
    .filter((act) => !ownActs.has(act))
  expect(acts.filter((act) => !(act in commandOf))).toEqual([])
  expect(Object.keys(commandOf).filter((act) => !acts.includes(act))).toEqual([])
  const commands = modules.flatMap(({ name, commands: own }) => own.map((command) => `${name} ${command.name}`))
  expect(Object.values(commandOf).filter((command) => !commands.includes(command))).toEqual([])
})

test('no two commands of a module have one name, and each says what it does', () => {
  for (const { name, commands } of modules) {
    const names = commands.map((command) => command.name)
    expect(new Set(names).size, name).toBe(names.length)
    expect(
      commands.filter(({ summary }) => !/^[A-Z].*\.$/s.test(summary)).map((each) => `${name} ${each.name}`),
    ).toEqual([])
  }
})
