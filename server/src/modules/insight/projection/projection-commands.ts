import { setTimeout as wait } from 'node:timers/promises'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { createProjector, startRebuild } from './projection.ts'
import { type ProjectionState, readProjectionState } from './projection-state.ts'

/** `insight projection status | rebuild`: the analytics as they follow the record store. */
export const projectionCommands: Command[] = [
  {
    name: 'projection status',
    usage: '',
    summary: 'Says how far the analytics are behind the record store.',
    async run(context) {
      const state = await read(context)
      for (const build of state.builds) context.print(line(build))
      return state
    },
  },
  {
    name: 'projection rebuild',
    usage: '[--wait]',
    summary: 'Makes the analytics anew from the record store, beside those that are read meanwhile.',
    options: { wait: { type: 'boolean' } },
    async run(context, _positionals, values) {
      const tenant = await context.tenant()
      const build = await inTenant(context.db, tenant.id, (tx) => startRebuild(tx, null, context.now()))
      const projector = createProjector(context)
      // A server does it too; a tenant is projected by one of them at a time.
      while (values['wait'] === true && !context.signal.aborted) {
        const progress = await projector.advance(tenant)
        const { builds } = await read(context)
        const own = builds.find((each) => each.build === build)
        if (own?.state !== 'filling') break
        const { statements } = builds.find(({ state }) => state === 'read') ?? own
        context.progress('rebuild', own.statements, Math.max(statements, own.statements))
        if (progress !== 'more') await wait(100)
      }
      const state = await read(context)
      for (const each of state.builds) context.print(line(each))
      return { build, ...state }
    },
  },
]

const read = async (context: CommandContext) =>
  inTenant(context.db, (await context.tenant()).id, (tx) => readProjectionState(tx, context.now()))

function line({ build, state, until, statements, waiting, lag, failure }: ProjectionState['builds'][number]): string {
  const behind = waiting === 0 ? 'up to date' : `${waiting} waiting, for ${Math.round(lag)} s`
  const reached = until === null ? 'nothing yet' : `until ${until.toISOString()}`
  return `${build}  ${state}  ${reached}  ${statements} statements, ${behind}${failure === null ? '' : `  ${failure}`}`
}
