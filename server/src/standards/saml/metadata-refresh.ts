import { Readable } from 'node:stream'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { isTrustedInClear, type Provider } from '#modules/identity'
import { type SamlEntity, toKeys } from './metadata.ts'
import { type ReadMetadata, readMetadata } from './metadata-feed.ts'
import { SamlRefused } from './refusal.ts'
import { deleteEntities, insertEntities, saveReading, saveReadingFailure } from './saml.queries.ts'
import { XmlRefused } from './xml.ts'

/** What a reading of metadata ended with. */
export type Reading = { entities: number; validUntil: Date | null } | { failure: string }

/**
 * Reads a SAML provider's metadata again and puts them in the place of the former, all at once and only if they can be
 * trusted; a failure is noted and leaves the former as they are.
 * @param patienceSeconds given to the whole download.
 */
export async function refreshMetadata(
  services: Pick<Services, 'db' | 'now' | 'publicUrl'>,
  tenantId: string,
  provider: Provider,
  patienceSeconds = 120,
): Promise<Reading> {
  const now = services.now()
  try {
    const body = await open(provider, patienceSeconds)
    return await inTenant(services.db, tenantId, async (tx) => {
      await deleteEntities(tx, provider.id)
      const read = await readAll(services, provider, body, (entities) => insertEntities(tx, provider.id, entities))
      await saveReading(tx, { providerId: provider.id, ...read }, now)
      return read
    })
  } catch (error) {
    const failure = describeFailure(error)
    await inTenant(services.db, tenantId, (tx) => saveReadingFailure(tx, provider.id, failure, now))
    return { failure }
  }
}

/** Reads the metadata of a SAML provider as `refreshMetadata` does, and keeps nothing of them. */
export async function previewMetadata(
  services: Pick<Services, 'now' | 'publicUrl'>,
  provider: Provider,
  patienceSeconds: number,
): Promise<Reading> {
  try {
    return await readAll(services, provider, await open(provider, patienceSeconds), async () => {})
  } catch (error) {
    return { failure: describeFailure(error) }
  }
}

async function open(
  { options: { metadataUrl, metadata } }: Provider,
  patienceSeconds: number,
): Promise<AsyncIterable<Uint8Array>> {
  return metadataUrl === undefined ? toStream(metadata ?? '') : download(metadataUrl, patienceSeconds)
}

async function readAll(
  services: Pick<Services, 'now' | 'publicUrl'>,
  provider: Provider,
  body: AsyncIterable<Uint8Array>,
  onEntities: (entities: SamlEntity[]) => Promise<void>,
): Promise<ReadMetadata> {
  const { metadataUrl, metadataCertificates = [] } = provider.options
  const read = await readMetadata(body, {
    keys: metadataCertificates.length > 0 ? toKeys(metadataCertificates) : undefined,
    // A federation has a name, a single provider its entity identifier.
    only: provider.profile === 'renater' ? undefined : provider.issuer,
    allowHttp: isTrustedInClear(metadataUrl ?? services.publicUrl, services.publicUrl),
    now: services.now(),
    onEntities,
  })
  if (read.entities === 0) throw new SamlRefused('incomplete')
  return read
}

async function* toStream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function download(url: string, seconds: number): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(seconds * 1_000), redirect: 'error' })
  if (!response.ok || !response.body)
    throw new Problem(502, `answered_${response.status}`, 'The metadata were not given.')
  return Readable.fromWeb(response.body)
}

function describeFailure(error: unknown): string {
  if (error instanceof SamlRefused || error instanceof XmlRefused) return error.reason
  if (error instanceof Problem) return error.code
  return error instanceof TypeError || (error as Error).name === 'TimeoutError' ? 'unreachable' : 'malformed'
}
