import { keyOf } from '#modules/records'
import { readValues, text } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listProgrammes, type Programme } from './programmes.queries.ts'
import { describeProgrammes, programmeInput } from './programmes.routes.ts'
import { createProgramme, removeProgramme, updateProgramme } from './programmes.ts'

const texts = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

/** `insight programme list | add | change | remove`: courses that somebody answers for together. */
export const programmeCommands: Command[] = [
  {
    name: 'programme list',
    usage: '',
    summary: 'Lists the programmes, their courses and their heads.',
    async run(context) {
      const { id } = await context.tenant()
      const programmes = await inTenant(context.db, id, async (tx) => describeProgrammes(tx, await listProgrammes(tx)))
      for (const { id: programme, name, courses, heads } of programmes) {
        context.print(`${programme}  ${name}`)
        for (const course of courses) context.print(`  course ${course.key}  ${Object.values(course.name)[0] ?? ''}`)
        for (const head of heads) context.print(`  head ${head.id}  ${head.givenName} ${head.familyName}`)
      }
      return programmes
    },
  },
  {
    name: 'programme add',
    usage: '--name NAME [--course IRI|KEY]… [--head PERSON]…',
    summary: 'Adds a programme; its heads then see the dashboards of its courses.',
    options: { name: text, course: texts, head: texts },
    async run(context, _positionals, { name, course = [], head = [] }) {
      const { id: tenantId } = await context.tenant()
      const input = readProgramme(tenantId, { name, courses: course, heads: head })
      const made = await inTenant(context.db, tenantId, (tx) => createProgramme(tx, input, null, context.now()))
      context.print(`${made.id}  ${made.name}`)
      return made
    },
  },
  {
    name: 'programme change',
    usage: '<name or id> [--name NAME] [--course IRI|KEY]… [--no-course] [--head PERSON]… [--no-head]',
    summary: 'Changes the name of a programme, all its courses or all its heads; what is not given stays.',
    options: { name: text, course: texts, 'no-course': flag, head: texts, 'no-head': flag },
    async run(context, [which = ''], values) {
      const { id: tenantId } = await context.tenant()
      const changed = await inTenant(context.db, tenantId, async (tx) => {
        const { id, ...kept } = await getProgramme(tx, which)
        const input = readProgramme(tenantId, {
          name: values['name'] ?? kept.name,
          courses: values['course'] ?? (values['no-course'] === true ? [] : kept.courses),
          heads: values['head'] ?? (values['no-head'] === true ? [] : kept.heads),
        })
        await updateProgramme(tx, { id, ...input }, null)
        return { id, ...input }
      })
      context.print(`${changed.name}  courses ${changed.courses.length}, heads ${changed.heads.length}`)
      return changed
    },
  },
  {
    name: 'programme remove',
    usage: '<name or id>',
    summary: 'Removes a programme; its courses and what was done there stay.',
    async run(context, [which = '']) {
      const { id: tenantId } = await context.tenant()
      const { id, name } = await inTenant(context.db, tenantId, async (tx) => {
        const found = await getProgramme(tx, which)
        await removeProgramme(tx, found.id, null)
        return found
      })
      context.print('Removed.')
      return { id, name }
    },
  },
]

/** A course is named by the address that statements give it, or by its key. */
function readProgramme(
  tenantId: string,
  given: { name: unknown; courses: unknown; heads: unknown },
): Omit<Programme, 'id'> {
  const courses = [given.courses].flat().map((course) => {
    const isIri = typeof course === 'string' && /^[a-z][a-z0-9+.-]*:\S+$/i.test(course)
    return isIri ? keyOf(tenantId, 'activity', course) : course
  })
  return readValues(programmeInput, { ...given, courses })
}

async function getProgramme(tx: Tx, which: string): Promise<Programme> {
  const found = (await listProgrammes(tx)).find(({ id, name }) => id === which || name === which)
  if (!found)
    throw new Problem(404, 'programme_not_found', `No programme is called "${which}": see insight programme list.`)
  return found
}
