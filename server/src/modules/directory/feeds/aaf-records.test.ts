import { describe, expect, it } from 'vitest'
import type { AafRecord } from './aaf-parser.ts'
import { type FeedKind, jointures, readRecord } from './aaf-records.ts'
import type { Outcome } from './records.ts'

const context = { schoolYear: 2026, establishments: new Set(['52', '53']) }
function read(
  kind: FeedKind,
  attributes: Record<string, string | string[]>,
  id = '1',
  degree: '1D' | '2D' = '2D',
): Outcome {
  const values = Object.entries({ [jointures[kind]]: id, ...attributes })
  const record: AafRecord = {
    request: 'add',
    line: 1,
    category: '',
    id,
    attributes: new Map(values.map(([name, value]) => [name, [value].flat()])),
  }
  return readRecord(kind, record, { ...context, degree })
}

function accepted(outcome: Outcome) {
  if (outcome.fate !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
  return outcome
}

const pupil = {
  sn: 'LEFÈVRE',
  givenName: 'Zoé',
  ENTPersonDateNaissance: '23/01/2015',
  ENTPersonStructRattach: '52',
}

describe('a pupil', () => {
  it('is read with enrolment, classes, groups and guardians', () => {
    const { body, establishmentRef, familyKey, groups, warnings } = accepted(
      read('pupil', {
        ...pupil,
        ENTPersonNomPatro: 'LEFÈVRE',
        ENTPersonAutresPrenoms: ['Zoé', 'Marie'],
        ENTPersonAdresse: '1 RUE X$$BP 3$',
        ENTEleveMEF: '10010012110',
        ENTEleveNivFormation: '6EME',
        ENTEleveClasses: '52$6A',
        ENTEleveGroupes: ['53$LATIN', '52$6A GR1', '52$6A GR1'],
        ENTEleveCodeEnseignements: ['030201', '006600', '', '030201'],
        ENTElevePersRelEleve: ['9$10$1$1$1$0', '12$20$0$2$0$1', '9$10$1$1$1$0'],
        ENTEleveParents: '777',
      }),
    )
    expect(body).toEqual({
      familyName: 'LEFÈVRE',
      givenName: 'Zoé',
      otherGivenNames: 'Zoé Marie',
      bornOn: '2015-01-23',
      street: '1 RUE X\nBP 3',
      schoolYear: 2026,
      enrolments: [{ establishment: '52', mef: '10010012110', level: '6EME' }, { establishment: '53' }],
      classes: ['52$6A'],
      groups: ['52$6A GR1', '53$LATIN'],
      subjects: ['006600', '030201'],
      guardians: [
        { id: '12', link: '20', legal: 'inCharge', financial: false, contact: false, pays: true },
        { id: '9', link: '10', legal: 'legal', financial: true, contact: true, pays: false },
      ],
    })
    expect(establishmentRef).toBe('52')
    expect(familyKey).toBe('lefevre')
    expect(groups.map(({ kind, code }) => `${kind} ${code}`)).toContain('group LATIN')
    expect(warnings).toEqual([])
  })

  it('gives the same text whatever the order of its values', () => {
    const links = ['9$10$1$1$1$0', '12$20$0$2$0$1']
    const groups = ['52$B', '52$A']
    const one = accepted(read('pupil', { ...pupil, ENTElevePersRelEleve: links, ENTEleveGroupes: groups }))
    const other = accepted(
      read('pupil', { ENTEleveGroupes: groups.toReversed(), ENTElevePersRelEleve: links.toReversed(), ...pupil }),
    )
    expect(JSON.stringify(other.body)).toBe(JSON.stringify(one.body))
  })

  it('leaves out classes of unknown establishments and counts them', () => {
    const { body, warnings } = accepted(read('pupil', { ...pupil, ENTEleveClasses: ['52$6A', '99$6B'] }))
    expect(body).toMatchObject({ classes: ['52$6A'] })
    expect(warnings).toEqual(['establishment_unknown'])
  })

  it('keeps a link of unknown code as written, and says so', () => {
    const { body, warnings } = accepted(read('pupil', { ...pupil, ENTElevePersRelEleve: '9$77$1$1$1$0' }))
    expect(body).toMatchObject({ guardians: [{ link: '77' }] })
    expect(warnings).toEqual(['link_code_unknown'])
  })

  it.each<[string, Record<string, string | string[]>, string]>([
    ['without a name', { sn: '' }, 'attribute_missing'],
    ['without a birth date', { ENTPersonDateNaissance: '' }, 'attribute_missing'],
    ['without an establishment', { ENTPersonStructRattach: '' }, 'attribute_missing'],
    ['of an impossible date', { ENTPersonDateNaissance: '31/02/2015' }, 'date_invalid'],
    ['of a date in another form', { ENTPersonDateNaissance: '2015-01-23' }, 'date_invalid'],
    ['of an unknown establishment', { ENTPersonStructRattach: '99' }, 'establishment_unknown'],
    ['of an impossible MEF', { ENTEleveMEF: '1001' }, 'mef_invalid'],
    ['with half a class', { ENTEleveClasses: '52' }, 'value_unreadable'],
    ['with half a guardian', { ENTElevePersRelEleve: '9$10' }, 'value_unreadable'],
    ['with an unknown legal code', { ENTElevePersRelEleve: '9$10$1$7$0$0' }, 'value_unreadable'],
    ['whose identifier is not that of the record', { ENTPersonJointure: '2' }, 'identifier_mismatch'],
    ['with an identifier of other characters', { ENTPersonJointure: '1;drop' }, 'identifier_invalid'],
  ])('%s is set aside', (_, attributes, code) => {
    expect(read('pupil', { ...pupil, ...attributes })).toMatchObject({ fate: 'quarantined', externalId: '1', code })
  })
})

describe('a member of staff', () => {
  const staff = { sn: 'MARTIN', givenName: 'Alix', ENTPersonStructRattach: '52' }
  const profileOf = (attributes: Record<string, string | string[]>) => {
    const { body } = accepted(read('staff', { ...staff, ...attributes }))
    return (body as { functions: { profile: string }[] }).functions.map(({ profile }) => profile)
  }

  it.each([
    ['ENS', 'teacher'],
    ['DOC', 'documentation'],
    ['DIR', 'head'],
    ['EDU', 'schoolLife'],
    ['AED', 'schoolLife'],
    ['ADF', 'staff'],
    ['XYZ', 'staff'],
  ])('with function %s is %s', (code, profile) => {
    expect(profileOf({ ENTPersonFonctions: `52$${code}$LABEL$-$` })).toEqual([profile])
  })

  it('without a function is a teacher when before pupils, else other staff', () => {
    expect(profileOf({ PersEducNatPresenceDevantEleves: 'O' })).toEqual(['teacher'])
    expect(profileOf({ ENTPersonFonctions: '52$-$$-$', ENTPersonCategorieEnseignant: 'O' })).toEqual(['teacher'])
    expect(profileOf({ PersEducNatPresenceDevantEleves: 'N' })).toEqual(['staff'])
  })

  it('teaches classes and groups, with subjects, and is main teacher of some', () => {
    const { body } = accepted(
      read('staff', {
        ...staff,
        ENTAuxEnsClasses: ['52$6A', '52$6A', '52$6B'],
        ENTAuxEnsClassesMatieres: ['52$6A$020700', '52$6A$006600'],
        ENTAuxEnsGroupesMatieres: '53$LATIN$030900',
        ENTAuxEnsClassesPrincipal: '52$6B',
      }),
    )
    expect(body).toMatchObject({
      teachings: [
        { kind: 'class', ref: '52$6A', subjects: ['006600', '020700'], main: false },
        { kind: 'class', ref: '52$6B', subjects: [], main: true },
        { kind: 'group', ref: '53$LATIN', subjects: ['030900'], main: false },
      ],
    })
  })

  it('of other establishments only is set aside; of none at all is ignored', () => {
    const away = { ...staff, ENTPersonStructRattach: '', ENTPersonFonctions: '99$ENS$ENSEIGNEMENT$-$' }
    expect(read('staff', away)).toMatchObject({ fate: 'quarantined', code: 'establishment_unknown' })
    expect(read('staff', { ...staff, ENTPersonStructRattach: '' })).toEqual({
      fate: 'ignored',
      externalId: '1',
      rule: 'staff_without_establishment',
    })
  })
})

describe('an establishment', () => {
  const establishment = {
    ENTStructureUAI: '0801234A',
    ENTStructureNomCourant: 'CLG$JEAN MOULIN$AMIENS',
    ENTStructureTypeStruct: 'COLLEGE',
  }

  it('is read with its name, level, and declared classes and groups', () => {
    const { body, groups } = accepted(
      read('establishment', {
        ...establishment,
        ENTStructureClasses: ['6A$SIXIEME A$10010012110', '6B'],
        ENTStructureGroupes: '6GR1$GROUPE 1$6A$6B',
      }),
    )
    expect(body).toEqual({
      name: 'Collège JEAN MOULIN',
      uai: '0801234A',
      level: 'lowerSecondary',
      typeLabel: 'COLLEGE',
      town: 'AMIENS',
    })
    expect(groups).toEqual([
      { kind: 'class', establishment: '1', code: '6A', name: 'SIXIEME A' },
      { kind: 'class', establishment: '1', code: '6B', name: '6B' },
      { kind: 'group', establishment: '1', code: '6GR1', name: 'GROUPE 1' },
    ])
  })

  it.each([
    ['LYC', 'LYCEE D ENSEIGNEMENT GENERAL ET TECHNOLOGIQUE', 'upperSecondary'],
    ['LP', 'LYCEE PROFESSIONNEL', 'upperSecondary'],
    ['CLG', 'COLLEGE', 'lowerSecondary'],
    ['E.E.PU', 'ECOLE ELEMENTAIRE', 'primary'],
    ['Z.REMP-OISE', 'SANS OBJET', undefined],
  ])('of type %s has its level', (prefix, type, level) => {
    const named = { ENTStructureNomCourant: `${prefix}$X$Y`, ENTStructureTypeStruct: type }
    expect((accepted(read('establishment', { ...establishment, ...named })).body as { level?: string }).level).toBe(
      level,
    )
  })

  it('without a good UAI is set aside', () => {
    expect(read('establishment', { ...establishment, ENTStructureUAI: '80123' })).toMatchObject({ code: 'uai_invalid' })
  })
})

it('the level of a primary school is a name, after its code where the feed gives it', () => {
  const primary = {
    ENTPersonNom: 'LEFÈVRE',
    ENTPersonPrenom: 'Zoé',
    ENTPersonDateNaissance: '23/01/2020',
    ENTPersonStructRattach: '52',
  }
  const levelOf = (ENTEleveNiveau: string) => accepted(read('pupil', { ...primary, ENTEleveNiveau }, '1', '1D')).body
  expect(levelOf('1121$CP')).toMatchObject({ enrolments: [{ level: 'CP', levelCode: '1121' }] })
  expect(levelOf('CP')).toMatchObject({ enrolments: [{ level: 'CP' }] })
  expect(levelOf('CP')).not.toHaveProperty('enrolments.0.levelCode')
})

it('subjects and MEFs are codes with names', () => {
  expect(accepted(read('subject', { ENTLibelleMatiere: 'ALLEMAND LV1' }, '030101')).body).toEqual({
    name: 'ALLEMAND LV1',
  })
  expect(accepted(read('mef', { ENTLibelleMef: '6EME' }, '10010012110')).body).toEqual({ name: '6EME' })
  const whole = { ENTLibelleMef: '6EME', ENTMEFRattach: '10010012110', ENTMEFSTAT11: '21110010012' }
  expect(accepted(read('mef', whole, '10010012119')).body).toEqual({
    name: '6EME',
    attachedTo: '10010012110',
    statisticalCode: '21110010012',
  })
})
