import { hash } from 'node:crypto'
import { toSearchKey } from '../search-key.ts'

/** What one row of a file is about. */
export const csvKinds = ['pupil', 'guardian', 'staff', 'class', 'establishment'] as const
export type CsvKind = (typeof csvKinds)[number]

const personFields = [
  'id',
  'familyName',
  'usualFamilyName',
  'birthFamilyName',
  'givenName',
  'otherGivenNames',
  'title',
  'bornOn',
  'email',
  'phone',
  'mobile',
  'workPhone',
  'street',
  'postalCode',
  'town',
  'country',
] as const
const placeFields = ['uai', 'establishmentName'] as const

/** What columns can hold, for each kind of file, in the order people choose from. */
export const csvFields = {
  pupil: [
    ...personFields,
    'ine',
    ...placeFields,
    'class',
    'group',
    'level',
    'mef',
    'regime',
    'status',
    'enteredOn',
    'leftOn',
    'guardianId',
  ],
  guardian: [
    ...personFields,
    'uai',
    'childId',
    'childFamilyName',
    'childUsualFamilyName',
    'childGivenName',
    'childBornOn',
    'childClass',
    'link',
    'legal',
  ],
  staff: [...personFields, ...placeFields, 'function', 'discipline', 'head', 'class', 'mainClass', 'group'],
  class: ['code', 'name', ...placeFields],
  establishment: ['uai', 'name', 'type', 'street', 'postalCode', 'town', 'phone', 'email'],
} as const satisfies Record<CsvKind, readonly string[]>

export type CsvField = (typeof csvFields)[CsvKind][number]

/** What the columns of a file hold. Columns that are not named are not read. */
export interface CsvMapping {
  kind: CsvKind
  /** Header, as written → field; the second column of the same name is `name (2)`. */
  columns: Record<string, CsvField>
  /** Profile of staff whose function does not tell it. */
  profile?: 'teacher' | 'staff' | undefined
}

/** What people say of CSV files that say nothing of themselves. */
export interface CsvDescription {
  /** Name of where the files come from: a later export under the same name takes the place of this one. */
  source: string
  /** By name of file; `*` for any other. */
  files: Record<string, CsvMapping>
}

/** The header of each column under a name of its own: `Classe`, `Classe (2)`. */
export function nameColumns(headers: string[]): string[] {
  const seen = new Map<string, number>()
  return headers.map((header) => {
    const key = toSearchKey(header)
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    return count === 1 ? header : `${header} (${count})`
  })
}

/** What a set of headers is remembered by: their order, accents and case say nothing. */
export function toHeaderKey(headers: string[]): string {
  const names = nameColumns(headers.map((header) => toSearchKey(header))).sort()
  return hash('sha256', names.join('\n'))
}

/** The fields of a file's columns, in their order; null for those not read. */
export function placeFieldsOf(headers: string[], mapping: CsvMapping): (CsvField | null)[] {
  const known = new Map(Object.entries(mapping.columns).map(([name, field]) => [toSearchKey(name), field]))
  const allowed = new Set<string>(csvFields[mapping.kind])
  return nameColumns(headers).map((name) => {
    const field = known.get(toSearchKey(name))
    return field !== undefined && allowed.has(field) ? field : null
  })
}

// Words that say nothing by themselves.
const emptyWords = new Set('a an au aux d de des du et in l la le les nr number of on ou s the'.split(' '))

// Whom a column is about, which its kind of file already says.
const subjects: Record<CsvKind, RegExp> = {
  pupil: /^(eleves?|enfants?|etudiante?s?|apprenante?s?|pupils?|students?|learners?|child|children)$/,
  guardian: /^(responsables?|resp|parents?|tuteurs?|tutrices?|guardians?|relatives?|representants?)$/,
  staff: /^(enseignante?s?|personnels?|professeurs?|profs?|agents?|teachers?|staff|employees?)$/,
  class: /^(?!)/,
  establishment: /^(etablissements?|schools?)$/,
}

// Words of a header, put together → field. People, then what is of one kind only.
const personSynonyms: Record<string, string> = {
  id: 'id identifiant identifier externalid idexterne identifiantexterne sourcedid matricule numero uid elenoet eleveid personneid code cle ident',
  familyName: 'nom nomfamille lastname familyname surname sn name',
  usualFamilyName: 'nomusage nomusuel nomd nommarital nomepouse usualname preferredlastname preferredfamilyname',
  birthFamilyName: 'nomnaissance nompatronymique nompatro nomjeunefille birthname birthlastname maidenname',
  givenName: 'prenom prenomusage prenomusuel firstname givenname forename preferredfirstname',
  otherGivenNames: 'autresprenoms prenom2 deuxiemeprenom secondprenom prenoms middlename middlenames othernames',
  title: 'civilite titre title civ',
  bornOn: 'naissance datenaissance datenaiss naiss nee nele neele ne birthdate datebirth birthday dob dateborn born',
  email:
    'email mail courriel mel adressemail adresseemail adressemel adressecourriel courrielelectronique emailaddress mailaddress adresseelectronique',
  phone:
    'telephone tel phone teldomicile telephonedomicile telephonepersonnel telpersonnel telpers telephonefixe telfixe fixe homephone phonehome domicile numerotelephone phonenumber',
  mobile:
    'portable mobile telportable telephoneportable telephonemobile telmobile gsm mobilephone cellphone cell sms numeroportable',
  workPhone: 'telephonetravail teltravail telephoneprofessionnel telprofessionnel telpro workphone phonework travail',
  street: 'adresse rue address street adressepostale voie streetaddress adresseligne ligneadresse',
  postalCode: 'cp codepostal postcode postalcode zip zipcode',
  town: 'ville commune city town localite communeresidence',
  country: 'pays country paysresidence',
}
const placeSynonyms: Record<string, string> = {
  uai: 'uai rne uaj codeuai coderne uaietablissement rneetablissement codeetablissement numeroetablissement schooluai schoolcode',
  establishmentName:
    'etablissement ecole nometablissement nomecole school schoolname college lycee libelleetablissement',
}
const classSynonyms: Record<string, string> = {
  class: 'classe classes division divisions class libelleclasse codeclasse nomclasse classname homeroom clas',
  group: 'groupe groupes group groups regroupement regroupements',
}
const synonyms: Record<CsvKind, Record<string, string>> = {
  pupil: {
    ...personSynonyms,
    ...placeSynonyms,
    ...classSynonyms,
    id: `${personSynonyms['id']} ideleve studentid pupilid`,
    familyName: `${personSynonyms['familyName']} nomeleve`,
    givenName: `${personSynonyms['givenName']} prenomeleve`,
    ine: 'ine numeroine idnational identifiantnational ineerne inernie inebea nationalid ineconfirme',
    level: 'niveau level grade niveauformation libellemef formation',
    mef: 'mef codemef',
    regime: 'regime coderegime hebergement accommodation boarding',
    status: 'statut status codestatut',
    enteredOn: 'dateentree entree entrydate startdate dateinscription datedebut',
    leftOn: 'datesortie sortie exitdate leavingdate enddate datefin',
  },
  guardian: {
    ...personSynonyms,
    uai: placeSynonyms['uai']!,
    link: 'lien lienparente parente relation relationship codeparente liencharge qualite link',
    childId: 'childexternalid childid studentid pupilid idenfant ideleve',
    childFamilyName: 'nomenfant nomeleve childlastname studentlastname',
    childGivenName: 'prenomenfant prenomeleve childfirstname studentfirstname',
    childClass: 'classeenfant classesenfants classeeleve childclass',
    legal: 'legal resplegal responsabilitelegale niveauresponsabilite legalstatus legale',
  },
  staff: {
    ...personSynonyms,
    ...placeSynonyms,
    ...classSynonyms,
    function: 'fonction fonctions function role poste emploi profession metier job profil profile jobtitle',
    discipline: 'discipline disciplines matiere matieres specialite subject subjects matiereenseignee',
    head: 'directeur directrice chefetablissement direction principal headteacher ishead',
    mainClass: 'principal pp classeprincipale mainclass classepp principalde',
  },
  class: {
    ...placeSynonyms,
    code: 'code codeclasse codedivision id identifiant division classe class codestructure classcode',
    name: 'nom libelle name label intitule libelleclasse nomclasse classname libellelong designation title',
  },
  establishment: {
    uai: placeSynonyms['uai']!,
    name: 'nom denomination libelle name appellation nometablissement schoolname denominationprincipale',
    type: 'type nature typeetablissement categorie kind',
    ...pick(personSynonyms, ['street', 'postalCode', 'town', 'phone', 'email']),
  },
}

// What a file of guardians says of the children.
const childFields: Record<string, CsvField> = {
  id: 'childId',
  ine: 'childId',
  familyName: 'childFamilyName',
  usualFamilyName: 'childUsualFamilyName',
  givenName: 'childGivenName',
  bornOn: 'childBornOn',
  class: 'childClass',
}

const fieldByWord = Object.fromEntries(csvKinds.map((kind) => [kind, invert(synonyms[kind])])) as Record<
  CsvKind,
  Map<string, string>
>

function pick(all: Record<string, string>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, all[name]!]))
}

function invert(of: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(of).flatMap(([field, words]) => words.split(' ').map((word) => [word, field] as const)))
}

/** What a header most likely stands for in a file of a kind, in French or English; null when it is none of the fields. */
export function proposeField(kind: CsvKind, header: string): CsvField | null {
  // "Adresse1" is the address; "Adresse2", another one's.
  const words = toSearchKey(header)
    .split(' ')
    .filter((word) => word !== '' && word !== '1' && !emptyWords.has(word))
    .map((word) => word.replace(/^(\p{L}{2,})1$/u, '$1'))
  const find = (of: CsvKind, rest: string[]) => fieldByWord[of].get(rest.join(''))
  const whole = find(kind, words)
  const about = (of: CsvKind) => words.filter((word) => subjects[of].test(word))
  if (kind === 'guardian' && about('pupil').length > 0) {
    const rest = words.filter((word) => !subjects.pupil.test(word))
    return childFields[find('pupil', rest) ?? ''] ?? null
  }
  if (kind === 'pupil' && about('guardian').length > 0) {
    const rest = words.filter((word) => !subjects.guardian.test(word))
    return find('guardian', rest) === 'id' ? 'guardianId' : null
  }
  const field =
    whole ??
    find(
      kind,
      words.filter((word) => !subjects[kind].test(word)),
    )
  return field === undefined ? null : (field as CsvField)
}

const fileWords: [CsvKind, RegExp][] = [
  ['guardian', /respons|parent|guardian|relative|tuteur|famille/],
  ['staff', /enseign|prof|teacher|personnel|staff|agent/],
  ['establishment', /etab|ecoles|schools|establishment/],
  ['class', /classes|divisions|groupes|groups/],
  ['pupil', /eleve|pupil|student|apprenant|etudiant|enfant/],
]

/** Proposes what a file holds, from its name and its headers. */
export function proposeMapping(name: string, headers: string[], kind = proposeKind(name, headers)): CsvMapping {
  const columns: Record<string, CsvField> = {}
  const taken = new Set<CsvField>()
  const names = nameColumns(headers)
  headers.forEach((header, index) => {
    const field = proposeField(kind, header)
    if (field === null || (taken.has(field) && !isRepeatable(field))) return
    taken.add(field)
    columns[names[index]!] = field
  })
  const profile = /enseign|prof|teacher/.test(toSearchKey(name)) ? 'teacher' : 'staff'
  return kind === 'staff' ? { kind, columns, profile } : { kind, columns }
}

/** Whether several columns may hold the field: lists, and children one after the other. */
export function isRepeatable(field: CsvField): boolean {
  return /^(class|group|mainClass|guardianId|street|otherGivenNames|discipline|child.+)$/.test(field)
}

function proposeKind(name: string, headers: string[]): CsvKind {
  const key = toSearchKey(name)
  const said = fileWords.find(([, words]) => words.test(key))
  if (said) return said[0]
  const known = csvKinds.map((kind) => ({
    kind,
    count: headers.filter((header) => proposeField(kind, header) !== null).length,
  }))
  return known.reduce((best, each) => (each.count > best.count ? each : best)).kind
}
