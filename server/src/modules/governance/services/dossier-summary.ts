import { tellDay, tellNumber } from '../votes/step.ts'
import type { Dossier, Proposal } from './dossier-schema.ts'
import type { DigitalService } from './services.queries.ts'
import type { ServiceRules } from './services.ts'

type Named = Pick<DigitalService, 'name' | 'phase'>
type Phases = Pick<ServiceRules, 'phases'>

/** Most characters of a text of the dossier in its summary: the whole is one link away. */
const longest = 600

/** Title of an agenda item about a dossier, in French as agreements are. */
export function titleDossier(rules: Phases, service: Named, { content }: { content: Dossier }): string {
  return keepTogether(`Service « ${service.name} » : ${tellProposal(rules, service, content.proposal)}`)
}

/**
 * What a dossier says, in a few lines that the decision keeps and everybody may come to read: no amount, and no figure that
 * was not measured.
 */
export function summariseDossier(
  rules: Phases,
  service: Named,
  { number, content }: { number: number; content: Dossier },
): string {
  const { problem, audience, measures, users, learned, notReached, proposal } = content
  const lines = [
    `Dossier d’impact n° ${number} du service « ${service.name} », en phase : ${namePhase(rules, service.phase)}.`,
    `Problème traité : ${cut(problem)}`,
    `Public : ${cut(audience)}`,
    `Utilisateurs : ${users.value === null ? 'non mesuré' : `${tell(users.value)} (${tellReading(users)})`}.`,
    ...measures.map((measure) => {
      const unit = measure.unit === '' ? '' : ` ${measure.unit}`
      const value = measure.value === null ? 'non mesuré' : `${tell(measure.value)}${unit} (${tellReading(measure)})`
      const from = measure.startingPoint === null ? 'départ non mesuré' : `départ ${tell(measure.startingPoint)}${unit}`
      const to = measure.target === null ? 'sans cible' : `cible ${tell(measure.target)}${unit}`
      return `${measure.name} : ${value} ; ${from}, ${to}.`
    }),
    `Ce qui a été appris : ${cut(learned)}`,
    `Ce qui n’a pas été atteint : ${cut(notReached)}`,
    `Proposition : ${tellProposal(rules, service, proposal)}.`,
    ...listProposalTexts(proposal),
  ]
  return keepTogether(lines.join('\n'))
}

/** An exact number, typed with a point or a comma, as French writes it. */
const tell = (number: string) => tellNumber(number.replace(',', '.')).fr

/** French signs of two parts and quotation marks stand off their words, on the same line. */
const keepTogether = (text: string) => text.replace(/ (?=[:;?!»])/g, '\u00a0').replace(/« /g, '«\u00a0')

const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest).trimEnd()}…` : text)

const namePhase = ({ phases }: Phases, phase: string) => phases.find(({ key }) => key === phase)?.name ?? phase

function tellReading({ measuredOn, source }: Dossier['users']): string {
  return [...(measuredOn === null ? [] : [`le ${tellDay(measuredOn).fr}`]), `source : ${source}`].join(', ')
}

function tellProposal(rules: Phases, service: Named, proposal: Proposal): string {
  if (proposal.kind === 'stop') return 'arrêter'
  if (proposal.kind === 'change') {
    return proposal.dueOn === null ? 'changer' : `changer, d’ici au ${tellDay(proposal.dueOn).fr}`
  }
  const name = namePhase(rules, proposal.phase)
  return proposal.phase === service.phase ? `poursuivre en phase : ${name}` : `poursuivre, et passer en phase : ${name}`
}

function listProposalTexts(proposal: Proposal): string[] {
  if (proposal.kind === 'continue') return proposal.why === '' ? [] : [`Pourquoi : ${cut(proposal.why)}`]
  if (proposal.kind === 'change') return [`Ce qui change : ${cut(proposal.what)}`]
  return [
    `Ce que deviennent les utilisateurs : ${cut(proposal.users)}`,
    `Restitution puis destruction des données : ${cut(proposal.data)}`,
    `Remise du code et de la documentation : ${cut(proposal.code)}`,
  ]
}
