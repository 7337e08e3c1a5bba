import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

const environment = z.object({
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3000)
    .describe('TCP port of the web server (0: any free one)'),
  HOST: z.string().optional().describe('address the web server listens on; default: every one of this machine'),
  PREAU_DATA: z.string().min(1).default('./data').describe('folder of the embedded stores and of received files'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('address people use; default http://localhost:PORT'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('your PostgreSQL 15 or newer; default: embedded'),
  CLICKHOUSE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('your ClickHouse; default: embedded'),
  PREAU_SECRET_KEYS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'keys that seal secrets in the database (32 bytes in base64, newest first, by commas); default: made in PREAU_DATA',
    ),
  PREAU_INDICATORS: z
    .string()
    .regex(/^(@[\w.-]+\/)?[\w.-]+(,(@[\w.-]+\/)?[\w.-]+)*$/, 'names of npm packages, by commas')
    .optional()
    .describe('npm packages whose folder `indicators` adds to the learning dashboards, by commas'),
  PREAU_DEMO: z.enum(['0', '1']).default('1').describe('1 loads the demonstration territory into an empty base'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('warn')
    .describe('log level'),
})

/** Everything the program is told from outside, read once by the entry points and passed down. */
export interface Config {
  port: number
  /** Undefined for every address of this machine. */
  host: string | undefined
  dataDirectory: string
  /** Without a trailing slash. */
  publicUrl: string
  databaseUrl: string | undefined
  clickhouseUrl: string | undefined
  secretKeys: string | undefined
  /** npm packages that hold indicators. */
  indicatorPackages: string[]
  demonstration: boolean
  logLevel: string
}

/**
 * Reads the configuration from environment variables.
 * @throws Error naming each wrong variable, what it holds and what it should be.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  // An empty variable (`PORT= npm start`, an unset compose entry) means "not set".
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(set)
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0])
      return `  ${name}: ${issue.message} (${environment.shape[name as keyof typeof environment.shape].description})`
    })
    throw new Error(`The configuration cannot be used:\n${lines.join('\n')}`)
  }
  const values = parsed.data
  return {
    port: values.PORT,
    host: values.HOST,
    dataDirectory: resolve(values.PREAU_DATA),
    publicUrl: (values.PUBLIC_URL ?? `http://localhost:${values.PORT}`).replace(/\/+$/, ''),
    databaseUrl: values.DATABASE_URL,
    clickhouseUrl: values.CLICKHOUSE_URL,
    secretKeys: values.PREAU_SECRET_KEYS,
    indicatorPackages: values.PREAU_INDICATORS?.split(',') ?? [],
    demonstration: values.PREAU_DEMO === '1',
    logLevel: values.LOG_LEVEL,
  }
}

/**
 * The same for a command: unless told, people's address is the one that the server of the same data folder last served,
 * so that links printed beside it lead to it.
 */
export function readCommandConfig(env: Record<string, string | undefined>): Config {
  const config = readConfig(env)
  return env['PORT'] || env['PUBLIC_URL'] ? config : readConfig({ ...env, PUBLIC_URL: readServedUrl(config) })
}

const servedUrlFile = ({ dataDirectory }: Pick<Config, 'dataDirectory'>) => join(dataDirectory, 'served-url')

/** Keeps the address that the server serves, for the commands beside it. */
export function keepServedUrl(config: Pick<Config, 'dataDirectory' | 'publicUrl'>): void {
  const file = servedUrlFile(config)
  // By a new file: the one there may be of root, and this program not.
  writeFileSync(`${file}.new`, config.publicUrl)
  renameSync(`${file}.new`, file)
}

function readServedUrl(config: Config): string | undefined {
  try {
    return readFileSync(servedUrlFile(config), 'utf8')
  } catch {
    return undefined
  }
}

/** The variables with their defaults and meanings, for `docs/operate/configuration.md`. */
export function describeConfig(): { name: string; fallback: string; meaning: string }[] {
  const defaults = environment.parse({})
  return Object.entries(environment.shape).map(([name, schema]) => ({
    name,
    fallback: String(defaults[name as keyof typeof defaults] ?? ''),
    meaning: schema.description ?? '',
  }))
}
