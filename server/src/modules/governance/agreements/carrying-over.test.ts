import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { callGovernance, makeMeeting } from '../../../../test/make-meeting.ts'

let server: TestApp
let consortium: Consortium
let seats: Seat[]
beforeAll(async () => {
  server = await openTestApp({ now: () => new Date('2026-11-04T09:00:00Z') })
  consortium = await makeConsortium(server, { agreement: 'service-numerique' })
  seats = await Promise.all([1, 2, 3].map((each) => consortium.seatOf(`universite-${each}`, 'copil')))
})
afterAll(() => server?.close())

const call = (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object, headers?: { cookie: string }) =>
  callGovernance(server, consortium, method, path, payload, headers)

interface Version {
  number: number
  source: string
}
async function readLast(): Promise<Version> {
  const { json } = await call('GET', '/versions')
  const [{ number } = { number: 0 }] = json['versions'] as Version[]
  return { number, source: (await call('GET', `/versions/${number}`)).json['source'] as string }
}

type Edit = readonly [from: string | RegExp, to: string]
const notice = (days: number): Edit => [/(article: '2'\n {6}days: )\d+/, `$1${days}`]
const title = (text: string): Edit => [/^title: .*$/m, `title: ${text}`]
const apply = (source: string, edits: Edit[]) => edits.reduce((text, [from, to]) => text.replace(from, to), source)

/** Writes the last version otherwise: as a proposal, or as the next version at once. */
async function write(way: 'amendments' | 'versions', ...edits: Edit[]): Promise<number> {
  const { number: basedOn, source } = await readLast()
  const made = await call('POST', `/${way}`, { source: apply(source, edits), reason: 'Essai', basedOn })
  expect(made.status).toBe(201)
  return Number(made.json['number'] ?? made.json['version'])
}

const amendment = async (number: number) => (await call('GET', `/amendments/${number}`)).json
const plan = (number: number, headers?: { cookie: string }) =>
  call('GET', `/amendments/${number}/carrying-over`, undefined, headers)
const carry = (number: number, onto: number, headers?: { cookie: string }) =>
  call('POST', `/amendments/${number}/carrying-over`, { onto }, headers)

/** Puts amendments to the vote of one meeting, one after the other; all are adopted. */
async function adopt(...numbers: number[]): Promise<void> {
  const ids = await Promise.all(numbers.map(async (number) => (await amendment(number)).id))
  const meeting = await makeMeeting(server, consortium, {
    body: 'copil',
    chairId: seats[0]!.representativeId,
    items: ids.map((subjectId) => ({
      title: 'Avenant',
      kind: 'decision',
      ballotRule: 'avenant',
      subjectKind: 'amendment',
      subjectId,
    })),
  })
  for (const { representativeId } of seats) {
    await call('POST', `/meetings/${meeting.id}/attendance`, { representativeId })
  }
  const ballots = []
  for (const item of meeting.itemIds) ballots.push((await call('POST', `/agenda-items/${item}/ballots`, {})).json.id)
  for (const ballot of ballots) {
    for (const each of [1, 2, 3]) {
      await call('PUT', `/ballots/${ballot}/votes/universite-${each}`, { choice: 'for', aloud: true })
    }
    expect((await call('POST', `/ballots/${ballot}/closing`)).json).toMatchObject({ outcome: 'adopted' })
  }
}

it('makes the change of an overtaken proposal onto the last version, once, and takes the old proposal back', async () => {
  const first = await write('amendments', notice(20))
  expect((await plan(first)).json.code).toBe('amendment_not_overtaken')
  expect((await carry(first, 1)).json.code).toBe('amendment_not_overtaken')
  const onto = await write('versions', title('Un autre titre'), ['# ', '# Note. '])
  const planned = await plan(first)
  expect(planned.json).toMatchObject({
    onto,
    conflicts: [],
    faults: [],
    carriedOver: null,
    changes: [{ part: 'bodies', key: 'copil', field: ['notice', 'days'], from: '15', to: '20', article: '2' }],
  })
  // All the rest is the last version to the letter, comments as well.
  const last = await readLast()
  expect(planned.json['source']).toBe(apply(last.source, [notice(20)]))
  expect((await carry(first, onto - 1)).json.code).toBe('agreement_amended_meanwhile')
  expect((await carry(first, onto, seats[0]!.headers)).json.code).toBe('not_allowed')
  expect((await amendment(first)).state).toBe('proposed')
  const twice = await Promise.all([carry(first, onto), carry(first, onto)])
  expect(twice.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
  expect(twice.find(({ status }) => status === 409)?.json.code).toBe('amendment_settled')
  const again = Number(twice.find(({ status }) => status === 201)?.json['number'])
  expect((await amendment(first)).state).toBe('withdrawn')
  expect(await amendment(again)).toMatchObject({ state: 'proposed', basedOn: onto, source: planned.json['source'] })
  expect((await carry(first, onto)).json.code).toBe('amendment_settled')
  const { json } = await call('GET', '/journal')
  const entry = (json['entries'] as { content: string | null }[]).find(({ content }) =>
    content?.includes('carriedFrom'),
  )
  expect(JSON.parse(entry?.content ?? '{}')).toMatchObject({ act: 'proposed', number: again, carriedFrom: first })
})

it('proposes a change that was adopted too late again, and its vote then makes the version', async () => {
  const [one, two] = [await write('amendments', title('Troisième titre')), await write('amendments', notice(30))]
  await adopt(one, two)
  expect([(await amendment(one)).state, (await amendment(two)).state]).toEqual(['adopted', 'stale'])
  const { number: onto } = await readLast()
  const twice = await Promise.all([carry(two, onto), carry(two, onto)])
  expect(twice.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
  const again = Number(twice.find(({ status }) => status === 201)?.json['number'])
  expect(twice.find(({ status }) => status === 409)?.json).toMatchObject({
    code: 'amendment_carried_over',
    number: again,
  })
  expect((await plan(two)).json).toMatchObject({ carriedOver: again })
  expect((await amendment(two)).state).toBe('stale')
  await adopt(again)
  const { source, number } = await readLast()
  expect(number).toBe(onto + 1)
  expect(source).toContain('title: Troisième titre')
  expect(source).toContain('days: 30')
  // It says all of it by now.
  expect((await carry(two, number)).json.code).toBe('amendment_holds')
})

it('names what both changed, with its line in both files, and proposes nothing', async () => {
  const number = await write(
    'amendments',
    notice(40),
    [/(key: universite-2\n {4}name: ).*/, '$1Université proposée'],
    title('Titre proposé'),
  )
  // Two lines more above: the same rule is elsewhere.
  const onto = await write('versions', ['# ', '# Note.\n# Encore.\n# '], notice(41), [
    /(key: universite-2\n {4}name: ).*/,
    '$1Université présente',
  ])
  const { json } = await plan(number)
  const conflicts = json['conflicts'] as { proposedLine: number; presentLine: number }[]
  expect(conflicts).toMatchObject([
    {
      part: 'parties',
      key: 'universite-2',
      field: ['name'],
      proposed: 'Université proposée',
      present: 'Université présente',
    },
    {
      part: 'bodies',
      key: 'copil',
      field: ['notice', 'days'],
      base: '30',
      proposed: '40',
      present: '41',
      article: '2',
    },
  ])
  const [mine, theirs] = [(await amendment(number))['source'] as string, (await readLast()).source]
  const at = (text: string, line = 0) => text.split('\n')[line - 1]
  expect(conflicts.map(({ proposedLine }) => at(mine, proposedLine))).toEqual([
    '    name: Université proposée',
    '      days: 40',
  ])
  expect(conflicts.map(({ presentLine }) => at(theirs, presentLine))).toEqual([
    '    name: Université présente',
    '      days: 41',
  ])
  // What does not conflict is made in the file, for whoever settles the rest.
  expect(json['changes']).toMatchObject([{ field: ['title'], to: 'Titre proposé' }])
  expect((await carry(number, onto)).json).toMatchObject({ code: 'amendment_conflicts', conflicts })
  expect((await amendment(number)).state).toBe('proposed')
})

it('refuses what would contradict itself, with its line', async () => {
  const number = await write('amendments', ['validUntil: null', 'validUntil: 2027-01-01'])
  const onto = await write('versions', [/^validFrom: .*$/m, 'validFrom: 2027-09-01'])
  const { json } = await plan(number)
  expect(json).toMatchObject({ conflicts: [], changes: [], faults: [{ code: 'dates_order' }] })
  expect((await carry(number, onto)).json.code).toBe('agreement_invalid')
})

it('is of amendments that may still be made, and of those who read them', async () => {
  const number = await write('amendments', notice(50))
  await write('versions', title('Encore un titre'))
  const { headers } = await consortium.seatOf('titulaire', 'strategique')
  expect((await plan(number, headers)).json.code).toBe('amendment_not_found')
  expect((await plan(number, seats[1]!.headers)).status).toBe(200)
  await call('POST', `/amendments/${number}/withdrawal`)
  expect((await plan(number)).json.code).toBe('amendment_settled')
  expect((await plan(999)).json.code).toBe('amendment_not_found')
  expect((await carry(999, 1)).json.code).toBe('amendment_not_found')
})
