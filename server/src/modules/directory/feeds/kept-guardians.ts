import type { ReadingOptions } from './feed.ts'
import type { PlacedOutcome } from './record-reading.ts'
import type { AcceptedState, PupilBody } from './records.ts'

// Pupils whose guardians are asked for at once.
const batch = 500

/** Pupils keep the guardians accepted of them before, beside those that a feed tells of, if it does. */
export async function* keepGuardians(
  records: AsyncIterable<PlacedOutcome>,
  { findAccepted }: Pick<ReadingOptions, 'findAccepted'>,
): AsyncGenerator<PlacedOutcome> {
  let waiting: PlacedOutcome[] = []
  for await (const record of records) {
    waiting.push(record)
    if (waiting.length < batch) continue
    yield* await keepAll(waiting, findAccepted)
    waiting = []
  }
  yield* await keepAll(waiting, findAccepted)
}

async function keepAll(
  records: PlacedOutcome[],
  findAccepted: ReadingOptions['findAccepted'],
): Promise<PlacedOutcome[]> {
  const pupils = records.flatMap(({ kind, outcome }) =>
    kind === 'pupil' && outcome.fate === 'accepted'
      ? [{ id: outcome.externalId, body: outcome.body as PupilBody }]
      : [],
  )
  if (pupils.length === 0) return records
  const before = await findAccepted(
    'pupil',
    pupils.map(({ id }) => id),
  )
  for (const { id, body } of pupils) {
    const told = new Set(body.guardians.map((guardian) => guardian.id))
    const kept = (guardiansOf(before.get(id)) ?? []).filter((guardian) => !told.has(guardian.id))
    body.guardians = [...body.guardians, ...kept].sort((a, b) => (a.id < b.id ? -1 : 1))
  }
  return records
}

/** The guardians of an accepted pupil. */
export function guardiansOf(accepted: AcceptedState | undefined): PupilBody['guardians'] | undefined {
  // The database gives keys in another order: as written, or the record would seem to change.
  return accepted?.body.guardians?.map(({ id, link, legal, financial, contact, pays }) => ({
    id,
    link,
    legal,
    financial,
    contact,
    pays,
  }))
}
