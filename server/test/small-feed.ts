import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A record as it goes into a file: attribute → value or values; `''` is written `<value/>`. */
export type SmallRecord = Record<string, string | string[]>

/** A feed written by hand for a test, by type of file. What is left out is a file without records. */
export interface SmallFeed {
  date?: string
  academy?: string
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
  const date = feed.date ?? '2026-09-14'
  for (const [key, [type, category, name, jointure]] of Object.entries(types)) {
    const records = (feed[key as keyof typeof types] ?? []).map(
      (record) =>
        `<addRequest>\n<operationalAttributes><attr name="${category}"><value>${name}</value></attr></operationalAttributes>\n` +
        `<identifier><id>${String(record['id'] ?? record[jointure] ?? '')}</id></identifier>\n<attributes>\n` +
        Object.entries({ [jointure]: record['id'] ?? '', ...record })
          .filter(([attribute]) => attribute !== 'id')
          .map(([attribute, value]) => `<attr name="${attribute}">${[value].flat().map(toValue).join('')}</attr>\n`)
          .join('') +
        '</attributes>\n</addRequest>\n',
    )
    const text =
      '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n<ficAlimMENESR>\n' +
      `<!-- codeAcademieExport="${feed.academy ?? '20'}" degre="2D" dateGenerationExport="${date.split('-').reverse().join('/')}" -->\n` +
      `${records.join('\n')}</ficAlimMENESR>\n`
    await writeFile(join(folder, `ENT2DVA_Complet_${date.replaceAll('-', '')}_${type}_0000.xml`), text)
  }
  return folder
}

function toValue(value: string): string {
  if (value === '') return '<value/>'
  return `<value>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</value>`
}

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
