import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { recordAudit } from '#kernel/audit'
import { inTenantOf, readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { deleteApplication, listApplications, saveApplication } from './applications.queries.ts'

const input = z.object({
  slug: z.string().regex(/^[a-z0-9-]{1,40}$/),
  name: z.string().min(1).max(80),
  description: z.string().max(200).default(''),
  url: z.url({ protocol: /^https?$/ }),
  category: z.enum(['learning', 'orientation', 'communication', 'administration']),
  profiles: z.array(z.string()).default([]),
  position: z.coerce.number().int().default(0),
})

/** `applications list | add | remove`. */
export const applicationCommands: Command[] = [
  {
    name: 'list',
    usage: '',
    summary: 'Lists the catalogue of applications.',
    async run(context) {
      const rows = await inTenantOf(context, (tx) => listApplications(tx))
      for (const row of rows) context.print(`${row.slug}\t${row.category}\t${row.name}\t${row.url}`)
      return rows
    },
  },
  {
    name: 'add',
    usage: '--slug S --name N --url URL --category C [--description D] [--profile P]… [--position N]',
    summary: 'Adds an application to the catalogue, or changes the one of the same slug.',
    options: {
      slug: { type: 'string' },
      name: { type: 'string' },
      description: { type: 'string' },
      url: { type: 'string' },
      category: { type: 'string' },
      profile: { type: 'string', multiple: true },
      position: { type: 'string' },
    },
    async run(context, _, values) {
      const application = { id: randomUUIDv7(), ...readValues(input, { ...values, profiles: values['profile'] }) }
      await inTenantOf(context, async (tx) => {
        await saveApplication(tx, application)
        await recordAudit(tx, {
          action: 'applications.saved',
          actorPersonId: null,
          subjectKind: 'application',
          subjectId: null,
          detail: { slug: application.slug },
        })
      })
      context.print(`${application.slug} is in the catalogue.`)
      return application
    },
  },
  {
    name: 'remove',
    usage: '<slug>',
    summary: 'Removes an application from the catalogue.',
    async run(context, [slug]) {
      if (slug === undefined) throw new Problem(400, 'invalid_request', 'Name the application to remove.')
      const found = await inTenantOf(context, async (tx) => {
        const deleted = await deleteApplication(tx, slug)
        if (deleted) {
          await recordAudit(tx, {
            action: 'applications.removed',
            actorPersonId: null,
            subjectKind: 'application',
            subjectId: null,
            detail: { slug },
          })
        }
        return deleted
      })
      if (!found) throw new Problem(404, 'application_not_found', `No application has the slug ${slug}.`)
      context.print(`${slug} is no longer in the catalogue.`)
      return { removed: slug }
    },
  },
]
