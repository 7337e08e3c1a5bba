import { z } from 'zod'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findHome } from './home.queries.ts'
import { affiliationSchema, groupSchema, nameSchema, organisationSchema, profileSchema } from './people.routes.ts'

const ownClass = groupSchema.extend({ mainTeachers: z.array(nameSchema) })

/** What the home page shows of the directory: who I am, where, with whom. Every list is empty when it does not apply. */
export const homeSchema = z.object({
  person: nameSchema.extend({ title: z.string().nullable() }),
  profiles: z.array(profileSchema).describe('each once, the most responsible first'),
  affiliations: z.array(affiliationSchema),
  schoolYear: z.object({ startYear: z.number().int(), startsOn: z.iso.date(), endsOn: z.iso.date() }).nullable(),
  classes: z.array(ownClass).describe('a pupil’s own classes and groups'),
  children: z
    .array(
      nameSchema.extend({
        legalStatus: z.enum(['legal', 'inCharge']),
        establishments: z.array(organisationSchema),
        classes: z.array(ownClass),
      }),
    )
    .describe('a guardian’s children'),
  teachings: z
    .array(
      z.object({
        group: groupSchema,
        subjects: z.array(z.string()),
        mainTeacher: z.boolean(),
        pupils: z.number().int(),
      }),
    )
    .describe('what a teacher teaches this school year'),
  headed: z
    .array(
      z.object({
        organisation: organisationSchema,
        classes: z.number().int(),
        counts: z.array(z.object({ profile: profileSchema, people: z.number().int() })),
      }),
    )
    .describe('establishments of a head'),
  territories: z
    .array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        code: z.string().nullable(),
        establishments: z.number().int(),
      }),
    )
    .describe('territories an agent’s partners answer for'),
  administered: z
    .array(organisationSchema)
    .describe('organisations over which the person has right directory.administer; without perimeter: none'),
})
export type Home = z.infer<typeof homeSchema>

/**
 * Everything the home page needs of the directory, in one query.
 * @throws Problem 404 `person_not_found` when the account's person is not in the directory.
 */
export async function getHome(tx: Tx, actor: Pick<Actor, 'personId' | 'rights'>): Promise<Home> {
  const perimeters = actor.rights.flatMap(({ right, organisationId }) =>
    right === 'directory.administer' && organisationId !== null ? [organisationId] : [],
  )
  const home = await findHome(tx, actor.personId, perimeters)
  if (!home) throw new Problem(404, 'person_not_found', 'The directory does not know the holder of this account.')
  return home
}
