import type {
  ExtractedEstablishment,
  ExtractedGroup,
  ExtractedPerson,
  ExtractedPupil,
  ExtractedTeacher,
} from '#modules/directory'
import type { Degree } from './tables.ts'
import type { Element } from './xml-files.ts'

// Elements of GAR-ENT.xsd 1.7 and GAR-ENT-1D.xsd, in their order. Lengths are those of the schemas.

/** An element when there is something to say. */
function optional(name: string, text: string | null | undefined, longest = 255): Element[] {
  return text ? [[name, text.slice(0, longest)]] : []
}

/** The GAR knows two titles. */
function toTitle(title: string | null): string | undefined {
  if (title === null) return undefined
  if (/^(m|mr|monsieur)\.?$/i.test(title)) return 'M.'
  return /^(mme|madame|mlle|mademoiselle)\.?$/i.test(title) ? 'Mme' : undefined
}

function toIdentity(
  identifier: string,
  person: ExtractedPerson,
  profiles: { uai: string; profile: string }[],
  main?: string,
): Element[] {
  const others = person.otherGivenNames?.split(/\s+/).filter(Boolean) ?? []
  return [
    ['GARPersonIdentifiant', identifier],
    ...profiles.map(({ uai, profile }): Element => [
      'GARPersonProfils',
      [
        ['GARStructureUAI', uai],
        ['GARPersonProfil', profile],
      ],
    ]),
    ...optional('GARPersonNomPatro', person.birthFamilyName, 500),
    ['GARPersonNom', person.familyName.slice(0, 500)],
    ['GARPersonPrenom', person.givenName.slice(0, 500)],
    ...[...new Set([person.givenName, ...others])].map((name): Element => [
      'GARPersonAutresPrenoms',
      name.slice(0, 500),
    ]),
    ...optional('GARPersonCivilite', toTitle(person.title)),
    ...optional('GARPersonStructRattach', main),
  ]
}

const distinct = (values: string[]) => [...new Set(values)]

export function toPupil(identifier: string, pupil: ExtractedPupil): Element {
  const uais = distinct(pupil.places.map(({ uai }) => uai))
  const profiles = uais.map((uai) => ({ uai, profile: 'National_elv' }))
  return [
    'GAREleve',
    [
      ...toIdentity(identifier, pupil, profiles, uais.length === 1 ? uais[0] : undefined),
      ...uais.map((uai): Element => ['GARPersonEtab', uai]),
      ...optional('GARPersonDateNaissance', pupil.bornOn),
    ],
  ]
}

/** A teacher, or a documentalist, who is one in an establishment where the person is both. */
export function toTeacher(identifier: string, teacher: ExtractedTeacher, degree: Degree): Element {
  const profiles = new Map<string, string>()
  for (const { uai, profile } of teacher.places) {
    if (!profiles.has(uai) || profile === 'documentation') {
      profiles.set(uai, profile === 'documentation' ? 'National_doc' : 'National_ens')
    }
  }
  const uais = [...profiles.keys()]
  const disciplines = Map.groupBy(teacher.disciplines ?? [], ({ uai }) => uai)
  const [list, code] =
    degree === '2D'
      ? ['GAREnsDisciplinesPostes', 'GAREnsDisciplinePosteCode']
      : ['GAREnsSpecialitesPostes', 'GAREnsSpecialitePosteCode']
  return [
    'GAREnseignant',
    [
      ...toIdentity(
        identifier,
        teacher,
        uais.map((uai) => ({ uai, profile: profiles.get(uai) ?? '' })),
        uais.length === 1 ? uais[0] : undefined,
      ),
      ...uais.map((uai): Element => ['GARPersonEtab', uai]),
      ...optional('GARPersonDateNaissance', teacher.bornOn),
      ...uais.flatMap((uai): Element[] => {
        const codes = distinct((disciplines.get(uai) ?? []).map((each) => each.code)).sort()
        if (codes.length === 0) return []
        return [[list, [['GARStructureUAI', uai], ...codes.map((each): Element => [code, each.slice(0, 255)])]]]
      }),
      ...(degree === '2D' ? optional('GARPersonMail', teacher.email) : []),
    ],
  ]
}

export function toEstablishment(establishment: ExtractedEstablishment): Element {
  return [
    'GAREtab',
    [
      ['GARStructureUAI', establishment.uai],
      ['GARStructureNomCourant', establishment.name.slice(0, 500)],
      ...optional('GARStructureTelephone', establishment.phone, 20),
      ...optional('GARStructureEmail', establishment.email),
    ],
  ]
}

export function toGroup({ uai, code, name, kind, classes }: ExtractedGroup): Element {
  return [
    'GARGroupe',
    [
      ['GARGroupeCode', code],
      ['GARStructureUAI', uai],
      ['GARGroupeLibelle', name.slice(0, 255)],
      ['GARGroupeStatut', kind === 'class' ? 'DIVISION' : 'GROUPE'],
      ...(classes ?? []).map((each): Element => ['GARGroupeDivAppartenance', each]),
    ],
  ]
}

/** Undefined without an e-mail address: the schema wants one. */
export function toAssigner(
  identifier: string,
  person: ExtractedPerson & { email: string | null; uais: string[] },
): Element | undefined {
  if (!person.email) return undefined
  return [
    'GARRespAff',
    [
      ['GARPersonIdentifiant', identifier],
      ['GARPersonNom', person.familyName.slice(0, 500)],
      ['GARPersonPrenom', person.givenName.slice(0, 500)],
      ...optional('GARPersonCivilite', toTitle(person.title)),
      ['GARPersonMail', person.email.slice(0, 255)],
      ...person.uais.map((uai): Element => ['GARRespAffEtab', uai]),
    ],
  ]
}

/** An element of plain texts, such as a link between a person and a group. */
export function toLink(name: string, texts: Record<string, string | string[]>): Element {
  return [
    name,
    Object.entries(texts).flatMap(([key, text]): Element[] => [text].flat().map((each) => [key, each.slice(0, 255)])),
  ]
}
