import { expect, test } from 'vitest'
import { describeApi } from '../../tools/openapi.ts'
import { modules } from '../src/app.ts'

/** By which command each act of those who administer learning records and dashboards is done too. */
const commandOf: Record<string, string> = {
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

interface Operation {
  operationId: string
  'x-access': string
}

test('whatever administrators of records and dashboards change on a page is changed by a command too', async () => {
  const api = JSON.parse(await describeApi()) as { paths: Record<string, Record<string, Operation>> }
  const acts = Object.values(api.paths)
    .flatMap((methods) => Object.entries(methods))
    .filter(([method, operation]) => method !== 'get' && rights.includes(operation['x-access']))
    .map(([, { operationId }]) => operationId)
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
