// Runs a TypeScript entry point of Préau with everything it needs in place: packages installed as the lock file says,
// Node 24 (a package like another), the web pages built. Plain JavaScript without a package, for it comes before them:
// the only thing asked of the machine is Node 20.19 with npm.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const [entry, ...rest] = process.argv.slice(2)
// Only what serves people is installed to serve; tests, checks and benchmarks bring their tools.
const serving = ['server/src/main.ts', 'server/src/cli.ts', 'server/src/verify-proof.ts'].includes(entry)

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node ${process.versions.node} is too old: Préau needs Node 20.19 or newer to begin with (it then installs its own).`,
  )
}

installPackages()
if (entry === 'server/src/main.ts' || entry === 'tools/test.ts') buildWeb()
runEntry()

function installPackages() {
  const stamp = join(root, 'node_modules/.preau-installed.json')
  const wanted = digest([join(root, 'package-lock.json')])
  const done = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {}
  // Once there for development, always: starting the server takes no tool away.
  const development = done.development === true || !serving
  if (done.lock === wanted && (done.development === true || serving)) return
  say('Installing packages (first run, or the list of packages changed)…')
  // Not `npm ci`: it refuses a lock file that lacks another platform's optional binaries, which some registries do not
  // carry. This installs the very versions of the lock file too, and leaves the file alone.
  const omitted = development ? [] : ['--omit=dev']
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...omitted]
  // Without npm's own variables, which would pass the settings of the outer npm run on to the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(config|package|lifecycle)_/i.test(name)),
  )
  const result = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, NODE_ENV: '' },
  })
  if (result.error) fail(`npm could not be run (${result.error.message}). Install npm beside Node.`)
  if (result.status !== 0)
    fail('npm could not install the packages; its message is above. Check the network and the free disk space (2 GB).')
  writeFileSync(stamp, JSON.stringify({ lock: wanted, development }))
}

function buildWeb() {
  const output = join(root, 'web/dist')
  const stamp = join(output, '.source')
  const wanted = digest(filesBelow(join(root, 'web')).filter((file) => !file.startsWith(output)))
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('Building the web pages…')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const result = spawnSync(node24(), [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'web'),
    stdio: 'inherit',
  })
  if (result.status !== 0) {
    rmSync(stamp, { force: true })
    fail('The web pages could not be built; the message is above.')
  }
  mkdirSync(output, { recursive: true })
  writeFileSync(stamp, wanted)
}

function runEntry() {
  // The channel tells the program when this process is gone, even by kill -9: it then stops its databases and ends.
  const child = spawn(node24(), ['--disable-warning=ExperimentalWarning', join(root, entry), ...rest], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // Ctrl-C reaches the whole foreground group, a supervisor's signal this process only: passed on, since stopping twice
  // is stopping once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}

/** Node 24 as installed from npm; the Node that runs this file where there is no such package (macOS). */
function node24() {
  const own = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`)
  if (existsSync(own)) return own
  if (major < 24)
    fail(`No Node 24 package exists for ${process.platform} ${process.arch}: install Node 24.21 or newer yourself.`)
  return process.execPath
}

function digest(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file))
  return hash.digest('hex')
}

function filesBelow(folder) {
  return readdirSync(folder)
    .filter((name) => name !== 'node_modules')
    .sort()
    .flatMap((name) => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? filesBelow(path) : [path]
    })
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

function fail(line) {
  say(`Préau cannot start. ${line}`)
  process.exit(1)
}
