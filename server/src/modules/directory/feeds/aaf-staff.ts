import { type Attributes } from './aaf-attributes.ts'
import { compare, readGroupLinks, readPrimaryGroupLinks } from './aaf-links.ts'
import { type AafContext, readPerson } from './aaf-people.ts'
import { type AcceptedRecord, toProfile, Unusable } from './records.ts'

/** Normalises a member of staff: functions, classes and groups taught. */
export function readStaff(source: Attributes, context: AafContext): AcceptedRecord | { rule: string } {
  const { person, keys } = readPerson(source, context.degree, source.day('ENTPersonDateNaissance'))
  const facesPupils =
    (source.text('ENTPersonCategorieEnseignant') ?? source.text('PersEducNatPresenceDevantEleves')) === 'O'
  const warnings: string[] = []
  const functions = source.parts('ENTPersonFonctions', 2).flatMap((parts) => {
    const [establishment = '', code = '-', label, disciplineCode, disciplineLabel] = parts
    if (!context.establishments.has(establishment)) {
      warnings.push('establishment_unknown')
      return []
    }
    return [
      {
        establishment,
        code: code || '-',
        label: label || undefined,
        disciplineCode: disciplineCode || undefined,
        disciplineLabel: disciplineLabel || undefined,
        profile: toProfile(code || '-', facesPupils),
      },
    ]
  })
  const taught = [
    ...readPrimaryGroupLinks(source, 'class', context, warnings),
    ...readPrimaryGroupLinks(source, 'group', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsClasses', 'class', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsClassesMatieres', 'class', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsGroupes', 'group', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsGroupesMatieres', 'group', context, warnings),
  ]
  const main = readGroupLinks(source, 'ENTAuxEnsClassesPrincipal', 'class', context, warnings)
  const teachings = new Map<string, { kind: 'class' | 'group'; ref: string; subjects: Set<string>; main: boolean }>()
  for (const link of [...taught, ...main]) {
    const key = `${link.kind} ${link.ref}`
    const teaching = teachings.get(key) ?? { kind: link.kind, ref: link.ref, subjects: new Set<string>(), main: false }
    if (link.rest[0]) teaching.subjects.add(link.rest[0])
    teachings.set(key, teaching)
  }
  for (const link of main) teachings.get(`class ${link.ref}`)!.main = true

  const attached = source.text('ENTPersonStructRattach')
  if (functions.length === 0 && attached !== undefined) {
    if (context.establishments.has(attached)) {
      functions.push({
        establishment: attached,
        code: '-',
        label: undefined,
        disciplineCode: undefined,
        disciplineLabel: undefined,
        profile: toProfile('-', facesPupils),
      })
    } else {
      warnings.push('establishment_unknown')
    }
  }
  const [firstTeaching] = taught
  if (functions.length === 0 && !firstTeaching) {
    if (warnings.length === 0) return { rule: 'staff_without_establishment' }
    throw new Unusable('establishment_unknown', 'None of the establishments of this member of staff is in the feed.')
  }
  const unique = new Map(functions.map((each) => [JSON.stringify(each), each]))
  const body = {
    ...person,
    schoolYear: context.schoolYear,
    functions: [...unique].sort(([a], [b]) => compare(a, b)).map(([, each]) => each),
    teachings: [...teachings]
      .sort(([a], [b]) => compare(a, b))
      .map(([, { kind, ref, subjects, main: isMain }]) => ({
        kind,
        ref,
        subjects: [...subjects].sort(),
        main: isMain,
      })),
  }
  return {
    establishmentRef: body.functions[0]?.establishment ?? firstTeaching!.establishment,
    body,
    ...keys,
    groups: [...taught, ...main],
    warnings,
  }
}
