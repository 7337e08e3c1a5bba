import {
  countUnextracted,
  type ExtractScope,
  listExtractedAssigners,
  listExtractedEstablishments,
  streamExtractedCodes,
  streamExtractedGroups,
  streamExtractedMembers,
  streamExtractedPupils,
  streamExtractedTeachers,
  streamExtractedTeachings,
  streamFollowedSubjects,
  streamTaughtFormations,
} from '#modules/directory'
import { listHolders } from '#modules/identity'
import type { Tx } from '#kernel/postgres'
import { toAssigner, toEstablishment, toGroup, toLink, toPupil, toTeacher } from './records.ts'
import type { Degree } from './tables.ts'
import { type FileType, fileTypes, XmlFiles } from './xml-files.ts'

/** Of upper and lower secondary schools ("2D"), or of primary schools ("1D"). */
export function scopeOf(degree: Degree, now: Date): ExtractScope {
  return { levels: degree === '2D' ? ['lowerSecondary', 'upperSecondary'] : ['primary'], now }
}

/** What a set of files is written from. */
export interface Content {
  /** A transaction whose snapshot does not change. */
  tx: Tx
  degree: Degree
  now: Date
  target: { folder: string; prefix: string }
  /** The GAR's identifiers of people, made for those it did not know. */
  findPseudonyms: (personIds: string[]) => Promise<Map<string, string>>
  /** Told, now and then, what is written so far. */
  onProgress: (counts: Record<string, number>) => Promise<void>
  signal: AbortSignal
}

/** Writing one type of files. */
type Writing = Omit<Content, 'onProgress'> & { onProgress: () => Promise<void> }

/** What a set of files holds, and what it does not, counted by reason. */
export interface Written {
  names: string[]
  counts: Record<string, number>
  leftOut: Record<string, number>
}

/**
 * Writes the five types of files of one degree, batch by batch: memory does not grow with the directory. The
 * schema of primary schools knows neither subjects nor MEFs, only levels.
 */
export async function writeContent(content: Content): Promise<Written> {
  const { tx, degree, now } = content
  const scope = scopeOf(degree, now)
  const written: Written = { names: [], counts: {}, leftOut: {} }
  const { withoutUai, withoutLevel, sameCode } = await countUnextracted(tx, scope)
  const leave = (reason: string, number: number) => {
    if (number > 0) written.leftOut[reason] = (written.leftOut[reason] ?? 0) + number
  }
  leave('establishment_without_uai', withoutUai)
  leave('establishment_without_degree', withoutLevel)
  leave('group_named_as_class', sameCode)
  for (const type of fileTypes) {
    const files = new XmlFiles({ ...content.target, degree }, type)
    const before = written.counts
    const onProgress = () => {
      written.counts = addTo(before, files.counts)
      return content.onProgress({ ...written.counts, files: written.names.length + files.names.length })
    }
    await writers[type]({ ...content, onProgress }, scope, files, leave)
    await files.close()
    await onProgress()
    written.names.push(...files.names)
  }
  return written
}

function addTo(counts: Record<string, number>, more: Map<string, number>): Record<string, number> {
  const sums = [...more].map(([name, number]) => [name, (counts[name] ?? 0) + number])
  return { ...counts, ...Object.fromEntries(sums) }
}

type Writer = (
  content: Writing,
  scope: ExtractScope,
  files: XmlFiles,
  leave: (reason: string, number: number) => void,
) => Promise<void>

const writers: Record<FileType, Writer> = {
  async Eleve(content, scope, files) {
    await eachPerson(
      content,
      streamExtractedPupils(content.tx, scope),
      ({ id }) => id,
      async (pupil, identifier) => files.add(toPupil(identifier, pupil)),
    )
    await eachPerson(
      content,
      streamExtractedPupils(content.tx, scope),
      ({ id }) => id,
      async (pupil, identifier) => {
        for (const { uai, mef, level } of pupil.places) {
          const code = content.degree === '2D' ? mef : level
          if (code !== null) await files.add(toFormation(content.degree, uai, identifier, code))
        }
      },
    )
    if (content.degree === '1D') return
    await eachPerson(
      content,
      streamFollowedSubjects(content.tx, scope),
      ({ personId }) => personId,
      async ({ uai, code }, identifier) =>
        files.add(
          toLink('GAREleveEnseignement', {
            GARStructureUAI: uai,
            GARPersonIdentifiant: identifier,
            GARMatiereCode: code,
          }),
        ),
    )
  },

  async Enseignant(content, scope, files) {
    await eachPerson(
      content,
      streamExtractedTeachers(content.tx, scope),
      ({ id }) => id,
      async (teacher, identifier) => files.add(toTeacher(identifier, teacher, content.degree)),
    )
    const { degree } = content
    await eachPerson(
      content,
      streamTaughtFormations(content.tx, { ...scope, by: degree === '2D' ? 'mef_code' : 'level_code' }),
      ({ personId }) => personId,
      async (link, identifier) => files.add(toFormation(degree, link.uai, identifier, link.code)),
    )
  },

  async Etab(content, scope, files) {
    for (const each of await listExtractedEstablishments(content.tx, scope)) await files.add(toEstablishment(each))
    if (content.degree === '1D') return
    for (const [kind, element, prefix] of [
      ['mef', 'GARMEF', 'GARMEF'],
      ['subject', 'GARMatiere', 'GARMatiere'],
    ] as const) {
      for await (const batch of streamExtractedCodes(content.tx, { ...scope, kind })) {
        for (const { uai, code, name, attachedTo, statisticalCode } of batch) {
          await files.add(
            toLink(element, {
              GARStructureUAI: uai,
              [`${prefix}Code`]: code,
              [`${prefix}Libelle`]: name,
              ...(attachedTo !== null && { GARMEFRattach: attachedTo }),
              ...(statisticalCode !== null && { GARMEFSTAT11: statisticalCode }),
            }),
          )
        }
      }
    }
  },

  async Groupe(content, scope, files) {
    for await (const batch of streamExtractedGroups(content.tx, scope)) {
      for (const group of batch) await files.add(toGroup(group))
    }
    await eachPerson(
      content,
      streamExtractedMembers(content.tx, scope),
      ({ personId }) => personId,
      async (link, identifier) => files.add(toLink('GARPersonGroupe', placeOf(link, identifier))),
    )
    if (content.degree === '1D') return
    for (const [kind, element] of [
      ['group', 'GAREnsGroupeMatiere'],
      ['class', 'GAREnsClasseMatiere'],
    ] as const) {
      const teachings = streamExtractedTeachings(content.tx, { ...scope, kind })
      await eachPerson(
        content,
        teachings,
        ({ personId }) => personId,
        async (teaching, identifier) =>
          files.add(toLink(element, { ...placeOf(teaching, identifier), GARMatiereCode: teaching.subjects })),
      )
    }
  },

  async RespAff(content, scope, files, leave) {
    const holders = await listHolders(content.tx, 'resources.assign', content.now)
    const people = await listExtractedAssigners(content.tx, scope, holders)
    const identifiers = await content.findPseudonyms(people.map(({ id }) => id))
    for (const person of people) {
      const element = toAssigner(identifiers.get(person.id) ?? '', person)
      if (element) await files.add(element)
      else leave('assigner_without_email', 1)
    }
  },
}

const toFormation = (degree: Degree, uai: string, identifier: string, code: string) => {
  const whose = { GARStructureUAI: uai, GARPersonIdentifiant: identifier }
  return degree === '2D'
    ? toLink('GARPersonMEF', { ...whose, GARMEFCode: code })
    : toLink('GARPersonMEFSTAT4', { ...whose, GARMEFSTAT4Code: code })
}

const placeOf = ({ uai, code }: { uai: string; code: string }, identifier: string) => ({
  GARStructureUAI: uai,
  GARPersonIdentifiant: identifier,
  GARGroupeCode: code,
})

/** Handles rows in their order, each with the identifier of its person. */
async function eachPerson<Row>(
  { findPseudonyms, onProgress, signal }: Writing,
  batches: AsyncIterable<Row[]>,
  idOf: (row: Row) => string,
  handle: (row: Row, identifier: string) => Promise<void>,
): Promise<void> {
  for await (const batch of batches) {
    signal.throwIfAborted()
    const identifiers = await findPseudonyms([...new Set(batch.map(idOf))])
    for (const row of batch) await handle(row, identifiers.get(idOf(row)) ?? '')
    await onProgress()
  }
}
