import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { type Details, useScene } from '../../../test/lti-scene.ts'
import { projectAll } from '../../modules/insight/projection/projection.ts'
import { readCourse } from './course-reading.ts'

const scene = useScene()

describe('services', () => {
  async function readNow(): Promise<Details['courses'][number]> {
    await scene.current.launch(scene.current.platform, '3')
    const { platform: known, courses } = await scene.current.details(scene.current.platform)
    const signal = new AbortController().signal
    const where = { tenantId: scene.current.server.tenant.id, platformId: known.id, course: courses[0]?.course ?? '' }
    await readCourse(scene.current.server.services, where, signal)
    return (await scene.current.details(scene.current.platform)).courses[0]!
  }

  test('a roster, page by page, becomes the enrolment of the course', async () => {
    expect(await readNow()).toMatchObject({ members: 4, unidentified: 0 })
    const rows = await listEnrolments()
    expect(rows).toEqual([
      { name: 'Ana Élève', role: 'student', active: true },
      { name: 'Bob Élève', role: 'student', active: true },
      { name: 'Gus Visiteur', role: 'other', active: true },
      { name: 'Tess Prof', role: 'teacher', active: true },
    ])
    const left = scene.current.platform.options.users.splice(2, 1)
    await readNow()
    expect(await listEnrolments()).toContainEqual({ name: 'Bob Élève', role: 'student', active: false })
    scene.current.platform.options.users.splice(2, 0, ...left)
    await readNow()
    expect(await listEnrolments()).toEqual(rows)
  })

  test('grades become statements, each once, and tell anew when they change', async () => {
    expect(await readNow()).toMatchObject({ grades: 1 })
    const scored = async () => {
      const { rows } = await scene.current.server.inTenant((tx) =>
        sql<{ scaled: string }>`select body::json -> 'result' -> 'score' ->> 'scaled' as scaled from records.statement
          where body::json -> 'verb' ->> 'id' like '%scored' order by seq`.execute(tx),
      )
      return rows.map((row) => row.scaled)
    }
    await readNow()
    expect(await scored()).toEqual(['0.75'])
    scene.current.platform.options.grades![0]!.score = 18
    await readNow()
    expect(await scored()).toEqual(['0.75', '0.9'])
  })

  test('a learner whom statements told of is found by the launch, and one who is not is tied by hand', async () => {
    await projectAll(scene.current.server.services, scene.current.server.tenant.id)
    await scene.current.launch(scene.current.platform, '4')
    const { launches } = await scene.current.details(scene.current.platform)
    expect(launches[0]).toMatchObject({
      outcome: 'accepted',
      role: 'student',
      person: { identifier: `account|${scene.current.platform.url}|4`, events: 2 },
      course: { events: 2 },
    })
    await scene.current.administer('POST', '/api/insight/identities/ties', {
      identifier: `lti|${scene.current.platform.url}|5`,
      to: `account|${scene.current.platform.url}|4`,
    })
    await scene.current.launch(scene.current.platform, '5')
    expect((await scene.current.details(scene.current.platform)).launches[0]).toMatchObject({ person: { events: 2 } })
    const { learners } = await scene.current.administer<{
      learners: { identifiers: { identifier: string }[]; events: number }[]
    }>('GET', `/api/insight/identities?q=${encodeURIComponent('Ana')}`)
    expect(learners[0]?.identifiers.map((each) => each.identifier)).toContain(`lti|${scene.current.platform.url}|5`)
    await scene.current.administer('POST', '/api/insight/identities/unties', {
      identifier: `lti|${scene.current.platform.url}|5`,
    })
    await scene.current.launch(scene.current.platform, '5')
    expect((await scene.current.details(scene.current.platform)).launches[0]).toMatchObject({ person: { events: 0 } })
  })

  test('the rules of a platform are tried before they are kept, and changed', async () => {
    const { platform: known } = await scene.current.details(scene.current.platform)
    const trial = await scene.current.administer<Record<string, unknown>>(
      'POST',
      `/api/lti/platforms/${known.id}/rules/try`,
      {
        identityRule: { kind: 'account', homePage: '{issuer}', name: '{custom.username}' },
        courseRule: '{issuer}/c/{context.id}',
        values: { 'custom.username': 'ana', 'context.id': '7' },
      },
    )
    expect(trial).toEqual({
      identifier: `account|${scene.current.platform.url}|ana`,
      personEvents: 0,
      courseIri: `${scene.current.platform.url}/c/7`,
      courseEvents: 0,
    })
    const changed = { ...known, identityRule: { kind: 'mbox', email: '{email}' } }
    await scene.current.administer('PUT', `/api/lti/platforms/${known.id}`, changed)
    await scene.current.launch(scene.current.platform, '4')
    expect((await scene.current.details(scene.current.platform)).launches[0]?.person.identifier).toBe(
      'mbox|mailto:ana@lms.test',
    )
    // By what a roster tells of a link only.
    const byLogin = { ...known, identityRule: { kind: 'account', homePage: '{issuer}', name: '{custom.username}' } }
    await scene.current.administer('PUT', `/api/lti/platforms/${known.id}`, byLogin)
    expect(await readNow()).toMatchObject({ members: 4, unidentified: 0 })
    expect(
      (await scene.current.administer<{ learners: unknown[] }>('GET', '/api/insight/identities?q=Bob')).learners,
    ).toHaveLength(1)
    await scene.current.administer('PUT', `/api/lti/platforms/${known.id}`, known)
  })
})

async function listEnrolments() {
  const { rows } = await scene.current.server.inTenant((tx) =>
    sql`select name, role, active from insight.enrolment order by name`.execute(tx),
  )
  return rows
}
