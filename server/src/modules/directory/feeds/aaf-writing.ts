import { attributeNames, type Degree } from './aaf-attributes.ts'
import { type FeedKind, jointures, writeStructureName } from './aaf-records.ts'
import type { AcceptedState } from './records.ts'

// The inverse of `readRecord`: a modification replaces some attributes of a record, whose others were not kept as they
// were written. What reading them gave is written back, and reading that gives the same.

/** Attributes that an accepted record may have been read from. @param externalId its identifier in the feed. */
export function writeAttributes(
  kind: FeedKind,
  externalId: string,
  state: AcceptedState,
  degree: Degree,
): Map<string, string[]> {
  const values = new Map([[jointures[kind], [externalId]]])
  writers[kind](
    state,
    (name, ...written) => {
      const known = written.filter((value) => value !== undefined)
      if (known.length > 0) values.set(name, known)
    },
    degree,
  )
  return values
}

type Write = (name: string, ...values: (string | undefined)[]) => void
type Writer = (state: AcceptedState, write: Write, degree: Degree) => void

const writers: Record<FeedKind, Writer> = {
  establishment: writeEstablishment,
  subject: ({ body }, write) => write('ENTLibelleMatiere', body.name),
  mef: writeMef,
  pupil: writePupil,
  guardian: writePerson,
  staff: writeStaff,
}

const toAddress = (lines: string | undefined) => lines?.replaceAll('\n', '$')
const toDate = (day: string | undefined) => day?.split('-').reverse().join('/')

function writeEstablishment({ body, groups }: AcceptedState, write: Write, degree: Degree): void {
  const names = attributeNames[degree]
  write('ENTStructureUAI', body.uai)
  write('ENTStructureSIREN', body.siren)
  write('ENTStructureNomCourant', writeStructureName(body.name ?? '', body.level, body.typeLabel, degree))
  write('ENTStructureTypeStruct', body.typeLabel)
  write(names.establishmentStreet, toAddress(body.street))
  write(names.establishmentPostalCode, body.postalCode)
  write(names.establishmentTown, body.town)
  write(names.establishmentPhone, body.phone)
  write(names.establishmentEmail, body.email)
  const declared = (kind: 'class' | 'group') =>
    groups.filter((group) => group.kind === kind).map(({ code, name }) => `${code}$${name ?? code}`)
  write('ENTStructureClasses', ...declared('class'))
  write('ENTStructureGroupes', ...declared('group'))
}

function writeMef({ body }: AcceptedState, write: Write): void {
  write('ENTLibelleMef', body.name)
  write('ENTMEFRattach', body.attachedTo)
  write('ENTMEFSTAT11', body.statisticalCode)
}

function writePerson({ body }: AcceptedState, write: Write, degree: Degree): void {
  const names = attributeNames[degree]
  write(names.familyName, body.familyName)
  write(names.givenName, body.givenName)
  write('ENTPersonAutresPrenoms', body.otherGivenNames)
  // Feeds repeat the name of birth of those who bear it: whoever takes another name had this one.
  write('ENTPersonNomPatro', body.birthFamilyName ?? body.familyName)
  write(names.title, body.title)
  write('ENTPersonDateNaissance', toDate(body.bornOn))
  write(names.email, body.email)
  write(names.phone, body.phone)
  write(names.mobile, body.mobile)
  write(names.workPhone, body.workPhone)
  write('ENTPersonAdresse', toAddress(body.street))
  write('ENTPersonCodePostal', body.postalCode)
  write('ENTPersonVille', body.town)
  write('ENTPersonPays', body.country)
}

const respLegal = { none: '0', legal: '1', inCharge: '2' }
const flag = (set: boolean) => (set ? '1' : '0')

function writePupil(state: AcceptedState, write: Write, degree: Degree): void {
  writePerson(state, write, degree)
  const { ine, enrolments = [], classes = [], groups = [], subjects = [], guardians = [] } = state.body
  const [own] = enrolments
  write('ENTEleveINE', ine)
  write('ENTPersonStructRattach', own?.establishment)
  write('ENTEleveMEF', own?.mef)
  const level = [own?.levelCode, own?.level].filter((part) => part !== undefined)
  write(degree === '1D' ? 'ENTEleveNiveau' : 'ENTEleveNivFormation', level.join('$') || undefined)
  write('ENTEleveRegime', own?.regime)
  write('ENTEleveStatutEleve', own?.status)
  write('ENTEleveDateEntreeStructRattach', toDate(own?.enteredOn))
  write('ENTEleveDateSortieStructRattach', toDate(own?.leftOn))
  if (degree === '1D') {
    write('ENTPersonClasses', ...classes.map(toFiveParts))
    write('ENTPersonGroupes', ...groups.map(toFiveParts))
    write('ENTEleveAutoriteParentale', ...guardians.map(({ id, link }) => `${id}$${link}`))
    return
  }
  write('ENTEleveClasses', ...classes)
  write('ENTEleveGroupes', ...groups)
  write('ENTEleveCodeEnseignements', ...subjects)
  write(
    'ENTElevePersRelEleve',
    ...guardians.map(({ id, link, legal, financial, contact, pays }) =>
      [id, link, flag(financial), respLegal[legal], flag(contact), flag(pays)].join('$'),
    ),
  )
}

/** `jointure$code` as the 1D feed writes it, the name of the class unsaid. */
function toFiveParts(ref: string): string {
  const cut = ref.indexOf('$')
  return `${ref.slice(0, cut)}$$$${ref.slice(cut + 1)}$`
}

function writeStaff(state: AcceptedState, write: Write, degree: Degree): void {
  writePerson(state, write, degree)
  const { functions = [], teachings = [] } = state.body
  const [only] = functions
  const bare =
    functions.length === 1 && only?.code === '-' && !only.label && !only.disciplineCode && !only.disciplineLabel
  if (bare) write('ENTPersonStructRattach', only.establishment)
  else {
    const parts = functions.map(({ establishment, code, label, disciplineCode, disciplineLabel }) =>
      [establishment, code, label ?? '', disciplineCode ?? '', disciplineLabel ?? ''].join('$'),
    )
    write('ENTPersonFonctions', ...parts)
  }
  // What those without a code are depends on it.
  const uncoded = functions.filter(({ code }) => code === '-')
  const teaches =
    uncoded.length > 0
      ? uncoded.some(({ profile }) => profile === 'teacher')
      : functions.some(({ profile }) => profile === 'teacher') || teachings.length > 0
  write('ENTPersonCategorieEnseignant', teaches ? 'O' : 'N')
  for (const kind of ['class', 'group'] as const) {
    const taught = teachings.filter((teaching) => teaching.kind === kind)
    if (degree === '1D') {
      write(kind === 'class' ? 'ENTPersonClasses' : 'ENTPersonGroupes', ...taught.map(({ ref }) => toFiveParts(ref)))
      continue
    }
    write(kind === 'class' ? 'ENTAuxEnsClasses' : 'ENTAuxEnsGroupes', ...taught.map(({ ref }) => ref))
    write(
      kind === 'class' ? 'ENTAuxEnsClassesMatieres' : 'ENTAuxEnsGroupesMatieres',
      ...taught.flatMap(({ ref, subjects }) => subjects.map((subject) => `${ref}$${subject}`)),
    )
  }
  write('ENTAuxEnsClassesPrincipal', ...teachings.filter(({ main }) => main).map(({ ref }) => ref))
}
