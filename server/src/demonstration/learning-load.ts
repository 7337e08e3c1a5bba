import { join } from 'node:path'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { createProgramme, tiePerson } from '#modules/insight'
import {
  createStatementWriter,
  ensureImportCredential,
  getCredential,
  identifyAgent,
  type ImportCounts,
  importStatements,
  keyOf,
  openLines,
} from '#modules/records'
import { learningCourses, learningPupil, makeLearningStatements } from './learning.ts'

/** One request of a platform that sends what it kept. */
const batchSize = 500

/**
 * Stores what the pupils of the invented courses did, as a platform would send it. Doing it again changes nothing: statements
 * keep their identifiers.
 */
export async function loadLearning(services: Services, tenantId: string): Promise<void> {
  const now = services.now()
  const credentialId = await inTenant(services.db, tenantId, (tx) =>
    ensureImportCredential(tx, 'Plateforme de cours (démonstration)', now),
  )
  const { authority } = await getCredential(services, tenantId, credentialId)
  const writer = createStatementWriter(services)
  const all = makeLearningStatements(now)
  try {
    const batches = Array.from({ length: Math.ceil(all.length / batchSize) }, (_, at) =>
      writer.store({
        tenantId,
        credentialId,
        authority,
        version: '1.0.3',
        statements: all.slice(at * batchSize, (at + 1) * batchSize),
        attachments: [],
      }),
    )
    await Promise.all(batches)
  } finally {
    await writer.close()
  }
}

/** Statements that real players of films sent: see data/README.md. */
const films = join(import.meta.dirname, 'data/fun-mooc-video-statements.jsonl.gz')
const numberOfFilms = 22_000

/**
 * Stores what real learners did with the films of two courses, by the very import of operators. Doing it again changes
 * nothing. @returns what became of each line.
 */
export async function loadFilms(
  services: Services,
  tenantId: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<ImportCounts> {
  const credentialId = await inTenant(services.db, tenantId, (tx) =>
    ensureImportCredential(tx, 'FUN MOOC, films (traces réelles de 2021)', services.now()),
  )
  const writer = createStatementWriter(services)
  try {
    const { lines } = await openLines(films)
    return await importStatements(services, writer, {
      tenantId,
      credential: await getCredential(services, tenantId, credentialId),
      lines,
      tell: () => {},
      signal: new AbortController().signal,
      onProgress: (counts) => onProgress(counts.lines, numberOfFilms),
    })
  } finally {
    await writer.close()
  }
}

/** Who looks at it: the pupil whom everybody may be, and the head of two of the courses. */
export async function openLearning(
  tx: Tx,
  { tenantId, pupil, head }: { tenantId: string; pupil: string; head: string },
  now: Date,
): Promise<void> {
  const identifier = identifyAgent({ account: learningPupil })
  if (identifier === undefined) throw new Error('The pupil of the demonstration has no account.')
  await tiePerson(tx, { identifier, personId: pupil }, now)
  const [first, second] = learningCourses.map((course) => keyOf(tenantId, 'activity', course))
  const courses = [first, second].filter((course) => course !== undefined)
  await createProgramme(tx, { name: 'Sciences au cycle 4', courses, heads: [head] }, null, now)
}
