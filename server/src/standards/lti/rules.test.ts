import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readEnrolmentRole, readRole } from './roles.ts'
import { courseRule, identifyCourse, identifyUser, listUnboundRules, proposeRules } from './rules.ts'

const values = { issuer: 'https://lms.test', sub: '42', email: 'ana@lms.test', 'context.id': '7' }

describe('rules', () => {
  test.each([
    [{ kind: 'account', homePage: '{issuer}', name: '{sub}' }, 'account|https://lms.test|42'],
    [{ kind: 'account', homePage: 'https://other.test', name: 'u-{sub}' }, 'account|https://other.test|u-42'],
    [{ kind: 'account', homePage: '{issuer}', name: '{custom.username}' }, undefined],
    [{ kind: 'mbox', email: '{email}' }, 'mbox|mailto:ana@lms.test'],
    [{ kind: 'mbox', email: '{sub}' }, undefined],
  ] as const)('%j leads to %s', (rule, identifier) => {
    expect(identifyUser(rule, values)).toBe(identifier)
  })

  test('a variable that the platform does not know is nobody', () => {
    const rule = { kind: 'account', homePage: '{issuer}', name: '{custom.username}' } as const
    expect(identifyUser(rule, { ...values, 'custom.username': '$User.username' })).toBeUndefined()
    expect(identifyUser(rule, { ...values, 'custom.username': '' })).toBeUndefined()
  })

  test.each([
    ['moodle', 'https://lms.test/course/view.php?id=7'],
    ['openedx', 'https://lms.test/course/7'],
    ['canvas', undefined],
  ])('what is proposed for %s leads to the course %s', (product, iri) => {
    expect(identifyCourse(proposeRules(product).courseRule, values)).toBe(iri)
  })

  test('a course is an IRI, whatever a platform calls its contexts', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const iri = identifyCourse('{context.id}', { ...values, 'context.id': id })
        expect(iri === undefined || /^[a-z][a-z0-9+.-]*:\S+$/i.test(iri)).toBe(true)
      }),
    )
  })

  test.each([
    [{ kind: 'account', homePage: '{issuer}', name: '{sub}' }, '{issuer}/course/{context.id}', []],
    [{ kind: 'account', homePage: 'https://lms.test', name: '{sub}' }, 'https://lms.test/c/{context.id}', []],
    [{ kind: 'account', homePage: 'https://lms.test.evil', name: '{sub}' }, '{issuer}', ['identity']],
    [{ kind: 'account', homePage: '{custom.site}', name: '{issuer}' }, '{context.id}', ['identity', 'course']],
    [{ kind: 'mbox', email: '{email}' }, '{issuer}/{context.id}', ['identity']],
  ] as const)('%j and %s could lead elsewhere by %j', (identity, course, unbound) => {
    const platform = { issuer: 'https://lms.test', frameOrigin: 'https://lms.test', identityRule: identity }
    expect(listUnboundRules({ ...platform, courseRule: course })).toEqual(unbound)
  })

  test('a rule that names what no platform says is refused', () => {
    expect(courseRule.safeParse('{issuer}/{password}').success).toBe(false)
    expect(courseRule.safeParse('{issuer}/{context.id').success).toBe(false)
    expect(courseRule.safeParse('{issuer}/{custom.code}').success).toBe(true)
  })
})

const membership = 'http://purl.imsglobal.org/vocab/lis/v2/membership'

describe('roles', () => {
  test.each([
    [[`${membership}#Instructor`], { audience: 'teacher', nominative: true }],
    [['Instructor', 'Learner'], { audience: 'teacher', nominative: true }],
    [[`${membership}/Instructor#TeachingAssistant`], { audience: 'teacher', nominative: true }],
    [[`${membership}#Learner`], { audience: 'student', nominative: false }],
    [[`${membership}#Administrator`], { audience: 'teacher', nominative: false }],
    [
      ['http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator'],
      { audience: 'teacher', nominative: false },
    ],
    // Somebody of the institution, who may have nothing to do with this course.
    [['http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor'], undefined],
    [['http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student'], undefined],
    [[`${membership}#Mentor`], undefined],
    [[], undefined],
  ])('%j', (roles, role) => {
    expect(readRole(roles)).toEqual(role)
  })

  test('a member who teaches nothing and learns nothing counts as neither', () => {
    expect(readEnrolmentRole([`${membership}#Administrator`])).toBe('other')
    expect(readEnrolmentRole(['Learner'])).toBe('student')
    expect(readEnrolmentRole(['Instructor'])).toBe('teacher')
  })
})
