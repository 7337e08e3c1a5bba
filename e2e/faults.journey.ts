import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  openAsBlob,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { writeAafFeed } from '../server/src/demonstration/index.ts'
import {
  findFreePort,
  isReady,
  listLeftovers,
  listProcesses,
  type Product,
  root,
  run,
  startProduct,
} from './product.ts'
import { checkPage, goTo, openBrowser } from './visitor.ts'

// What must survive: everything here is killed, cut or refused on purpose. One folder of data, an empty workspace with
// one operator signed in; each test starts the product on it anew.

const visit = openBrowser()
const data = makeDataFolder()
const cli = join(root, 'server/src/cli.ts')
const password = 'préau couvert en hiver'
let port: number
let cookie: string

beforeAll(async () => {
  port = await findFreePort()
  const product = await start()
  const whom = ['--given-name', 'Aïcha', '--family-name', 'Ndiaye']
  const { code } = await preau<{ code: string }>(['identity', 'operator', 'create', ...whom])
  cookie = await redeem(product.url, code)
  await product.stop()
})

afterEach(async () => {
  for (const { pid } of listProcesses(data)) process.kill(pid, 'SIGKILL')
  expect(await listLeftovers(data)).toEqual([])
})

afterAll(() => rmSync(data, { recursive: true, force: true, maxRetries: 5 }))

const start = (options: { by?: 'node' | 'launcher' } = {}) =>
  startProduct({ data, port, variables: { PREAU_DEMO: '0' }, ...options })

test('Ctrl-C stops the server and both databases', async () => {
  const product = await start()
  expect(listProcesses(data).length).toBeGreaterThan(2)
  expect(await product.stop()).toBe(0)
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('a polite stop of the launcher, as a supervisor sends it, leaves nothing', async () => {
  const product = await start({ by: 'launcher' })
  product.child.kill('SIGTERM')
  const [code] = (await once(product.child, 'exit')) as [number | null]
  expect(code).toBe(0)
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('Ctrl-C on the launcher, which reaches the whole group, leaves nothing', async () => {
  const product = await start({ by: 'launcher' })
  expect(await product.stop()).toBe(0)
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

/** 10 s, or on a machine too busy for that, twice what an orderly start took there. */
const soon = (killed: { startedIn: number }) => Math.max(10_000, 2 * killed.startedIn)

test('the server killed: it starts again within 10 s on what it left, and people are still signed in', async () => {
  const killed = await start()
  await kill(killed)
  // The databases are still there: they are found again, not started twice.
  expect(listProcesses(data)).not.toEqual([])
  const product = await start()
  expect(product.startedIn).toBeLessThan(soon(killed))
  expect(await whoAmI(product)).toMatchObject({ signedIn: true, person: { givenName: 'Aïcha' } })
  expect(await product.stop()).toBe(0)
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('everything killed at once, as when memory runs out: the same', async () => {
  const killed = await start()
  for (const { pid } of listProcesses(data)) process.kill(pid, 'SIGKILL')
  const product = await start()
  expect(product.startedIn).toBeLessThan(soon(killed))
  expect(await whoAmI(product)).toMatchObject({ signedIn: true })
  expect(await product.stop()).toBe(0)
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('the launcher alone killed: the server and its databases end by themselves', async () => {
  const killed = await start({ by: 'launcher' })
  killed.child.kill('SIGKILL')
  expect(await listLeftovers(data, 15_000)).toEqual([])
  const product = await start({ by: 'launcher' })
  expect(product.startedIn).toBeLessThan(soon(killed))
  expect(await whoAmI(product)).toMatchObject({ signedIn: true })
  await product.stop()
})

test.each([
  ['PostgreSQL', () => find('bin/postgres')],
  ['ClickHouse', () => find('preau-clickhouse')],
])('%s killed under the server comes back by itself', async (_, findPid) => {
  const product = await start()
  const pid = findPid()
  if (pid === undefined) throw new Error('It does not run.')
  process.kill(pid, 'SIGKILL')
  await until(async () => ![pid, undefined].includes(findPid()) && (await isReady(product.url)), 'ready again', 10_000)
  expect(await whoAmI(product)).toMatchObject({ signedIn: true })
  expect(product.child.exitCode).toBeNull()
  expect(await product.stop()).toBe(0)
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('the server stopped under a page: it says so, keeps what was typed, and goes on when the server is back', async () => {
  const first = await start()
  const page = await visit({ url: first.url })
  await page.goto('/sign-in')
  await page.getByLabel('Identifiant').fill('aicha.ndiaye')
  await page.getByLabel('Mot de passe', { exact: true }).fill(password)
  await first.stop()
  const submit = page.getByRole('button', { name: 'Se connecter', exact: true })
  await submit.click()
  await page.getByRole('alert').filter({ hasText: 'L’espace ne répond pas. Rien n’est perdu' }).waitFor()
  expect(await page.getByLabel('Identifiant').inputValue()).toBe('aicha.ndiaye')
  expect(await page.getByLabel('Mot de passe', { exact: true }).inputValue()).toBe(password)
  await checkPage(page, 'sign-in-server-stopped')
  const again = await start()
  await submit.click()
  await page.getByRole('heading', { level: 1, name: 'Bonjour Aïcha' }).waitFor()

  // The same for someone already inside.
  await goTo(page, 'Annuaire')
  const field = page.getByLabel('Nom ou prénom')
  await field.fill('march')
  await again.stop()
  await field.fill('marchand')
  await page.getByText('L’espace ne répond pas. Rien n’est perdu').waitFor({ timeout: 20_000 })
  expect(await field.inputValue()).toBe('marchand')
  await checkPage(page, 'directory-server-stopped')
  const last = await start()
  await page.getByRole('button', { name: 'Réessayer' }).click()
  await page.getByText('Personne ne correspond.').first().waitFor()
  await last.stop()
})

// At each of these the import is cut; the run that follows finds nothing of it and brings everything in.
test.each(['Reading the feed: 50 %', 'Comparing: 50 %', 'Applying: 50 %'])(
  'an import killed at "%s" leaves nothing, and can be run again',
  async (moment) => {
    const other = makeDataFolder()
    onTestFinished(() => {
      for (const { pid } of listProcesses(other)) process.kill(pid, 'SIGKILL')
      rmSync(other, { recursive: true, force: true, maxRetries: 5 })
    })
    const feed = join(other, 'feed')
    const { records, schools } = await writeAafFeed(feed, { people: 3_000 })
    const { child, output } = run([cli, 'directory', 'import', feed], { data: other })
    await until(() => output().includes(moment) || child.exitCode !== null, moment, 60_000)
    child.kill('SIGKILL')
    expect(output()).not.toContain('The import was applied.')
    const before = await preau<{ state: string }[]>(['directory', 'imports'], other)
    expect(before.map(({ state }) => state)).not.toContain('applied')

    const applied = await preau<Imported>(['directory', 'import', feed], other)
    expect(applied.state).toBe('applied')
    expect(applied.counts['pupil']).toMatchObject({ read: records.Eleve, added: records.Eleve })
    expect(applied.counts['guardian']).toMatchObject({ added: records.PersRelEleve })
    expect(applied.counts['staff']).toMatchObject({ added: records.PersEducNat })
    expect(applied.counts['establishment']?.added).toBeGreaterThanOrEqual(schools)
    expect((await preau<Imported>(['directory', 'import', feed], other)).nothingToDo).toBe(true)
    expect(await listLeftovers(other, 1_000)).toEqual([])
  },
)

test('PostgreSQL killed while the server applies an import: all or nothing, and it can be asked for again', async () => {
  const product = await start()
  const folder = join(data, 'export')
  const { records } = await writeAafFeed(folder, { people: 20_000 })
  const form = new FormData()
  for (const name of readdirSync(folder)) form.append('files', await openAsBlob(join(folder, name)), name)
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${product.url}/api/directory/imports${path}`, {
      ...init,
      headers: { cookie, ...(typeof init.body === 'string' && { 'content-type': 'application/json' }) },
    })
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as Imported
  }
  const post = (path: string, body?: object) =>
    ask(path, { method: 'POST', ...(body && { body: JSON.stringify(body) }) })
  const { id } = await ask('', { method: 'POST', body: form })
  const see = () => ask(`/${id}`).catch(() => undefined)
  const settled = async () => {
    const found = await see()
    return found !== undefined && !['staging', 'applying'].includes(found.state)
  }
  await until(settled, 'read and compared', 60_000)
  await post(`/${id}/apply`, { acceptAlerts: false })
  const begun = async () => (await see())?.progress?.phase === 'applying' || (await settled())
  await until(begun, 'begun to be applied', 30_000)
  process.kill(find('bin/postgres')!, 'SIGKILL')
  await until(settled, 'over, one way or the other', 60_000)
  const after = await ask(`/${id}`)
  // A quick machine may have ended it: then all of it is there.
  expect(['ready', 'interrupted', 'applied']).toContain(after.state)
  if (after.state === 'interrupted') {
    expect(after.actions).toContain('stage')
    await post(`/${id}/stage`)
    await until(settled, 'read again', 60_000)
  }
  if (after.state !== 'applied') {
    await post(`/${id}/apply`, { acceptAlerts: false })
    await until(settled, 'applied', 60_000)
  }
  expect(await ask(`/${id}`)).toMatchObject({ state: 'applied', counts: { pupil: { added: records.Eleve } } })
  await product.stop()
})

test('the command line works beside the server, and its going leaves the databases to it', async () => {
  const product = await start()
  const accounts = await preau<{ login: string; state: string }[]>(['identity', 'account', 'list'])
  expect(accounts).toMatchObject([{ login: 'aicha.ndiaye', state: 'active' }])
  const issued = run([cli, 'identity', 'code', 'issue', '--login', 'aicha.ndiaye'], { data })
  await once(issued.child, 'close')
  expect(issued.output()).toContain(`${product.url}/activate`)
  expect(await isReady(product.url)).toBe(true)
  expect(await whoAmI(product)).toMatchObject({ signedIn: true })
  await product.stop()
})

test('a package of indicators that is not there is named, and takes nothing down', async () => {
  const variables = { PREAU_DEMO: '0', PREAU_INDICATORS: 'surely-not-installed' }
  const product = await startProduct({ data, port, variables })
  await until(() => product.output().includes('surely-not-installed'), 'said', 5_000)
  const status = await fetch(`${product.url}/api/status`, { headers: { cookie } })
  expect(await status.json()).toMatchObject({ packageFaults: [{ name: 'surely-not-installed', installed: false }] })
  await product.stop()
})

test('the command line works without a server, and leaves nothing running', async () => {
  await expect(preau(['identity', 'account', 'list'])).resolves.toMatchObject([{ login: 'aicha.ndiaye' }])
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('a port in use is said plainly, before anything starts', async () => {
  const other = createServer().listen(0, '::')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port: taken } = other.address() as { port: number }
  const untouched = join(tmpdir(), `preau-none-${process.pid}`)
  const { code, output } = await runToEnd({ data: untouched, port: taken, variables: {} })
  expect(code).toBe(1)
  expect(output).toContain(`port ${taken} is taken: another program uses this port`)
  expect(output).toContain(`PORT=${taken + 1} npm start`)
  expect(existsSync(untouched)).toBe(false)
})

test('an address that this machine does not have is named', async () => {
  const { code, output } = await runToEnd({ port, variables: { PREAU_DEMO: '0', HOST: '192.0.2.1' } })
  expect(code).toBe(1)
  expect(output).toContain('the address of HOST and PORT')
  expect(output).not.toContain('    at ')
})

test.each([
  ['PORT', 'eighty'],
  ['PREAU_DEMO', 'maybe'],
  ['DATABASE_URL', 'mysql://localhost/preau'],
  ['PUBLIC_URL', 'ent.example.org'],
])('a wrong %s is named before anything starts', async (name, value) => {
  const untouched = join(tmpdir(), `preau-none-${process.pid}`)
  const { code, output } = await runToEnd({ data: untouched, variables: { [name]: value } })
  expect(code).toBe(1)
  expect(output).toContain(name)
  expect(output).not.toContain('    at ')
  expect(existsSync(untouched)).toBe(false)
})

test('a PostgreSQL server that does not answer is named', async () => {
  const { code, output } = await runToEnd({
    variables: { DATABASE_URL: 'postgres://preau@127.0.0.1:1/preau', PREAU_DEMO: '0' },
  })
  expect(code).toBe(1)
  expect(output).toContain('DATABASE_URL')
  expect(output).not.toContain('    at ')
})

test('a PostgreSQL server that refuses the password is named', async () => {
  const code28 = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed for user "preau"\0\0')
  const length = Buffer.alloc(4)
  length.writeInt32BE(code28.length + 4)
  const refusing = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, code28])))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void refusing.close())
  await once(refusing, 'listening')
  const { port: answering } = refusing.address() as { port: number }
  const { code, output } = await runToEnd({
    variables: { DATABASE_URL: `postgres://preau:wrong@127.0.0.1:${answering}/preau`, PREAU_DEMO: '0' },
  })
  expect(code).toBe(1)
  expect(output).toMatch(/DATABASE_URL: password authentication failed/)
  expect(output).not.toContain('    at ')
})

test('a ClickHouse server that does not answer is named', async () => {
  const { code, output } = await runToEnd({ variables: { CLICKHOUSE_URL: 'http://127.0.0.1:1', PREAU_DEMO: '0' } })
  expect(code).toBe(1)
  expect(output).toMatch(/CLICKHOUSE_URL: \S/)
  expect(output).not.toContain('    at ')
  expect(await listLeftovers(data, 1_000)).toEqual([])
})

test('a command nobody knows is named, to people and to programs', async () => {
  const told = run([cli, 'directory', 'improt', '/tmp'], { data })
  const [code] = (await once(told.child, 'close')) as [number | null]
  expect(code).toBe(2)
  expect(told.output()).toContain('There is no command directory improt')
  expect(told.output()).toContain('directory import <folder or archive>')
  const read = run([cli, 'directory', 'improt', '--json'], { data })
  await once(read.child, 'close')
  expect(JSON.parse(read.output())).toMatchObject({ code: 'command_unknown' })
})

test('a word that a command has no use for is named, and nothing is done', async () => {
  const whom = ['--given-name', 'Ann', '--family-name', 'Bo']
  const { child, output } = run([cli, 'identity', 'operator', 'create', ...whom, 'really', '--json'], { data })
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(2)
  expect(JSON.parse(output())).toMatchObject({ code: 'words_unknown', detail: expect.stringContaining('really') })
  await expect(preau(['identity', 'account', 'list'])).resolves.toHaveLength(1)
})

test('a command whose reader is gone does what it was asked all the same', async () => {
  const { child, output } = run([cli, 'identity', 'account', 'list'], { data })
  child.stdout?.destroy()
  const [code] = (await once(child, 'close')) as [number | null]
  expect(output()).not.toContain('EPIPE')
  expect(code).toBe(0)
})

test('a data folder that cannot be written is named', async () => {
  const belowFile = join(import.meta.filename, 'data')
  const { code, output } = await runToEnd({ data: belowFile, variables: { PREAU_DEMO: '0' } })
  expect(code).toBe(1)
  expect(output).toContain(belowFile)
  expect(output).not.toContain('    at ')
})

// When the tests run as an ordinary user, every other journey is this one; below /root nobody else reads the program.
test.runIf(process.getuid?.() === 0 && isReadableByAll(root))('an ordinary user can run it', async () => {
  const nobody = 65_534
  const own = makeDataFolder()
  onTestFinished(() => rmSync(own, { recursive: true, force: true, maxRetries: 5 }))
  chownSync(own, nobody, nobody)
  const product = await startProduct({ data: own, variables: { PREAU_DEMO: '0', HOME: '/nonexistent' }, user: nobody })
  const owners = listProcesses(own).map(
    ({ pid }) => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
  )
  expect(new Set(owners)).toEqual(new Set([String(nobody)]))
  expect(await product.stop()).toBe(0)
  expect(await listLeftovers(own, 1_000)).toEqual([])
  expect(readdirSync(own)).toContain('postgres')
})

/** A folder that the user of the embedded PostgreSQL may pass through. */
function makeDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'preau-faults-'))
  chmodSync(folder, 0o711)
  return folder
}

interface Imported {
  id: string
  state: string
  actions: string[]
  progress: { phase: string; done: number } | null
  nothingToDo: boolean
  counts: Partial<Record<string, { read: number; added: number }>>
}

/** Ends the server at once, and only it. */
async function kill({ child }: Product): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function find(part: string): number | undefined {
  return listProcesses(data).find(({ command }) => command.includes(part))?.pid
}

/** Runs a command with `--json`. @throws Error with what it printed unless it ends with 0. */
async function preau<T>(words: string[], folder = data): Promise<T> {
  const { child, output } = run([cli, ...words, '--json'], { data: folder })
  let answer = ''
  child.stdout?.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`preau ${words.join(' ')} ended with ${code}:\n${output()}`)
  return JSON.parse(answer) as T
}

async function runToEnd(options: { data?: string; port?: number; variables: Record<string, string> }) {
  const { child, output } = run([join(root, 'server/src/main.ts')], { data, ...options })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output: output() }
}

/** Trades a code for a password and a session. @returns the session's cookie. */
async function redeem(url: string, code: string): Promise<string> {
  const answer = await fetch(`${url}/api/identity/codes/redeem`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, password }),
  })
  if (!answer.ok) throw new Error(`The code is refused: ${await answer.text()}`)
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ')
}

async function whoAmI({ url }: Product): Promise<unknown> {
  const answer = await fetch(`${url}/api/identity/session`, { headers: { cookie } })
  return answer.json()
}

async function until(condition: () => Promise<boolean> | boolean, what: string, patience: number): Promise<void> {
  for (const deadline = Date.now() + patience; !(await condition()); await wait(50)) {
    if (Date.now() > deadline) throw new Error(`Never happened within ${patience} ms: ${what}`)
  }
}

function isReadableByAll(folder: string): boolean {
  return (statSync(folder).mode & 0o5) === 0o5 && (folder === '/' || isReadableByAll(dirname(folder)))
}
