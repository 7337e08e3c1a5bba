import { Random } from './random.ts'
import { makeUai } from './uai.ts'

export type AcademyKey = 'amiens' | 'lille'

/** An academy as the headers and establishment records of its feed name it. */
export type Academy = {
  /** Code of the feed header, and prefix of the external identifiers of its people: `20`. */
  readonly code: string
  readonly name: string
  readonly upper: string
  readonly regionCode: string
  readonly departments: readonly Department[]
}

type Department = { readonly code: string; readonly name: string; readonly upper: string }

const aisne = { code: '02', name: 'Aisne', upper: 'AISNE' }
const nord = { code: '59', name: 'Nord', upper: 'NORD' }
const oise = { code: '60', name: 'Oise', upper: 'OISE' }
const pasDeCalais = { code: '62', name: 'Pas-de-Calais', upper: 'PAS-DE-CALAIS' }
const somme = { code: '80', name: 'Somme', upper: 'SOMME' }

export const academies: Readonly<Record<AcademyKey, Academy>> = {
  amiens: { code: '20', name: 'Amiens', upper: 'AMIENS', regionCode: '32', departments: [somme, oise, aisne] },
  lille: { code: '09', name: 'Lille', upper: 'LILLE', regionCode: '32', departments: [nord, pasDeCalais] },
}

export type Partner = {
  readonly code: string
  readonly kind: 'region' | 'department' | 'academy' | 'syndicate'
  readonly name: string
}

export type Territory = {
  readonly code: string
  readonly name: string
  /** The partner that answers for it. */
  readonly partnerCode: string
  readonly kind: 'region' | 'department' | 'academy'
  /** INSEE code of the région or département, or code of the academy. */
  readonly officialCode: string
}

/** The public bodies of a demonstration over these academies: région, départements, academies and their syndicate. */
export function listPartners(keys: readonly AcademyKey[] = ['amiens']): Partner[] {
  return [
    { code: 'syndicate', kind: 'syndicate', name: 'Syndicat mixte Préau' },
    { code: 'region-32', kind: 'region', name: 'Région Hauts-de-France' },
    ...keys.flatMap((key): Partner[] => [
      ...academies[key].departments.map(({ code, name }): Partner => ({
        code: `department-${code}`,
        kind: 'department',
        name: departmentTitle(name),
      })),
      { code: `academy-${academies[key].code}`, kind: 'academy', name: `Académie de ${academies[key].name}` },
    ]),
  ]
}

function departmentTitle(name: string): string {
  const article = { Aisne: "de l'", Oise: "de l'", Nord: 'du ', 'Pas-de-Calais': 'du ' }[name] ?? 'de la '
  return `Département ${article}${name}`
}

/** The perimeters those partners answer for. */
export function listTerritories(keys: readonly AcademyKey[] = ['amiens']): Territory[] {
  return [
    {
      code: 'region-32',
      name: 'Lycées des Hauts-de-France',
      partnerCode: 'region-32',
      kind: 'region',
      officialCode: '32',
    },
    ...keys.flatMap((key): Territory[] => [
      ...academies[key].departments.map(({ code, name }): Territory => ({
        code: `department-${code}`,
        name: `Collèges ${departmentTitle(name).replace('Département ', '')}`,
        partnerCode: `department-${code}`,
        kind: 'department',
        officialCode: code,
      })),
      {
        code: `academy-${academies[key].code}`,
        name: `Académie de ${academies[key].name}`,
        partnerCode: `academy-${academies[key].code}`,
        kind: 'academy',
        officialCode: academies[key].code,
      },
    ]),
  ]
}

/**
 * Codes of the territories an establishment belongs to: the authority that runs it first (the département for a
 * collège, the région for a lycée: code de l'éducation L213-2 and L214-6), then its academy.
 */
export function listTerritoryCodes(establishment: {
  uai: string
  level: 'lowerSecondary' | 'upperSecondary'
}): string[] {
  const department = establishment.uai.slice(1, 3)
  const academy = Object.values(academies).find(({ departments }) =>
    departments.some(({ code }) => code === department),
  )
  const authority = establishment.level === 'lowerSecondary' ? `department-${department}` : 'region-32'
  return academy ? [authority, `academy-${academy.code}`] : [authority]
}

/** An invented commune; no name or postal code stands for a real place. */
export type Commune = { readonly name: string; readonly upper: string; readonly postalCode: string }

const placeStems =
  `Aubre Bailla Belloi Brévi Caudre Chauli Condre Dargni Ercheu Estré Flavi Fresnoi Gamé Hargi Jumé Lamoi Lihu
  Maigné Marque Mérivi Morva Noyé Orvi Picque Quéri Ribé Rosière Roué Sailli Santi Tilloi Vadé Vauche Vigna Warlo Wanne`.split(
    /\s+/,
  )
const placeEndings = 'rcourt nvillers rmont gnancourt rlieu zeville nfontaine rbois nval ncourt rmesnil nchy'.split(' ')
const placeQualifiers =
  '|||||-sur-Ancelle|-sur-Ancelle|-en-Vaubrois|-la-Forêt|-le-Grand|-le-Petit|-les-Œillets|-l’Abbaye|-sous-Bois|-au-Val'
    .replaceAll('’', "'")
    .split('|')

export function pickCommune(random: Random, department: string): Commune {
  const prefix = random.chance(0.12) ? random.pick(['Saint-', 'Sainte-', 'Le ', 'La ', 'Neuville-']) : ''
  const name = prefix + random.pick(placeStems) + random.pick(placeEndings) + random.pick(placeQualifiers)
  return makeCommune(name, department + String(100 + random.below(890)))
}

/** The administration writes commune names in capitals, without accents or hyphens: `ST AUBRERCOURT LA FORET`. */
export function makeCommune(name: string, postalCode: string): Commune {
  const upper = name
    .replace(/^Saint-/, 'St ')
    .replace(/^Sainte-/, 'Ste ')
    .replaceAll('-', ' ')
    .replaceAll(/[œŒ]/g, 'oe')
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .toUpperCase()
  return { name, upper, postalCode }
}

const streets =
  `RUE DES LILAS|RUE DE L'ÉGLISE|RUE PASTEUR|RUE JEAN JAURÈS|GRANDE RUE|RUE DU MOULIN|RUE DES ÉCOLES|AVENUE DE LA RÉPUBLIQUE|
  RUE VICTOR HUGO|RUE DU 8 MAI 1945|RUE DU 11 NOVEMBRE|PLACE DE LA MAIRIE|RUE DE LA GARE|CHEMIN VERT|RUE DU CHÂTEAU|RUE DES TILLEULS|
  IMPASSE DES CERISIERS|ALLÉE DES PEUPLIERS|RUE DU STADE|RUE DE PICARDIE|BOULEVARD DE LA LIBERTÉ|RUE DU SACRÉ-CŒUR|RUE DES ŒILLETS|
  RUE DU BŒUF COURONNÉ|ROUTE D'AMIENS|RUE LÉON BLUM|RUE MARIE CURIE|RUE LOUISE MICHEL|SQUARE DES BOULEAUX|RUE DES HORTILLONNAGES|
  RUE DE LA BRIQUETERIE|CITÉ DES MINEURS|RUE DU CALVAIRE|RUE DE LA FONTAINE|RUE NEUVE|RUE HAUTE|RUE BASSE|CHEMIN DES PRÉS|
  RÉSIDENCE DU PARC|RUE D'EN HAUT|SENTE DU LAVOIR|COURS DE L'EUROPE|RUE DES ACACIAS|RUE ARISTIDE BRIAND|RUE DU MARÉCHAL FOCH|
  RUE ALFRED DE VITTEL|QUAI DU CANAL|RUE DES TISSERANDS|RUE DE LA FILATURE|RUE DU GÉNÉRAL LECLERC|AVENUE DES SPORTS|RUE SIMONE VEIL`
    .split('|')
    .map((street) => street.trim())

/** `12 RUE DES LILAS` */
export function pickStreet(random: Random): string {
  return `${1 + random.below(149)}${random.chance(0.06) ? ' BIS' : ''} ${random.pick(streets)}`
}

/** The four lines of a postal address, joined by `$` as feeds do, already escaped for XML. */
export function pickAddress(random: Random): string {
  const line = pickStreet(random)
  const kind = random.unit()
  if (kind < 0.82) return `${line}$$$`
  if (kind < 0.94)
    return `RÉSIDENCE ${random.pick(residences)}$BÂT ${'ABCDEF'.charAt(random.below(6))} APPT ${1 + random.below(60)}$${line}$`
  return `LIEU-DIT ${random.pick(residences)}$${line}$$`
}

const residences = [
  'LES PINS',
  "L'ORÉE DU BOIS",
  'LES JARDINS &amp; LE PARC',
  'LE CLOS FLEURI',
  'LES TERRASSES',
  'VAL DE NOYE',
]

/** Numbers of the ranges the regulator keeps for works of fiction (decision 2018-0881): nobody answers them. */
export function pickPhone(random: Random, kind: 'fixed' | 'mobile'): string {
  const tail = random.below(10_000)
  const digits = `${pairs[Math.floor(tail / 100)]} ${pairs[tail % 100]}`
  return kind === 'mobile' ? `+33 6 39 98 ${digits}` : `+33 3 53 01 ${digits}`
}

/** `00` to `99`. */
export const pairs: readonly string[] = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))

const schoolNames =
  `JEAN MOULIN|ROSA PARKS|JULES FERRY|LOUIS PASTEUR|MARIE CURIE|VICTOR HUGO|ÉMILE ZOLA|JACQUES PRÉVERT|JULES VERNE|GEORGE SAND|
  SIMONE VEIL|LÉONARD DE VINCI|ARTHUR RIMBAUD|JEAN JAURÈS|ANATOLE FRANCE|GUY MÔQUET|LOUISE MICHEL|ALBERT CAMUS|PAUL ÉLUARD|ÉDOUARD LUCAS|
  MARCEL PAGNOL|LES COQUELICOTS|DU VAL D'ANCELLE|LE CLOS DES CHARMES|OLYMPE DE GOUGES|CLAUDE MONET|LOUIS BRAILLE|ALFRED NOBEL|CONDORCET|
  ROBESPIERRE|LA FONTAINE|DENIS DIDEROT|AIMÉ CÉSAIRE|GERMAINE TILLION|HENRI MATISSE|CAMILLE CLAUDEL|MARGUERITE YOURCENAR|GAY-LUSSAC|
  JOLIOT-CURIE|LAVOISIER|JEAN ROSTAND|PIERRE MENDÈS FRANCE|FÉLIX FAURE|BERLIOZ|AMIRAL LEJEUNE|LE CORBUSIER|BLAISE PASCAL|EUGÈNE DELACROIX`
    .split('|')
    .map((name) => name.trim())
const privateSchoolNames = [
  'SACRÉ-CŒUR',
  'SAINT-JOSEPH',
  'NOTRE-DAME',
  'SAINTE-MARIE',
  'LA PROVIDENCE',
  'SAINT-RIQUIER',
]

export function pickSchoolName(random: Random, contract: 'PU' | 'PR'): string {
  return random.pick(contract === 'PU' ? schoolNames : privateSchoolNames)
}

/** Where a sector lies: its département, its order within it, and the UAI codes of its establishments. */
export type Location = {
  readonly department: Department
  readonly basin: string
  readonly towns: readonly [Commune, ...Commune[]]
  uai(rank: number): string
}

/** Sectors are dealt to the départements in turn; UAI orders from 7000 up are above those in use. */
export function locateSector(seed: number, academy: Academy, sectorIndex: number): Location {
  const department = academy.departments[sectorIndex % academy.departments.length] as Department
  const order = Math.floor(sectorIndex / academy.departments.length)
  const basinIndex = Math.floor(order / 5)
  const basinTown = pickCommune(new Random(seed, 11, Number(department.code), basinIndex), department.code)
  const random = new Random(seed, 12, Number(academy.code), sectorIndex)
  const commune = () => pickCommune(random, department.code)
  return {
    department,
    basin: `${academy.code}${pairs[10 + (basinIndex % 80)]}${department.code.charAt(1)}$${basinTown.upper}`,
    towns: [commune(), commune(), commune(), commune(), commune(), commune()],
    uai: (rank) => makeUai(department.code, order < 280 ? 7000 + order * 10 + rank : 1 + (order - 280) * 10 + rank),
  }
}
