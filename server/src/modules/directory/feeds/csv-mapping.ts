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

/** What a pupil's row can tell of each of those who answer for the pupil. */
const rowGuardianParts = [
  'Id',
  'FamilyName',
  'GivenName',
  'Title',
  'Email',
  'Phone',
  'Mobile',
  'WorkPhone',
  'Street',
  'PostalCode',
  'Town',
  'Link',
  'Legal',
] as const
/** Numbers of the guardians of one row. */
export const rowGuardians = [1, 2, 3, 4] as const
type RowGuardianPart = (typeof rowGuardianParts)[number]
type RowGuardianField = `guardian${(typeof rowGuardians)[number]}${RowGuardianPart}`
const rowGuardianFields = rowGuardians.flatMap((number) =>
  rowGuardianParts.map((part): RowGuardianField => `guardian${number}${part}`),
)

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
    ...rowGuardianFields,
    'deleted',
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
    'deleted',
  ],
  staff: [...personFields, ...placeFields, 'function', 'discipline', 'head', 'class', 'mainClass', 'group', 'deleted'],
  class: ['code', 'name', ...placeFields, 'deleted'],
  establishment: ['uai', 'name', 'type', 'street', 'postalCode', 'town', 'phone', 'email', 'deleted'],
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

/** Of a column about one of those who answer for the pupil of its row: which one, and the field of a guardian. */
export function splitRowGuardian(field: CsvField): { number: number; field: CsvField } | undefined {
  const [, number, first, rest] = /^guardian([1-4])(\w)(.*)$/.exec(field) ?? []
  if (number === undefined) return undefined
  return { number: Number(number), field: `${first!.toLowerCase()}${rest}` as CsvField }
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

// Of a file of changes: whether the row takes away what it describes.
const deletionWords =
  'supprime supprimer suppression asupprimer deleted delete removed action operation mouvement typemouvement'

const fieldByWord = Object.fromEntries(csvKinds.map((kind) => [kind, invert(synonyms[kind])])) as Record<
  CsvKind,
  Map<string, string>
>

function pick(all: Record<string, string>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, all[name]!]))
}

function invert(of: Record<string, string>): Map<string, string> {
  const all = Object.entries({ deleted: deletionWords, ...of })
  return new Map(all.flatMap(([field, words]) => words.split(' ').map((word) => [word, field] as const)))
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
  if (kind === 'pupil') {
    const guardian = proposeRowGuardian(toSearchKey(header).split(' '))
    if (guardian !== undefined) return guardian
  }
  const field =
    whole ??
    find(
      kind,
      words.filter((word) => !subjects[kind].test(word)),
    )
  return field === undefined ? null : (field as CsvField)
}

const rowGuardianWord =
  /^(responsables?|resp|rep|rl|parents?|tuteurs?|tutrices?|guardians?|representants?|pere|mere|father|mother)([1-4])?$/

/** What a header says of a guardian in a pupil's row; null when nothing that is read; undefined when it is of none. */
function proposeRowGuardian(words: string[]): CsvField | null | undefined {
  let number: string | undefined
  let found = false
  const rest: string[] = []
  for (const word of words) {
    const [, subject, digit] = rowGuardianWord.exec(word) ?? []
    const [, letters, place] = /^(\p{L}*)([1-4])$/u.exec(word) ?? []
    if (subject !== undefined) {
      found = true
      number ??= digit ?? (/^(mere|mother)$/.test(subject) ? '2' : undefined)
    } else if (letters !== undefined) {
      number ??= place
      if (letters !== '') rest.push(letters)
    } else if (word !== '' && !emptyWords.has(word)) rest.push(word)
  }
  if (!found) return undefined
  const find = (of: string[]) => fieldByWord.guardian.get(of.join(''))
  const field = find(rest) ?? find(rest.filter((word) => !/^leg(al|aux|ale|ales)$/.test(word)))
  // Without a number, references to guardians whom another file describes.
  if (field === 'id' && number === undefined) return 'guardianId'
  const part = field === 'usualFamilyName' ? 'familyName' : (field ?? '')
  const known = rowGuardianParts.find((each) => each.toLowerCase() === part.toLowerCase())
  return known === undefined ? null : `guardian${(number ?? '1') as '1'}${known}`
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
  // References to guardians of another file, unless the row itself says who they are.
  if (Object.values(columns).includes('guardian1FamilyName')) {
    for (const [column, field] of Object.entries(columns)) if (field === 'guardianId') columns[column] = 'guardian1Id'
  }
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
