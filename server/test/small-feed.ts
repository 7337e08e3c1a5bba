import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A record as it goes into a file: attribute → value or values; `''` is written `<value/>`. In a delta, `request` is
 * `modify` or `delete`.
 */
export type SmallRecord = Record<string, string | string[]>

/** A feed written by hand for a test, by type of file. What is left out is a file without records. */
export interface SmallFeed {
  date?: string
  academy?: string
  /** Default 2D. */
  degree?: '1D' | '2D'
  /** Only the types that have records are written, as a delta. */
  delta?: boolean
  establishments?: SmallRecord[]
  pupils?: SmallRecord[]
  guardians?: SmallRecord[]
  staff?: SmallRecord[]
  subjects?: SmallRecord[]
  mefs?: SmallRecord[]
}

const types = {
  establishments: ['EtabEducNat', 'categorieStructure', 'EtabEducNat', 'ENTStructureJointure'],
  subjects: ['MatiereEducNat', 'categorieMatiere', 'MatEducNat', 'ENTMatJointure'],
  mefs: ['MefEducNat', 'categorieMef', 'MefEducNat', 'ENTMefJointure'],
  pupils: ['Eleve', 'categoriePersonne', 'Eleve', 'ENTPersonJointure'],
  guardians: ['PersRelEleve', 'categoriePersonne', 'PersRelEleve', 'ENTPersonJointure'],
  staff: ['PersEducNat', 'categoriePersonne', 'PersEducNat', 'ENTPersonJointure'],
} as const

/** Writes a feed by hand into a new folder. */
export async function writeSmallFeed(folder: string, feed: SmallFeed): Promise<string> {
  await mkdir(folder, { recursive: true })
  const { date = '2026-09-14', academy = '20', degree = '2D', delta = false } = feed
  for (const [key, [type, category, name, jointure]] of Object.entries(types)) {
    const given = feed[key as keyof typeof types] ?? []
    if (given.length === 0 && (delta || (degree === '1D' && (key === 'subjects' || key === 'mefs')))) continue
    const text =
      '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n<ficAlimMENESR>\n' +
      `<!-- codeAcademieExport="${academy}" degre="${degree}" dateGenerationExport="${date.split('-').reverse().join('/')}" -->\n` +
      `${given.map((record) => toRequest(record, { category, name, jointure })).join('\n')}</ficAlimMENESR>\n`
    const mode = delta ? 'Delta' : 'Complet'
    await writeFile(join(folder, `ENT${degree}VA_${mode}_${date.replaceAll('-', '')}_${type}_0000.xml`), text)
  }
  return folder
}

function toRequest(
  { request = 'add', ...record }: SmallRecord,
  { category, name, jointure }: { category: string; name: string; jointure: string },
): string {
  const verb = String(request)
  const id = String(record['id'] ?? record[jointure] ?? '')
  const written = request === 'add' ? { [jointure]: record['id'] ?? '', ...record } : record
  const element = request === 'modify' ? 'modification' : 'attr'
  const operation = request === 'modify' ? ' operation="replace"' : ''
  const attributes = Object.entries(written)
    .filter(([attribute]) => attribute !== 'id')
    .map(([attribute, value]) => {
      return `<${element} name="${attribute}"${operation}>${[value].flat().map(toValue).join('')}</${element}>\n`
    })
    .join('')
  const holder = request === 'modify' ? 'modifications' : 'attributes'
  return (
    `<${verb}Request>\n<operationalAttributes><attr name="${category}"><value>${name}</value></attr></operationalAttributes>\n` +
    `<identifier><id>${id}</id></identifier>\n` +
    (request === 'delete' ? '' : `<${holder}>\n${attributes}</${holder}>\n`) +
    `</${verb}Request>\n`
  )
}

function toValue(value: string): string {
  if (value === '') return '<value/>'
  return `<value>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</value>`
}

/** A request of a delta that replaces some attributes. */
export const modify = (id: string, attributes: SmallRecord): SmallRecord => ({ id, request: 'modify', ...attributes })

/** A request of a delta that deletes a record. */
export const remove = (id: string): SmallRecord => ({ id, request: 'delete' })

/** A collège or lycée. */
export function makeEstablishment(id: string, more: SmallRecord = {}): SmallRecord {
  return {
    id,
    ENTStructureUAI: `080${id.padStart(4, '0')}A`,
    ENTStructureNomCourant: `CLG$Établissement ${id}$AMIENS`,
    ENTStructureTypeStruct: 'COLLEGE',
    ENTStructureClasses: '',
    ENTStructureGroupes: '',
    ...more,
  }
}

/** A pupil of an establishment; `guardians` are links as the feed writes them. */
export function makePupil(id: string, establishment: string, more: SmallRecord = {}): SmallRecord {
  return {
    id,
    sn: `ÉLÈVE${id}`,
    givenName: 'Camille',
    ENTPersonDateNaissance: '23/01/2014',
    ENTPersonStructRattach: establishment,
    ENTEleveMEF: '10010012110',
    ENTEleveClasses: '',
    ENTEleveGroupes: '',
    ENTElevePersRelEleve: '',
    ...more,
  }
}

export function makeGuardian(id: string, more: SmallRecord = {}): SmallRecord {
  return { id, sn: `PARENT${id}`, givenName: 'Dominique', mail: '', mobile: '', ...more }
}

export function makeStaffMember(id: string, more: SmallRecord = {}): SmallRecord {
  return { id, sn: `AGENT${id}`, givenName: 'Claude', ENTPersonStructRattach: '', ENTPersonFonctions: '', ...more }
}
