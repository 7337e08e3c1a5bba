import type { CommandContext } from '#kernel/module'
import { records } from '#modules/records'
import type { TestApp } from './app.ts'

interface Call {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS'
  /** After `/xapi`. */
  path: string
  query?: Record<string, string>
  headers?: Record<string, string | undefined>
  /** JSON, unless it is bytes or text. */
  body?: unknown
}

/** A learning tool that speaks xAPI to a test server under a credential of its own. */
export async function openXapiClient(
  test: TestApp,
  version: '1.0.3' | '2.0.0',
  scope = ['all'],
  name = `Tool of ${scope.join()}`,
) {
  const command = records.commands.find(({ name }) => name === 'credential create')
  if (!command) throw new Error('records has no command that creates a credential')
  const context: CommandContext = {
    ...test.services,
    tenant: () => Promise.resolve(test.tenant),
    print: () => {},
    progress: () => {},
    signal: new AbortController().signal,
  }
  const { key, secret } = (await command.run(context, [], { name, scope })) as {
    key: string
    secret: string
  }
  const authorization = `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`
  return {
    key,
    authorization,
    async call({ method, path, query = {}, headers = {}, body }: Call) {
      const isRaw = typeof body === 'string' || body instanceof Buffer
      const sent: Record<string, string | undefined> = {
        authorization,
        'x-experience-api-version': version,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      }
      return test.app.inject({
        method,
        url: `/xapi${path}`,
        query,
        headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)) as Record<
          string,
          string
        >,
        ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
      })
    },
  }
}

export type XapiClient = Awaited<ReturnType<typeof openXapiClient>>
