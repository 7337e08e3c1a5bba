import { z } from 'zod'
import { recordAudit } from '#kernel/audit'
import type { HeldRight } from '#kernel/access'
import { inTenantOf, readValues } from '#kernel/command-values'
import type { Command, CommandContext } from '#kernel/module'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  assignEstablishments,
  createPartner,
  createTerritory,
  listEstablishments,
  listOrganisationsByCode,
  listPartners,
  listTerritories,
} from './organisations.queries.ts'
import { findEstablishmentCard, getEstablishmentId } from './organisations.ts'
import { createPerson } from './people-creation.ts'
import { searchPeople } from './people-search.ts'
import { findPersonCard } from './people.ts'
import { listSchoolYears } from './school-years.ts'
import { toSearchWords } from './search-key.ts'

// The command line is the operator's: it sees everyone, and acts in nobody's name.
const operator = {
  personId: '00000000-0000-0000-0000-000000000000',
  rights: [{ right: 'directory.import', organisationId: null } satisfies HeldRight],
}

const level = z.enum(['primary', 'lowerSecondary', 'upperSecondary', 'higher'])
const partnerKind = z.enum([
  'region',
  'department',
  'municipality',
  'academicAuthority',
  'university',
  'agency',
  'syndicate',
])
const profile = z.enum(['teacher', 'head', 'schoolLife', 'documentation', 'staff', 'localAuthority'])
const text = (longest: number) => z.string().trim().min(1).max(longest)

/** `directory partner | territory | person | establishment | school-year …`. */
export const organisationCommands: Command[] = [
  {
    name: 'partner create',
    usage:
      '--name N --kind region|department|municipality|academicAuthority|university|agency|syndicate --code C [--siren S]',
    summary: 'Creates a public body taking part.',
    options: {
      name: { type: 'string' },
      kind: { type: 'string' },
      code: { type: 'string' },
      siren: { type: 'string' },
    },
    async run(context, _, values) {
      const { kind, ...input } = readValues(
        z.object({
          name: text(200),
          kind: partnerKind,
          code: text(40),
          siren: z
            .string()
            .regex(/^\d{9}$/)
            .optional(),
        }),
        values,
      )
      const partner = await act(context, 'directory.partner_created', 'organisation', (tx) =>
        createPartner(tx, { ...input, partnerKind: kind }),
      )
      context.print(`${partner.id}\t${input.name}`)
      return partner
    },
  },
  {
    name: 'partner list',
    usage: '',
    summary: 'Lists the public bodies taking part and their territories.',
    async run(context) {
      const partners = await inTenantOf(context, listPartners)
      for (const { id, code, partnerKind: kind, name, territories } of partners) {
        context.print([id, code, kind, name, territories.map((each) => each.name).join(', ')].join('\t'))
      }
      return partners
    },
  },
  {
    name: 'territory create',
    usage: '--name N --code C --partner CODE',
    summary: 'Creates a territory that a partner answers for.',
    options: { name: { type: 'string' }, code: { type: 'string' }, partner: { type: 'string' } },
    async run(context, _, values) {
      const input = readValues(z.object({ name: text(200), code: text(40), partner: text(40) }), values)
      const territory = await act(context, 'directory.territory_created', 'organisation', async (tx) =>
        createTerritory(tx, { ...input, partnerId: await getOrganisationId(tx, 'partner', input.partner) }),
      )
      context.print(`${territory.id}\t${input.name}`)
      return territory
    },
  },
  {
    name: 'territory list',
    usage: '',
    summary: 'Lists the territories, who answers for them, and their numbers of establishments.',
    async run(context) {
      const territories = await inTenantOf(context, listTerritories)
      for (const { id, code, name, partner, establishments } of territories) {
        context.print([id, code, name, partner?.name ?? '-', establishments].join('\t'))
      }
      return territories
    },
  },
  {
    name: 'territory assign',
    usage: '<territory code> --department D… [--level primary|lowerSecondary|upperSecondary|higher]',
    summary: 'Puts into a territory the establishments of its level in some départements.',
    options: { department: { type: 'string', multiple: true }, level: { type: 'string' } },
    async run(context, [code], values) {
      const input = readValues(
        z.object({
          department: z.array(z.string().regex(/^(\d{2,3}|2[AB])$/i, 'a département: 80, 2A, 971')).min(1),
          level: level.optional(),
        }),
        values,
      )
      if (code === undefined) throw new Problem(400, 'invalid_request', 'Name the territory by its code.')
      const result = await inTenantOf(context, async (tx) => {
        const territoryId = await getOrganisationId(tx, 'territory', code)
        const assigned = await assignEstablishments(tx, {
          territoryId,
          departments: input.department,
          level: input.level,
        })
        await recordAudit(tx, {
          action: 'directory.establishments_assigned',
          actorPersonId: null,
          subjectKind: 'organisation',
          subjectId: territoryId,
          detail: { assigned, departments: input.department },
        })
        return { territoryId, assigned }
      })
      context.print(`${result.assigned} establishments assigned to ${code}.`)
      return result
    },
  },
  {
    name: 'person create',
    usage:
      '--family-name F --given-name G [--title T] [--email E] [--partner CODE | --uai UAI --profile P] [--function L]',
    summary: 'Creates a person whom no feed holds, such as an agent of a partner.',
    options: {
      'family-name': { type: 'string' },
      'given-name': { type: 'string' },
      title: { type: 'string' },
      email: { type: 'string' },
      partner: { type: 'string' },
      uai: { type: 'string' },
      profile: { type: 'string' },
      function: { type: 'string' },
    },
    async run(context, _, values) {
      const input = readValues(
        z.object({
          'family-name': text(100),
          'given-name': text(100),
          title: text(20).optional(),
          email: z.email().optional(),
          partner: text(40).optional(),
          uai: text(8).optional(),
          profile: profile.optional(),
          function: text(100).optional(),
        }),
        values,
      )
      const created = await act(context, 'directory.person_created', 'person', async (tx) =>
        createPerson(tx, {
          familyName: input['family-name'],
          givenName: input['given-name'],
          title: input.title,
          email: input.email,
          affiliation: await findAffiliation(tx, input),
        }),
      )
      context.print(created.id)
      return created
    },
  },
  {
    name: 'person search',
    usage: '<names>…',
    summary: 'Searches people by the beginnings of their names.',
    async run(context, words) {
      const { people } = await inTenantOf(context, (tx) =>
        searchPeople(tx, operator, { q: words.join(' '), limit: 50 }),
      )
      for (const person of people) {
        const places = person.affiliations.map((each) => `${each.profile} ${each.organisation?.name ?? ''}`.trim())
        context.print([person.id, `${person.familyName} ${person.givenName}`, places.join(', ')].join('\t'))
      }
      return people
    },
  },
  {
    name: 'person show',
    usage: '<id>',
    summary: 'Shows what the directory knows of a person.',
    async run(context, [id]) {
      const personId = readValues(z.object({ id: z.uuid() }), { id }).id
      const card = await inTenantOf(context, (tx) => findPersonCard(tx, operator, personId))
      if (!card) throw new Problem(404, 'person_not_found', `Nobody has the identifier ${personId}.`)
      context.print(JSON.stringify(card, null, 2))
      return card
    },
  },
  {
    name: 'establishment list',
    usage: '[<words of name, town or UAI>…]',
    summary: 'Lists the establishments.',
    async run(context, words) {
      const found = await inTenantOf(context, (tx) =>
        listEstablishments(tx, { words: toSearchWords(words.join(' ')), limit: 10_000 }),
      )
      for (const { id, uai, name, town, level: taught, territory } of found) {
        context.print([id, uai, name, town, taught, territory?.name ?? '-'].join('\t'))
      }
      return found
    },
  },
  {
    name: 'establishment show',
    usage: '<UAI>',
    summary: 'Shows an establishment with its heads, head-counts and classes.',
    async run(context, [uai]) {
      const card = await inTenantOf(context, async (tx) =>
        findEstablishmentCard(tx, operator, await getEstablishmentId(tx, uai)),
      )
      context.print(JSON.stringify(card, null, 2))
      return card
    },
  },
  {
    name: 'school-year list',
    usage: '',
    summary: 'Lists the school years.',
    async run(context) {
      const years = await inTenantOf(context, listSchoolYears)
      for (const { startYear, startsOn, endsOn, state } of years) {
        context.print(`${startYear}-${startYear + 1}\t${startsOn}\t${endsOn}\t${state}`)
      }
      return years
    },
  },
]

/** Creates something and remembers that it was done on the command line. */
async function act(
  context: CommandContext,
  action: string,
  subjectKind: string,
  work: (tx: Tx) => Promise<{ id: string }>,
): Promise<{ id: string }> {
  return inTenantOf(context, async (tx) => {
    const created = await work(tx)
    await recordAudit(tx, { action, actorPersonId: null, subjectKind, subjectId: created.id })
    return created
  })
}

async function getOrganisationId(tx: Tx, kind: 'partner' | 'territory', code: string): Promise<string> {
  const [found, other] = await listOrganisationsByCode(tx, kind, code)
  if (!found) throw new Problem(404, `${kind}_not_found`, `No ${kind} has the code ${code}.`)
  if (other) throw new Problem(409, 'code_ambiguous', `Several have the code ${code}: give an identifier instead.`)
  return found.id
}

async function findAffiliation(
  tx: Tx,
  input: {
    partner?: string | undefined
    uai?: string | undefined
    profile?: z.infer<typeof profile> | undefined
    function?: string | undefined
  },
) {
  const functionLabel = input.function
  if (input.partner !== undefined) {
    const organisationId = await getOrganisationId(tx, 'partner', input.partner)
    return { organisationId, profile: 'localAuthority' as const, functionLabel }
  }
  if (input.uai === undefined) return undefined
  const organisationId = await getEstablishmentId(tx, input.uai)
  if (input.profile === undefined) throw new Problem(400, 'invalid_request', 'Say the profile in the establishment.')
  return { organisationId, profile: input.profile, functionLabel }
}
