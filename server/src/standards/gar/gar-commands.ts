import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { archivePath, degrees, exportDegree } from './exports.ts'
import { findSetting, type GarExport, listExports, saveSetting } from './exports.queries.ts'

const setting = z.object({
  'id-ent': z.string().regex(/^[A-Za-z0-9-]{1,40}$/, 'letters, digits and hyphens, 40 at most'),
  retention: z.coerce.number().int().min(1).max(400),
})

/** `gar configure | export | exports`. */
export const garCommands: Command[] = [
  {
    name: 'configure',
    usage: '--id-ent ID [--retention DAYS] [--no-nightly]',
    summary: 'Says under which identifier the GAR knows this workspace, and how its files are made and kept.',
    options: { 'id-ent': { type: 'string' }, retention: { type: 'string' }, 'no-nightly': { type: 'boolean' } },
    async run({ db, tenant, print }, _positionals, values) {
      const { id } = await tenant()
      return inTenant(db, id, async (tx) => {
        const known = await findSetting(tx)
        const given = {
          'id-ent': values['id-ent'] ?? known?.idEnt,
          retention: values['retention'] ?? known?.retentionDays ?? 30,
        }
        const read = readValues(setting, given, 'gar_setting_invalid')
        const saved = {
          idEnt: read['id-ent'],
          retentionDays: read.retention,
          nightly: values['no-nightly'] !== true,
        }
        await saveSetting(tx, saved)
        print(
          `idEnt ${saved.idEnt}, archives kept ${saved.retentionDays} days, nightly: ${saved.nightly ? 'yes' : 'no'}`,
        )
        return saved
      })
    },
  },
  {
    name: 'export',
    usage: '[--degree 1D|2D]',
    summary: 'Writes the files of the GAR for both degrees, or one of them, and tells where they are.',
    options: { degree: { type: 'string' } },
    async run(context, _positionals, values) {
      const { id: tenantId } = await context.tenant()
      const wanted = z.enum(['1D', '2D']).optional().safeParse(values['degree'])
      if (!wanted.success) throw new Problem(400, 'gar_degree_unknown', 'The degree is 1D or 2D.')
      const made: GarExport[] = []
      for (const degree of wanted.data ? [wanted.data] : degrees) {
        const done = await exportDegree(context, { tenantId, degree, startedBy: null }, context.signal)
        made.push(done)
        const path = archivePath(context.dataDirectory, { id: done.id, archive: done.archive ?? '' })
        context.print(`${path}  ${done.bytes} bytes  md5 ${done.md5}`)
        for (const [name, number] of Object.entries(done.counts)) context.print(`  ${name}: ${number}`)
        for (const [reason, number] of Object.entries(done.leftOut)) context.print(`  left out, ${reason}: ${number}`)
      }
      return made
    },
  },
  {
    name: 'exports',
    usage: '',
    summary: 'Lists the exports for the GAR, newest first.',
    async run({ db, tenant, print }) {
      const { exports } = await inTenant(db, (await tenant()).id, (tx) => listExports(tx, { limit: 50 }))
      for (const { id, startedAt, degree, state, archive, failure } of exports) {
        print(
          `${id}  ${startedAt.toISOString().slice(0, 16)}  ${degree}  ${state.padEnd(8)}  ${archive ?? failure ?? ''}`,
        )
      }
      return exports
    },
  },
]
