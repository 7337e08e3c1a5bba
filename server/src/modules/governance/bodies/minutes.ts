import { tellNumber } from '../votes/step.ts'
import type { ConveningCheck } from './convening.ts'

/** A piece of a document, as the page and the PDF both write it. */
export type Block =
  | { kind: 'heading'; level: 2 | 3; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'table'; caption: string; columns: string[]; rows: string[][] }

/** What happened at a meeting, in the words of its minutes: one text, in French, for the page and for the PDF. */
export interface Minutes {
  title: string
  blocks: Block[]
}

/** What the minutes of a meeting tell; people by their names, parties by theirs. */
export interface MeetingFacts {
  agreement: { title: string; version: number }
  body: { name: string; shortName: string; article: string }
  bodyNames: Record<string, string>
  title: string
  place: string
  urgent: boolean
  secondConvening: boolean
  startsAt: Date
  convenedAt: Date | null
  openedAt: Date | null
  closedAt: Date | null
  withoutQuorum: boolean
  chair: string | null
  secretary: string | null
  checks: ConveningCheck[]
  attendance: { party: string; name: string; rank: 'holder' | 'deputy'; arrivedAt: Date; leftAt: Date | null }[]
  represented: { from: string; to: string; startsAt: Date; endsAt: Date | null }[]
  absent: string[]
  items: ItemFacts[]
  followUp: { number: string; title: string; dueOn: string | null; doneOn: string | null; note: string | null }[]
  next: { startsAt: Date; place: string } | null
  /** Corrections taken in since the meeting was closed. */
  corrections: { text: string; takenInAt: Date }[]
}

/** What came of an agenda item. */
interface ItemFacts {
  title: string
  text: string
  kind: string
  gist: string
  papers: { name: string; sha256: string }[]
  recused: string[]
  ballots: {
    round: 1 | 2
    /** What stood at the opening, quorum included; then how the result was reached: each with its article. */
    steps: { text: string; article: string | null; interpretation: string | null }[]
    votes: { party: string; voices: string; choice: string; by: string | null }[]
  }[]
  decision: { number: string; outcome: string; text: string; dueOn: string | null } | null
  /** Of an item that approves minutes: those of when, once approved. */
  approvedMinutesOf: string | null
}

const ranks = { holder: 'titulaire', deputy: 'suppléant' }
const kinds: Record<string, string> = {
  information: 'information',
  discussion: 'débat',
  opinion: 'avis',
  decision: 'décision',
  minutes: 'procès-verbal',
}
const outcomes: Record<string, string> = { adopted: 'adopté', rejected: 'rejeté', none: 'sans décision' }

/** Writes the minutes of a meeting from what happened in it. @param timeZone in which days and hours are told. */
export function composeMinutes(facts: MeetingFacts, timeZone: string): Minutes {
  const tell = tellTime(timeZone)
  const blocks: Block[] = [
    ...composeSitting(facts, tell),
    ...composeRegister(facts, tell),
    { kind: 'heading', level: 2, text: 'Ordre du jour' },
    {
      kind: 'list',
      items: facts.items.map(({ title, kind }, index) => `${index + 1}. ${title} (${kinds[kind] ?? kind})`),
    },
    ...facts.items.flatMap((item, index) => composeItem(item, index + 1)),
    ...composeFollowUp(facts),
  ]
  if (facts.next) {
    const place = facts.next.place === '' ? '' : `, ${facts.next.place}`
    blocks.push(
      { kind: 'heading', level: 2, text: 'Prochaine réunion' },
      { kind: 'paragraph', text: `${tell.moment(facts.next.startsAt)}${place}.` },
    )
  }
  if (facts.corrections.length > 0) {
    blocks.push(
      { kind: 'heading', level: 2, text: 'Corrections' },
      { kind: 'list', items: facts.corrections.map(({ text, takenInAt }) => `${tell.day(takenInAt)} : ${text}`) },
    )
  }
  return { title: `Procès-verbal – ${facts.body.name}, ${tell.day(facts.openedAt ?? facts.startsAt)}`, blocks }
}

type Tell = ReturnType<typeof tellTime>

function composeSitting(facts: MeetingFacts, tell: Tell): Block[] {
  const { openedAt, closedAt, checks } = facts
  const said: string[] = [
    `Convention : ${facts.agreement.title} (version ${facts.agreement.version}). Instance : ${facts.body.name} (${facts.body.shortName}), article ${facts.body.article}.`,
    facts.title,
    `Séance ${facts.urgent ? 'd’urgence ' : ''}${facts.secondConvening ? 'sur seconde convocation ' : ''}ouverte ${openedAt ? tell.at(openedAt) : 'à une heure qui reste à dire'}${closedAt ? `, close ${tell.at(closedAt)}` : ''}.`,
    `Lieu : ${facts.place === '' ? 'non précisé' : facts.place}.`,
    `Présidence : ${facts.chair ?? 'non désignée'}. Secrétariat : ${facts.secretary ?? 'non désigné'}.`,
  ]
  if (facts.convenedAt) said.push(`Convocation envoyée ${tell.at(facts.convenedAt)}.`)
  if (facts.withoutQuorum) said.push('Faute de quorum, la séance a été levée.')
  return [
    { kind: 'heading', level: 2, text: 'Séance' },
    { kind: 'list', items: said },
    ...(checks.length > 0
      ? [{ kind: 'list' as const, items: checks.map((check) => tellCheck(check, facts.bodyNames)) }]
      : []),
  ]
}

/** A check of the convening in words, with its article. */
function tellCheck(check: ConveningCheck, bodyNames: Record<string, string>): string {
  const { kind, days, limit, doneOn, met, article } = check
  const state = met ? 'respecté' : 'non respecté'
  const cited = `(article ${article})`
  if (kind === 'preparation') {
    const body = bodyNames[check.body ?? ''] ?? check.body
    const held = doneOn === null ? 'aucune réunion dans ce délai' : `réunion du ${tellDay(doneOn)}`
    return `Réunion préparatoire (${body}) au plus tard le ${tellDay(limit)} : ${held}, ${state} ${cited}.`
  }
  if (kind === 'secondConvening')
    return `Seconde convocation ${days} jours au moins après la première, pas avant le ${tellDay(limit)} : ${state} ${cited}.`
  const urgent = kind === 'urgentNotice' ? ' d’urgence' : ''
  return `Délai de convocation${urgent} de ${days} jours, jusqu’au ${tellDay(limit)} : ${state} ${cited}.`
}

function composeRegister(facts: MeetingFacts, tell: Tell): Block[] {
  const { attendance, represented, absent } = facts
  const blocks: Block[] = [{ kind: 'heading', level: 2, text: 'Présents, représentés, absents' }]
  if (attendance.length > 0) {
    blocks.push({
      kind: 'table',
      caption: 'Registre de présence',
      columns: ['Partie', 'Personne', 'Qualité', 'Arrivée', 'Départ'],
      rows: attendance.map(({ party, name, rank, arrivedAt, leftAt }) => [
        party,
        name,
        ranks[rank],
        tell.hour(arrivedAt),
        leftAt ? tell.hour(leftAt) : '–',
      ]),
    })
  }
  if (represented.length > 0) {
    blocks.push({
      kind: 'list',
      items: represented.map(
        ({ from, to, startsAt, endsAt }) =>
          `${from} : pouvoir donné à ${to}, de ${tell.hour(startsAt)}${endsAt ? ` à ${tell.hour(endsAt)}` : ''}.`,
      ),
    })
  }
  blocks.push({
    kind: 'paragraph',
    text: absent.length > 0 ? `Absents : ${absent.join(', ')}.` : 'Aucune partie n’est restée absente.',
  })
  return blocks
}

function composeItem(item: ItemFacts, number: number): Block[] {
  const blocks: Block[] = [{ kind: 'heading', level: 2, text: `${number}. ${item.title}` }]
  const say = (text: string) => blocks.push({ kind: 'paragraph', text })
  if (item.text !== '') say(item.text)
  if (item.papers.length > 0) say(`Pièces : ${item.papers.map(({ name }) => name).join(', ')}.`)
  if (item.gist !== '') say(`Débat : ${item.gist}`)
  if (item.recused.length > 0) say(`Se sont déportés : ${item.recused.join(', ')}.`)
  for (const ballot of item.ballots) {
    const second = ballot.round === 2 ? ', second tour' : ''
    blocks.push(
      { kind: 'heading', level: 3, text: `Vote nominal${second}` },
      {
        kind: 'table',
        caption: `Sens de chaque vote, point ${number}${second}`,
        columns: ['Partie', 'Voix', 'Vote', 'Par'],
        rows: ballot.votes.map(({ party, voices, choice, by }) => [party, tellNumber(voices).fr, choice, by ?? '–']),
      },
      { kind: 'list', items: ballot.steps.map(tellStep) },
    )
  }
  if (item.decision) {
    const { number: reference, outcome, text, dueOn } = item.decision
    // What stands above as the text of the item is not told twice.
    say(`Délibération ${reference} : ${outcomes[outcome] ?? outcome}. ${text === item.text ? '' : text}`.trim())
    if (dueOn !== null) say(`À faire pour le ${tellDay(dueOn)}.`)
  }
  if (item.approvedMinutesOf !== null) say(`Le procès-verbal de la réunion du ${item.approvedMinutesOf} est approuvé.`)
  return blocks
}

function tellStep({ text, article, interpretation }: ItemFacts['ballots'][number]['steps'][number]): string {
  const cited = article === null ? '' : ` (article ${article})`
  const read = interpretation === null ? '' : ` Interprétation : ${interpretation}`
  return `${text}${cited}${read}`
}

function composeFollowUp({ followUp }: MeetingFacts): Block[] {
  if (followUp.length === 0) return []
  return [
    { kind: 'heading', level: 2, text: 'Suites des décisions antérieures' },
    {
      kind: 'table',
      caption: 'Suites des décisions antérieures',
      columns: ['Numéro', 'Objet', 'Échéance', 'État'],
      rows: followUp.map(({ number, title, dueOn, doneOn, note }) => [
        number,
        title,
        dueOn === null ? '–' : tellDay(dueOn),
        doneOn === null ? 'en cours' : `fait le ${tellDay(doneOn)}${note ? ` : ${note}` : ''}`,
      ]),
    },
  ]
}

const write = (options: Intl.DateTimeFormatOptions) => (at: Date) =>
  new Intl.DateTimeFormat('fr-FR', options).format(at).replace(/\b1 (?=\p{L})/u, '1er ')

/** A day in words. */
export const tellDay = (day: string): string =>
  write({ dateStyle: 'long', timeZone: 'UTC' })(new Date(`${day}T00:00:00Z`))

function tellTime(timeZone: string) {
  const day = write({ dateStyle: 'long', timeZone })
  const hour = write({ hour: '2-digit', minute: '2-digit', timeZone })
  return {
    day,
    hour: (at: Date) => hour(at).replace(':', '\u00a0h\u00a0'),
    at: (at: Date) => `le ${day(at)} à ${hour(at).replace(':', '\u00a0h\u00a0')}`,
    moment: (at: Date) => `Le ${day(at)} à ${hour(at).replace(':', '\u00a0h\u00a0')}`,
  }
}
