import { readCommandConfig } from '#kernel/config'
import type { Command, CommandContext, Module } from '#kernel/module'
import { Problem, toProblemBody } from '#kernel/problem'
import { createTenant, listTenants, type Tenant } from '#kernel/tenancy'
import { createServices, modules, queues } from './app.ts'
import { readWords } from './command-words.ts'
import { openStores } from './stores.ts'
import { createProgress, outliveReaders } from './terminal.ts'

// Every administrative act: `npm run preau -- MODULE COMMAND [arguments] [--tenant SLUG] [--json]`. Works beside a
// running server, and without one. Exit codes: 0 done, 1 refused with a reason, 2 the words cannot be understood.
const words = process.argv.slice(2)
const json = words.includes('--json')
const stopped = new AbortController()
outliveReaders(process.stdout, process.stderr)
process.on('SIGINT', () => stopped.abort())
process.on('SIGTERM', () => stopped.abort())
process.on('disconnect', () => stopped.abort())

process.exitCode = await main()
// The channel to the starting process would keep this one alive.
process.disconnect?.()

async function main(): Promise<number> {
  const module = modules.find((each) => each.name === words[0])
  const command = module && findCommand(module, words.slice(1))
  if (!module || !command) {
    const asked = words.length === 0 || words.includes('--help') || words.includes('-h')
    if (!asked)
      refuse(new Problem(400, 'command_unknown', `There is no command ${words.slice(0, module ? 3 : 1).join(' ')}.`))
    if (asked || !json) help(module)
    return asked ? 0 : 2
  }
  try {
    const { values, positionals } = readWords(command, words.slice(1 + command.name.split(' ').length))
    if (values['help']) {
      help(module, command)
      return 0
    }
    const result = await run(command, positionals, values)
    if (json) process.stdout.write(`${JSON.stringify(result ?? null, undefined, 2)}\n`)
    return 0
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(500, 'internal_error', (error as Error).message)
    refuse(problem)
    if (problem.code !== 'words_unknown') return 1
    if (!json) help(module, command)
    return 2
  }
}

function refuse(problem: Problem): void {
  if (json) process.stdout.write(`${JSON.stringify(toProblemBody(problem), undefined, 2)}\n`)
  else process.stderr.write(`${problem.message}\n`)
}

async function run(command: Command, positionals: string[], values: Parameters<Command['run']>[2]): Promise<unknown> {
  const config = readCommandConfig(process.env)
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  const stores = await openStores(config, { queues, supervise: false, log: tell })
  try {
    const services = createServices(config, stores)
    const context: CommandContext = {
      ...services,
      tenant: () => chooseTenant(services, values['tenant']),
      print: json ? () => {} : (line) => process.stdout.write(`${line}\n`),
      progress: json ? () => {} : createProgress(process.stderr),
      signal: stopped.signal,
    }
    return await command.run(context, positionals, values)
  } finally {
    await stores.close()
  }
}

async function chooseTenant({ owner }: { owner: CommandContext['owner'] }, slug: unknown): Promise<Tenant> {
  const tenants = await listTenants(owner)
  if (typeof slug === 'string') {
    const named = tenants.find((tenant) => tenant.slug === slug)
    if (!named) throw new Problem(404, 'tenant_unknown', `No tenant has the slug ${slug}.`)
    return named
  }
  if (tenants.length > 1) {
    const slugs = tenants.map((tenant) => tenant.slug).join(', ')
    throw new Problem(400, 'tenant_needed', `Several tenants share this instance; choose one by --tenant: ${slugs}.`)
  }
  return tenants[0] ?? createTenant(owner, { slug: 'main', name: 'Préau' })
}

/** The command whose name the words begin with; the longest where several do. */
function findCommand(module: Module, given: string[]): Command | undefined {
  const matching = module.commands.filter((command) => command.name.split(' ').every((word, i) => given[i] === word))
  return matching.sort((a, b) => b.name.length - a.name.length)[0]
}

function help(module?: Module, command?: Command): void {
  const lines = ['npm run preau -- MODULE COMMAND [arguments] [--tenant SLUG] [--json]', '']
  for (const each of module ? [module] : modules) {
    for (const { name, usage, summary } of command ? [command] : each.commands) {
      lines.push(`  ${each.name} ${name} ${usage}`.trimEnd(), `      ${summary}`)
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}
