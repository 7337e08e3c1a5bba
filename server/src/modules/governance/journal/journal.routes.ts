import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { inStanding, type Standing, takesPart } from '../standing.ts'
import { findVerifier } from './checkpoints.ts'
import { readsEvent } from './journal-reach.ts'
import { listCheckpoints, listEntries } from './journal.queries.ts'
import { proveConsistency, proveInclusion } from './proofs.ts'
import { formatVerifier } from './signed-note.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const pageSize = 50

/**
 * The journal tells amounts and votes of every body: those who sit for a contractor alone have the proofs of what is public.
 * @throws Problem 403 `not_allowed`.
 */
function requireReader(standing: Standing): void {
  if (!takesPart(standing)) throw new Problem(403, 'not_allowed', 'The journal is for the members and the authorities.')
}

/** The journal of a consortium, for those who take part in it: its events, its signed roots, its proofs. */
export function registerJournal(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    '/api/governance/agreements/:slug/journal',
    {
      config,
      schema: {
        operationId: 'listJournal',
        summary: 'Events of a journal, newest first, with its key and its newest signed roots',
        params: bySlug,
        querystring: z.object({
          before: z.coerce.number().int().min(0).optional().describe('place of the last one read'),
        }),
        response: {
          200: z.object({
            entries: z.array(
              z.object({
                seq: z.int(),
                kind: z.string(),
                content: z
                  .string()
                  .nullable()
                  .describe('canonical JSON, the bytes that are hashed; null: it tells of the own accounts of others'),
                recordedAt: z.date(),
              }),
            ),
            more: z.boolean(),
            key: z.string().nullable().describe('verifier key: name+id+key; null before the first signature'),
            checkpoints: z.array(z.object({ size: z.int(), note: z.string(), signedAt: z.date() })),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        requireReader(standing)
        const { agreement } = standing
        const found = await listEntries(tx, agreement.id, { before: request.query.before, limit: pageSize + 1 })
        const verifier = await findVerifier(tx, agreement.id)
        return {
          entries: found.slice(0, pageSize).map(({ seq, kind, content, recordedAt }) => ({
            seq,
            kind,
            content: readsEvent(standing, { kind, content }) ? content : null,
            recordedAt,
          })),
          more: found.length > pageSize,
          key: verifier ? formatVerifier(verifier) : null,
          checkpoints: await listCheckpoints(tx, agreement.id, 20),
        }
      }),
  )

  app.get(
    '/api/governance/agreements/:slug/journal/:seq/proof',
    {
      config,
      schema: {
        operationId: 'getJournalProof',
        summary: 'The proof that an event is in the journal, verifiable without this service',
        params: bySlug.extend({ seq: z.coerce.number().int().min(0) }),
        response: { 200: z.string().describe('c2sp.org/tlog-proof') },
      },
    },
    (request, reply) =>
      inStanding(services, request, async (tx, standing) => {
        requireReader(standing)
        const { agreement } = standing
        const { seq } = request.params
        const [event] = await listEntries(tx, agreement.id, { before: seq + 1, limit: 1 })
        if (event?.seq === seq && !readsEvent(standing, event))
          throw new Problem(403, 'not_allowed', 'This event tells of the own accounts of another party.')
        const proof = await proveInclusion(tx, agreement.id, seq)
        return reply
          .type('text/plain; charset=utf-8')
          .header('content-disposition', `attachment; filename="${agreement.slug}-${seq}.tlog-proof"`)
          .send(proof)
      }),
  )

  app.get(
    '/api/governance/agreements/:slug/journal/consistency',
    {
      config,
      schema: {
        operationId: 'getJournalConsistency',
        summary: 'The proof that a journal only grew between two signed sizes (RFC 6962 §2.1.2)',
        params: bySlug,
        querystring: z.object({
          former: z.coerce.number().int().min(1),
          size: z.coerce.number().int().min(1),
        }),
        response: { 200: z.object({ proof: z.array(z.string()).describe('SHA-256 hashes in base64') }) },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        requireReader(standing)
        const { agreement } = standing
        const { former, size } = request.query
        return { proof: await proveConsistency(tx, agreement.id, former, size) }
      }),
  )
}
