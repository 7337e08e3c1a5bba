import { expect, test } from 'vitest'
import { type Access, type Actor, type HeldRight, isAllowed } from './access.ts'

const holding = (...rights: HeldRight[]): Actor => ({
  tenantId: 't',
  accountId: 'a',
  personId: 'p',
  sessionId: 's',
  rights,
})
const nobody = undefined
const someone = holding()
const ofSchool = holding({ right: 'directory.import', organisationId: 'school' })
const ofAll = holding({ right: 'directory.import', organisationId: null })
const whole: Access = { right: 'directory.import' }
const somewhere: Access = { right: 'directory.import', somewhere: true }

// A route that says no more of a right asks for it over the whole tenant.
test.for<[Access, (Actor | undefined)[]]>([
  ['public', [nobody, someone, ofSchool, ofAll]],
  ['signed-in', [someone, ofSchool, ofAll]],
  [somewhere, [ofSchool, ofAll]],
  [whole, [ofAll]],
  [{ right: 'directory.administer', somewhere: true }, []],
  ['viewer', []],
  [{ scopes: ['roster'] }, []],
])('%j lets in whoever it names, and nobody else', ([access, admitted]) => {
  const asked = [nobody, someone, ofSchool, ofAll]
  expect(asked.filter((actor) => isAllowed(access, actor))).toEqual(admitted)
})
