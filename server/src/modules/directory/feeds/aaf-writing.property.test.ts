import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Degree } from './aaf-attributes.ts'
import { type FeedKind, jointures, readRecord } from './aaf-records.ts'
import { writeAttributes } from './aaf-writing.ts'
import type { AcceptedState } from './records.ts'

// Whatever an accepted record was read from, writing it back and reading that gives the same body.

const word = fc.stringMatching(/^[A-Za-zÀ-ÿ'-]{1,12}$/)
const code = fc.stringMatching(/^[0-9A-Z_]{1,6}$/)
const id = fc.constantFrom('9', '10', '11', '12')
const establishment = fc.constantFrom('52', '53')
const date = fc.constantFrom('23/01/2014', '01/12/1980', '29/02/2012')
const lines = fc.array(word, { maxLength: 4 }).map((each) => each.join('$'))
const one = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const some = (of: fc.Arbitrary<string>) => fc.array(of, { maxLength: 3 })
const link = fc.tuple(establishment, code).map((parts) => parts.join('$'))
const fiveParts = fc.tuple(establishment, code, word).map(([of, group, name]) => `${of}$x$y$${group}$${name}`)
const flags = fc.constantFrom('0', '1')
const guardian = fc
  .tuple(id, fc.constantFrom('10', '20', '1'), flags, fc.constantFrom('0', '1', '2', ''), flags, flags)
  .map((parts) => parts.join('$'))
const functionOf = fc
  .tuple(establishment, fc.constantFrom('ENS', 'DIR', '-', 'DOC', 'ADF'), fc.oneof(word, fc.constant('')), code, word)
  .map((parts) => parts.join('$'))

const person = {
  ENTPersonAutresPrenoms: some(word),
  ENTPersonNomPatro: one(word),
  ENTPersonAdresse: one(lines),
  ENTPersonVille: one(word),
}
const names: Record<Degree, Record<string, fc.Arbitrary<string | string[] | undefined>>> = {
  '2D': { sn: word, givenName: word, personalTitle: one(word), mail: one(word), mobile: one(word) },
  '1D': { ENTPersonNom: word, ENTPersonPrenom: word, ENTPersonMail: one(word), ENTPersonTelPerso: one(word) },
}
const classesOf: typeof names = {
  '2D': { ENTEleveClasses: some(link), ENTEleveGroupes: some(link), ENTElevePersRelEleve: some(guardian) },
  '1D': {
    ENTPersonClasses: some(fiveParts),
    ENTPersonGroupes: some(fiveParts),
    ENTEleveAutoriteParentale: some(fc.tuple(id, fc.constantFrom('10', '20')).map((parts) => parts.join('$'))),
  },
}
const taught: typeof names = {
  '2D': {
    ENTAuxEnsClasses: some(link),
    ENTAuxEnsGroupes: some(link),
    ENTAuxEnsClassesMatieres: some(fc.tuple(link, code).map((parts) => parts.join('$'))),
    ENTAuxEnsClassesPrincipal: some(link),
  },
  '1D': { ENTPersonClasses: some(fiveParts), ENTPersonGroupes: some(fiveParts) },
}

const attributesOf = (kind: FeedKind, degree: Degree): Record<string, fc.Arbitrary<string | string[] | undefined>> => {
  if (kind === 'subject') return { ENTLibelleMatiere: word }
  if (kind === 'mef') return { ENTLibelleMef: word, ENTMEFRattach: one(code), ENTMEFSTAT11: one(code) }
  if (kind === 'guardian') return { ...person, ...names[degree], ENTPersonDateNaissance: one(date) }
  if (kind === 'pupil') {
    return {
      ...person,
      ...names[degree],
      ...classesOf[degree],
      ENTPersonDateNaissance: date,
      ENTPersonStructRattach: establishment,
      ENTEleveMEF: fc.constantFrom('10010012110', undefined),
      ENTEleveNivFormation: one(word),
      ENTEleveLibelleMEF: one(word),
      ENTEleveNiveau: fc.oneof(
        one(word),
        word.map((level) => `1111$${level}`),
      ),
      ENTEleveRegime: one(word),
      ...(degree === '2D' ? { ENTEleveCodeEnseignements: some(code) } : {}),
      ENTEleveDateEntreeStructRattach: one(date),
    }
  }
  if (kind === 'staff') {
    return {
      ...person,
      ...names[degree],
      ...taught[degree],
      ENTPersonStructRattach: one(establishment),
      ENTPersonFonctions: some(functionOf),
      ENTPersonCategorieEnseignant: fc.constantFrom('O', 'N', undefined),
      PersEducNatPresenceDevantEleves: fc.constantFrom('O', 'N', undefined),
    }
  }
  return {
    ENTStructureUAI: fc.constantFrom('0800052A', '0600001B'),
    ENTStructureSIREN: one(code),
    ENTStructureNomCourant: fc.oneof(
      word,
      fc
        .tuple(fc.constantFrom('CLG', 'LP', 'LYC', 'E.E.PU', 'COLLEGE', 'X'), word, word)
        .map((parts) => parts.join('$')),
    ),
    ENTStructureTypeStruct: fc.constantFrom(undefined, 'COLLEGE', 'SANS OBJET', 'ECOLE MATERNELLE'),
    ENTStructureClasses: some(fc.tuple(code, word).map((parts) => parts.join('$'))),
    ENTStructureGroupes: some(code),
    street: one(lines),
    l: one(word),
  }
}

it.each(
  (['1D', '2D'] as const).flatMap((degree) =>
    Object.keys(jointures).map((kind) => [degree, kind as FeedKind] as const),
  ),
)('%s, %s: written back and read again, an accepted record is the same', (degree, kind) => {
  const context = { degree, schoolYear: 2026, establishments: new Set(['52', '53']) }
  const read = (attributes: Map<string, string[]>) => {
    const all = new Map([[jointures[kind], ['7']], ...attributes])
    return readRecord(kind, { request: 'add', line: 1, category: '', id: '7', attributes: all }, context)
  }
  let compared = 0
  fc.assert(
    fc.property(fc.record(attributesOf(kind, degree)), (values) => {
      const attributes = Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, [value].flat()] as const],
      )
      const outcome = read(new Map(attributes.map(([name, each]) => [name, [...each]])))
      if (outcome.fate !== 'accepted') return
      compared++
      // As the database gives it back.
      const body: AcceptedState['body'] = JSON.parse(JSON.stringify(outcome.body))
      const groups = kind === 'establishment' ? outcome.groups.map((group) => ({ ...group, hash: '' })) : []
      const again = read(writeAttributes(kind, '7', { body, groups }, degree))
      expect(again).toMatchObject({ fate: 'accepted' })
      if (again.fate === 'accepted') {
        expect(JSON.parse(JSON.stringify(again.body))).toEqual(body)
        if (kind === 'establishment') expect(again.groups).toEqual(outcome.groups)
      }
    }),
  )
  expect(compared).toBeGreaterThan(50)
})
