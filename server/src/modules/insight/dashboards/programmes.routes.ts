import { z } from 'zod'
import { listPersonSummaries } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listCourseNames } from './courses.queries.ts'
import { listProgrammes, type Programme } from './programmes.queries.ts'
import { createProgramme, removeProgramme, updateProgramme } from './programmes.ts'
import { key, localName } from './viewer.routes.ts'

/** What is told of a programme, by a page or by a command. */
export const programmeInput = z.object({
  name: z.string().trim().min(1).max(200),
  courses: z.array(key).max(500),
  heads: z.array(z.uuid()).max(50),
})

const programmeSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  courses: z.array(z.object({ key, name: localName })),
  heads: z.array(z.object({ id: z.uuid(), givenName: z.string(), familyName: z.string() })),
})

/** Programmes, their courses and who answers for them; for those who administer dashboards. */
export function registerProgrammes(app: App, services: Services): void {
  const config = { access: { right: 'insight.administer' } } as const

  app.get(
    '/api/insight/programmes',
    {
      config,
      schema: {
        operationId: 'listProgrammes',
        summary: 'Programmes, their courses and their heads',
        response: { 200: z.object({ programmes: z.array(programmeSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      return inTenant(services.db, tenantId, async (tx) => ({
        programmes: await describeProgrammes(tx, await listProgrammes(tx)),
      }))
    },
  )

  app.post(
    '/api/insight/programmes',
    {
      config,
      schema: {
        operationId: 'createProgramme',
        summary: 'Adds a programme; its heads then see the dashboards of its courses',
        body: programmeInput,
        response: { 201: programmeSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const [described] = await inTenant(services.db, tenantId, async (tx) => {
        const programme = await createProgramme(tx, request.body, personId, services.now())
        return describeProgrammes(tx, [programme])
      })
      return reply.status(201).send(described!)
    },
  )

  app.put(
    '/api/insight/programmes/:id',
    {
      config,
      schema: {
        operationId: 'updateProgramme',
        summary: 'Changes the name, the courses and the heads of a programme',
        params: z.object({ id: z.uuid() }),
        body: programmeInput,
        response: { 200: programmeSchema },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      const programme = { id: request.params.id, ...request.body }
      const [described] = await inTenant(services.db, tenantId, async (tx) => {
        await updateProgramme(tx, programme, personId)
        return describeProgrammes(tx, [programme])
      })
      return described!
    },
  )

  app.delete(
    '/api/insight/programmes/:id',
    {
      config,
      schema: {
        operationId: 'deleteProgramme',
        summary: 'Removes a programme; its courses and what was done there stay',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { id } = request.params
      await inTenant(services.db, tenantId, (tx) => removeProgramme(tx, id, personId))
      return reply.status(204).send(null)
    },
  )
}

/** Programmes with the names of their courses and of their heads. */
export async function describeProgrammes(tx: Tx, programmes: Programme[]): Promise<z.infer<typeof programmeSchema>[]> {
  const names = await listCourseNames(
    tx,
    programmes.flatMap(({ courses }) => courses),
  )
  const people = await listPersonSummaries(
    tx,
    programmes.flatMap(({ heads }) => heads),
  )
  return programmes.map(({ id, name, courses, heads }) => ({
    id,
    name,
    courses: courses.map((course) => ({ key: course, name: names.get(course) ?? {} })),
    heads: people
      .filter((person) => heads.includes(person.id))
      .map((person) => ({ id: person.id, givenName: person.givenName, familyName: person.familyName })),
  }))
}
