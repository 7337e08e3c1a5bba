import { readTextFile } from '#kernel/command-file'
import type { Command, CommandContext } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findToday } from '#modules/identity'
import { createAgreementVersion, readShippedAgreement, shippedAgreements } from './agreement-versions.ts'
import { listAgreementsInForce } from './agreements.queries.ts'
import { checkAgreementText, refuseAgreement } from './read-agreement.ts'

const which = `FILE | ${shippedAgreements.join(' | ')}`

/** Acts of an operator on agreements, who is not a person of the directory: the trail says the system did them. */
export const agreementCommands: Command[] = [
  {
    name: 'agreement load',
    usage: `(${which}) [--reason TEXT]`,
    summary: 'Adds an agreement, or an amendment of one as a new version, from its file or one that is shipped.',
    options: { reason: { type: 'string' } },
    async run(context, [name], values) {
      const source = await readSource(name)
      const { id } = await context.tenant()
      const reason = typeof values['reason'] === 'string' ? values['reason'] : 'Chargement de la convention'
      const { rules, version } = await inTenant(context.db, id, (tx) =>
        createAgreementVersion(tx, { source: check(context, source), reason, recordedBy: null }, context.now()),
      )
      context.print(`${rules.agreement}: version ${version}, in force from ${rules.validFrom}.`)
      return { agreement: rules.agreement, version, validFrom: rules.validFrom }
    },
  },
  {
    name: 'agreement check',
    usage: `(${which})`,
    summary: 'Says what is wrong with the file of an agreement, line by line; loads nothing.',
    async run(context, [name]) {
      const source = check(context, await readSource(name))
      context.print('Nothing is wrong with it.')
      return { valid: true, characters: source.length }
    },
  },
  {
    name: 'agreement list',
    usage: '',
    summary: 'Lists the agreements in force.',
    async run(context) {
      const { id } = await context.tenant()
      const agreements = await inTenant(context.db, id, async (tx) =>
        listAgreementsInForce(tx, { personId: id, manages: true }, await findToday(tx, context.now())),
      )
      for (const { slug, title } of agreements) context.print(`${slug}  ${title}`)
      return agreements
    },
  },
]

async function readSource(name: string | undefined): Promise<string> {
  const shipped = shippedAgreements.find((each) => each === name)
  if (shipped) return readShippedAgreement(shipped)
  if (name === undefined) throw new Problem(400, 'file_needed', `Name an agreement: ${which}.`)
  return readTextFile(name)
}

/** Shows every fault; the one error of a command shows the first alone. */
function check(context: CommandContext, source: string): string {
  const read = checkAgreementText(source)
  if ('rules' in read) return source
  for (const { line, column, path, reason } of read.faults) context.print(`${line}:${column}  ${path}  ${reason}`)
  throw refuseAgreement(read.faults)
}
