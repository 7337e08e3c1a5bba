import type { PublishedDecision, Publisher } from './publications.queries.ts'

/** A decision as the open data name it. */
export interface OpenDecision extends PublishedDecision {
  /** Short name of the body. */
  bodyName: string
  /** Page where everybody reads it. */
  address: string
}

/** Columns of SCDL "délibérations" 2.1.5 (schema.data.gouv.fr/scdl/deliberations). */
export const scdlColumns = [
  'COLL_NOM',
  'COLL_SIRET',
  'DELIB_ID',
  'DELIB_DATE',
  'DELIB_MATIERE_CODE',
  'DELIB_MATIERE_NOM',
  'DELIB_OBJET',
  'BUDGET_ANNEE',
  'BUDGET_NOM',
  'PREF_ID',
  'PREF_DATE',
  'VOTE_EFFECTIF',
  'VOTE_REEL',
  'VOTE_POUR',
  'VOTE_CONTRE',
  'VOTE_ABSTENTION',
  'DELIB_URL',
]

/**
 * A decision by SCDL. Its votes are counts of heads: here members, each one; voices are in the companion table. A decision
 * without a vote leaves all five empty, as it asks.
 */
export function toScdlRow(decision: OpenDecision, publisher: Publisher): string[] {
  const heads = countHeads(decision)
  return [
    publisher.name,
    publisher.siret,
    decision.number,
    decision.decidedOn,
    decision.matterCode,
    decision.matterName,
    decision.title,
    '',
    '',
    '',
    '',
    ...(heads
      ? [heads.entitled, heads.real, heads.for, heads.against, heads.abstain].map(String)
      : ['', '', '', '', '']),
    decision.address,
  ]
}

/** What a member did in a vote, as the roll and the last of its votes say. */
export interface PublishedVote {
  /** Number of the decision. */
  number: string
  /** 2 for the second round of a vote between names. */
  round: number
  party: string
  partyName: string
  /** Exact: `4.5`. */
  voices: string
  state: 'present' | 'represented' | 'absent' | 'recused'
  /** Null for who did not vote. */
  choice: string | null
}

/** Columns of what SCDL cannot say: who voted what, with how many voices, and what it took. */
export const weightedVoteColumns = [
  'COLL_SIRET',
  'DELIB_ID',
  'INSTANCE',
  'TOUR',
  'MEMBRE_CODE',
  'MEMBRE_NOM',
  'VOIX',
  'PRESENCE',
  'VOTE',
  'SEUIL_COMPARATEUR',
  'SEUIL_VOIX',
  'RESULTAT',
]

/** The votes on a decision: one row a member and round. */
export function toWeightedVoteRows(
  decision: OpenDecision,
  publisher: Publisher,
  votes: readonly PublishedVote[],
): string[][] {
  const { number, bodyName, verdict, outcome } = decision
  return votes.map(({ round, party, partyName, voices, state, choice }) => [
    publisher.siret,
    number,
    bodyName,
    String(round),
    party,
    partyName,
    voices,
    state,
    choice ?? '',
    verdict?.threshold?.comparator ?? '',
    verdict?.threshold?.voices ?? '',
    outcome,
  ])
}

/** Heads of a yes-or-no vote; undefined for one between names, and where nobody voted. */
function countHeads({ verdict }: OpenDecision) {
  if (!verdict || verdict.tally.some(({ choice }) => !['for', 'against', 'abstain'].includes(choice))) return undefined
  const of = (choice: string) => verdict.tally.find((each) => each.choice === choice)?.parties.length ?? 0
  const [inFavour, against, abstain] = [of('for'), of('against'), of('abstain')]
  const entitled = verdict.steps.find(({ key }) => key === 'roll')?.figures['entitled']
  const real = inFavour + against + abstain
  return real === 0 || typeof entitled !== 'number' ? undefined : { entitled, real, for: inFavour, against, abstain }
}

/**
 * A table as SCDL asks for: commas, UTF-8 without a mark, and quotes where needed. Nothing is put before a cell that looks
 * like a formula: programs read this, and the words are those of decisions.
 */
export function writeOpenCsv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** A set of open data: its page and its files. */
export interface Dataset {
  slug: string
  title: string
  description: string
  publisher: Publisher
  /** Day of the newest content. */
  modified: string | undefined
  page: string
  files: { title: string; address: string; mediaType: string; conformsTo?: string }[]
}

/**
 * The catalogue that data.gouv.fr and others harvest: DCAT in JSON-LD (w3.org/TR/vocab-dcat-3).
 * @param address of this catalogue.
 */
export function writeCatalogue(name: string, address: string, datasets: readonly Dataset[]): object {
  const text = (value: string) => ({ '@language': 'fr', '@value': value })
  return {
    '@context': {
      dcat: 'http://www.w3.org/ns/dcat#',
      dct: 'http://purl.org/dc/terms/',
      foaf: 'http://xmlns.com/foaf/0.1/',
      xsd: 'http://www.w3.org/2001/XMLSchema#',
    },
    '@id': address,
    '@type': 'dcat:Catalog',
    'dct:title': text(name),
    'dct:description': text('Décisions, votes et conventions publiés par les groupements de cet espace.'),
    'dcat:dataset': datasets.map((each) => ({
      '@id': `${each.page}#dataset`,
      '@type': 'dcat:Dataset',
      'dct:identifier': each.slug,
      'dct:title': text(each.title),
      'dct:description': text(each.description),
      'dct:language': { '@id': 'http://publications.europa.eu/resource/authority/language/FRA' },
      'dct:license': { '@id': 'https://www.etalab.gouv.fr/licence-ouverte-open-licence' },
      ...(each.modified && { 'dct:modified': { '@type': 'xsd:date', '@value': each.modified } }),
      'dcat:keyword': ['délibérations', 'gouvernance', 'numérique éducatif'].map(text),
      'dcat:landingPage': { '@id': each.page },
      'dct:publisher': {
        '@type': 'foaf:Agent',
        'foaf:name': each.publisher.name,
        'dct:identifier': each.publisher.siret,
      },
      'dcat:distribution': each.files.map((file) => ({
        '@id': file.address,
        '@type': 'dcat:Distribution',
        'dct:title': text(file.title),
        'dcat:accessURL': { '@id': file.address },
        'dcat:downloadURL': { '@id': file.address },
        'dcat:mediaType': { '@id': `https://www.iana.org/assignments/media-types/${file.mediaType}` },
        ...(file.conformsTo && { 'dct:conformsTo': { '@id': file.conformsTo } }),
      })),
    })),
  }
}
