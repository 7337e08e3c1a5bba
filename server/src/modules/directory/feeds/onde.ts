import { toSearchKey } from '../search-key.ts'
import { type CsvMapping, proposeMapping } from './csv-mapping.ts'

// ONDE (base of primary schools) gives three files, of which no public specification exists: names of files and columns
// are those of extractions that other programs read.
const namedFile = /^CSVExtraction[-_ ](eleves|responsables|enseignants)[^/\\]*\.csv$/i

const kinds = { eleves: 'pupil', responsables: 'guardian', enseignants: 'staff' } as const

/** Columns that tell an extraction of ONDE under another name, as search keys. */
const telling = {
  eleves: ['nom eleve', 'prenom eleve', 'date naissance', 'niveau'],
  responsables: ['nom responsable', 'prenom responsable', 'nom de famille enfant', 'prenom enfant'],
} as const

/** Whether a file is one of ONDE's, by its name or its columns, and what its columns hold. */
export function findOndeMapping(name: string, headers: string[]): CsvMapping | undefined {
  const keys = new Set(headers.map((header) => toSearchKey(header)))
  const called = namedFile.exec(name)?.[1]?.toLowerCase()
  const looked = (['eleves', 'responsables'] as const).find((type) => telling[type].every((key) => keys.has(key)))
  const type = called ?? looked
  if (type === undefined) return undefined
  const mapping = proposeMapping(name, headers, kinds[type as keyof typeof kinds])
  return mapping.kind === 'staff' ? { ...mapping, profile: 'teacher' } : mapping
}
