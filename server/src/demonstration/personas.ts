import { makeName, type Name, type Sex } from './names.ts'
import { makeCommune } from './territory.ts'

/**
 * The people every demonstration territory of the academy of Amiens holds, whatever its size and seed, so that tests,
 * documentation and visitors can count on them.
 */
export type Persona = {
  readonly key: PersonaKey
  readonly profile: 'pupil' | 'guardian' | 'teacher' | 'head' | 'administrative' | 'partnerAgent' | 'operator'
  readonly familyName: string
  readonly givenName: string
  readonly email: string
  /** `YYYY-MM-DD` */
  readonly birthDate: string
  /** Where the feed knows the person: absent for those who are not in any academic feed. */
  readonly external?: { readonly academyCode: string; readonly jointure: string }
  /** UAI codes of the establishments the person belongs to, or whose pupils are her children. */
  readonly uais: readonly string[]
  /** Code of the partner who employs the person, as `listPartners` gives it. */
  readonly partnerCode?: string
  /** UAI of the establishment whose delegated administrator the person becomes. */
  readonly administersUai?: string
}

export type PersonaKey =
  | 'pupil'
  | 'brother'
  | 'mother'
  | 'father'
  | 'teacher'
  | 'head'
  | 'secretary'
  | 'partnerAgent'
  | 'operator'

/** The two establishments of the personas: a collège and a lycée of an invented town. */
export const personaEstablishments = {
  college: { jointure: '2001', uai: '0807000Z', name: 'ROSA BONHEUR' },
  lycee: { jointure: '2002', uai: '0807001A', name: 'SOPHIE GERMAIN' },
} as const

/** Codes of the classes of the two children; the teacher is main teacher of the first. */
export const personaClasses = { pupil: '5A', brother: '2GT1' } as const

export const personaTown = makeCommune('Valbruyère-sur-Ancelle', '80980')

function inFeed(jointure: string): { academyCode: string; jointure: string } {
  return { academyCode: '20', jointure }
}

const { college, lycee } = personaEstablishments

export const personas: Readonly<Record<PersonaKey, Persona>> = {
  pupil: {
    key: 'pupil',
    profile: 'pupil',
    familyName: 'Marchand',
    givenName: 'Zoé',
    email: 'zoe.marchand@eleve.example.org',
    birthDate: '2014-03-18',
    external: inFeed('1000001'),
    uais: [college.uai],
  },
  brother: {
    key: 'brother',
    profile: 'pupil',
    familyName: 'Marchand',
    givenName: 'Gaspard',
    email: 'gaspard.marchand@eleve.example.org',
    birthDate: '2011-06-02',
    external: inFeed('1000002'),
    uais: [lycee.uai],
  },
  mother: {
    key: 'mother',
    profile: 'guardian',
    familyName: 'Dubœuf',
    givenName: 'Claire',
    email: 'claire.duboeuf@example.org',
    birthDate: '1981-11-27',
    external: inFeed('1000003'),
    uais: [college.uai, lycee.uai],
  },
  father: {
    key: 'father',
    profile: 'guardian',
    familyName: 'Marchand',
    givenName: 'Thomas',
    email: 'thomas.marchand@example.org',
    birthDate: '1979-02-09',
    external: inFeed('1000004'),
    uais: [college.uai, lycee.uai],
  },
  teacher: {
    key: 'teacher',
    profile: 'teacher',
    familyName: 'Haddad',
    givenName: 'Samir',
    email: 'samir.haddad@ac-amiens.example.org',
    birthDate: '1985-05-14',
    external: inFeed('1000005'),
    uais: [college.uai],
  },
  head: {
    key: 'head',
    profile: 'head',
    familyName: 'Roussel',
    givenName: 'Hélène',
    email: 'helene.roussel@ac-amiens.example.org',
    birthDate: '1970-09-30',
    external: inFeed('1000006'),
    uais: [college.uai],
  },
  secretary: {
    key: 'secretary',
    profile: 'administrative',
    familyName: 'Lenglet',
    givenName: 'Béatrice',
    email: 'beatrice.lenglet@ac-amiens.example.org',
    birthDate: '1976-12-05',
    external: inFeed('1000007'),
    uais: [college.uai],
    administersUai: college.uai,
  },
  partnerAgent: {
    key: 'partnerAgent',
    profile: 'partnerAgent',
    familyName: 'Carpentier',
    givenName: 'Julien',
    email: 'julien.carpentier@somme.example.org',
    birthDate: '1988-04-21',
    uais: [],
    partnerCode: 'department-80',
  },
  operator: {
    key: 'operator',
    profile: 'operator',
    familyName: 'Ndiaye',
    givenName: 'Aïcha',
    email: 'aicha.ndiaye@preau.example.org',
    birthDate: '1990-01-16',
    uais: [],
    partnerCode: 'syndicate',
  },
}

/** What a feed writes of a persona. */
export type Identity = {
  readonly id: string
  readonly sex: Sex
  readonly familyName: Name
  readonly givenName: Name
  /** `dd/mm/yyyy` */
  readonly birth: string
  readonly mail: string
}

export function identityOf(key: PersonaKey, sex: Sex): Identity {
  const persona = personas[key]
  if (!persona.external) throw new TypeError(`persona ${key} is in no feed`)
  return {
    id: persona.external.jointure,
    sex,
    familyName: makeName(persona.familyName),
    givenName: makeName(persona.givenName),
    birth: persona.birthDate.split('-').toReversed().join('/'),
    mail: persona.email,
  }
}
