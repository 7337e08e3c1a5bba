import { randomUUID } from 'node:crypto'
import type { TestApp } from './app.ts'
import type { Consortium } from './make-governance.ts'

/** A request as somebody, and its answer. */
export interface Answer {
  status: number
  json: Record<string, unknown> & { id: string; code: string; state: string }
}

/** Calls the API of a consortium's agreement, as who manages it unless headers are given. */
export async function callGovernance(
  server: TestApp,
  consortium: Consortium,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  payload?: object,
  headers: { cookie: string } = consortium.manager.headers,
): Promise<Answer> {
  const url = `/api/governance/agreements/${consortium.slug}${path}`
  const response = await server.app.inject({ method, url, headers, ...(payload && { payload }) })
  const text = response.body === '' ? '{}' : response.body
  return { status: response.statusCode, json: JSON.parse(text) as Answer['json'] }
}

/** Convenes a meeting of a body through the API, today, chaired by someone of the pilot; `open` opens it. */
export async function makeMeeting(
  server: TestApp,
  consortium: Consortium,
  input: { body: string; items: object[]; state?: 'convened' | 'open'; chairId?: string },
): Promise<{ id: string; itemIds: string[]; chairId: string }> {
  const call = (path: string, payload?: object, method: 'POST' | 'PATCH' = 'POST') =>
    callGovernance(server, consortium, method, path, payload)
  const startsAt = server.services.now()
  const made = await call(`/bodies/${input.body}/meetings`, {
    requestKey: randomUUID(),
    title: 'Réunion',
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + 7_200_000).toISOString(),
    place: 'Metz',
  })
  const { id } = made.json
  const chairId = input.chairId ?? (await consortium.seatOf('region', input.body)).representativeId
  await call(`/meetings/${id}`, { chairId }, 'PATCH')
  const itemIds: string[] = []
  for (const item of input.items)
    itemIds.push((await call(`/meetings/${id}/agenda`, { requestKey: randomUUID(), ...item })).json.id)
  const convened = await call(`/meetings/${id}/convening`, { acknowledged: true })
  if (convened.status !== 200) throw new Error(`Not convened: ${JSON.stringify(convened.json)}`)
  if (input.state !== 'convened') await call(`/meetings/${id}/opening`)
  return { id, itemIds, chairId }
}
