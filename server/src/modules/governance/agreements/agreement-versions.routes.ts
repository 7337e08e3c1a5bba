import { parse } from 'yaml'
import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { inStanding, requireManager } from '../standing.ts'
import { changedParts, compareAgreements, compareTexts } from './agreement-diff.ts'
import { rewriteAgreement } from './agreement-draft.ts'
import { agreementSchema } from './agreement-schema.ts'
import { createAgreementVersion } from './agreement-versions.ts'
import { getLastVersion, getVersion, listVersions } from './agreements.queries.ts'
import { checkAgreementText, longestAgreement } from './read-agreement.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const byNumber = bySlug.extend({ number: z.coerce.number().int().min(1).max(100_000) })

export const source = z.string().min(1).max(longestAgreement).describe('the file, YAML 1.2')
export const reason = z.string().trim().min(1).max(500).describe('why, in words')

const version = z.object({
  number: z.int(),
  validFrom: z.iso.date(),
  reason: z.string(),
  recordedAt: z.date(),
  decisionId: z.uuid().nullable().describe('that adopted it'),
  decision: z.string().nullable().describe('number of that decision'),
})

export const fault = z.object({
  line: z.int().describe('from 1'),
  column: z.int().describe('from 1'),
  path: z.string().describe('for example bodies[2].quorum.article'),
  code: z.string(),
  values: z.record(z.string(), z.string()),
  reason: z.string(),
})

export const ruleChange = z.object({
  kind: z.enum(['added', 'removed', 'changed']),
  part: z.enum(changedParts),
  key: z.string().nullable(),
  name: z.string().nullable(),
  field: z.array(z.string()),
  from: z.string().nullable(),
  to: z.string().nullable(),
  article: z.string().nullable(),
})

export const textLine = z.object({ kind: z.enum(['same', 'added', 'removed']), line: z.int(), text: z.string() })

/** The versions of an agreement: read, compared, written in a form, added. */
export function registerAgreementVersions(app: App, services: Services): void {
  app.get(
    '/api/governance/agreements/:slug/versions',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listAgreementVersions',
        summary: 'The versions of an agreement, newest first',
        params: bySlug,
        response: { 200: z.object({ versions: z.array(version) }) },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, { agreement }) => ({ versions: await listVersions(tx, agreement.id) })),
  )

  app.get(
    '/api/governance/agreements/:slug/versions/:number',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getAgreementVersion',
        summary: 'One version of an agreement: its rules, and the file they were read from',
        params: byNumber,
        response: { 200: version.extend({ source: z.string(), rules: agreementSchema }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, { agreement }) => getVersion(tx, agreement.id, request.params.number)),
  )

  app.get(
    '/api/governance/agreements/:slug/versions/:number/changes',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'compareAgreementVersions',
        summary: 'What a version changes of another, rule by rule and line by line',
        params: byNumber,
        querystring: z.object({ since: z.coerce.number().int().min(1).max(100_000) }),
        response: { 200: z.object({ changes: z.array(ruleChange), lines: z.array(textLine) }) },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, { agreement }) => {
        const before = await getVersion(tx, agreement.id, request.query.since)
        const after = await getVersion(tx, agreement.id, request.params.number)
        return {
          changes: compareAgreements(before.rules, after.rules),
          lines: compareTexts(before.source, after.source),
        }
      }),
  )

  app.post(
    '/api/governance/agreements/:slug/drafts',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'checkAgreementDraft',
        summary: 'Writes changed rules into the file of the last version, and says what is wrong or what would change',
        params: bySlug,
        body: z.object({
          source: source.optional().describe('the file begun from; absent: that of the last version'),
          content: z.unknown().optional().describe('rules as JSON, valid or not; absent: those of the file'),
        }),
        response: {
          200: z.object({
            source: z.string(),
            basedOn: z.int().describe('number of the last version'),
            faults: z.array(fault),
            content: z.unknown().describe('rules as JSON, valid or not; null when the file cannot be read at all'),
            changes: z.array(ruleChange).describe('of the last version'),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        requireManager(standing)
        const last = await getLastVersion(tx, standing.agreement.id)
        const { body } = request
        const begun = body.source ?? last.source
        const written = body.content === undefined ? begun : rewriteAgreement(begun, body.content)
        const read = checkAgreementText(written)
        const drafted = { source: written, basedOn: last.number }
        if ('rules' in read) {
          const changes = compareAgreements(last.rules, read.rules)
          return { ...drafted, faults: [], content: read.rules, changes }
        }
        const readable = read.faults.every(({ path }) => path !== '')
        return { ...drafted, faults: read.faults, content: readable ? parse(written) : null, changes: [] }
      }),
  )

  app.post(
    '/api/governance/agreements/:slug/versions',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'amendAgreement',
        summary: 'Amends an agreement: adds a version, and leaves those before as they are',
        params: bySlug,
        body: z.object({
          source,
          reason,
          basedOn: z.int().min(0).describe('number of the version that the amendment was written from'),
          decisionId: z.uuid().optional().describe('decision that adopted it'),
        }),
        response: { 201: z.object({ slug: z.string(), version: z.int() }) },
      },
    },
    async (request, reply) => {
      const made = await inStanding(services, request, async (tx, standing, now) => {
        requireManager(standing)
        const { body } = request
        return createAgreementVersion(
          tx,
          {
            source: body.source,
            reason: body.reason,
            basedOn: body.basedOn,
            slug: standing.agreement.slug,
            recordedBy: standing.personId,
            ...(body.decisionId === undefined ? {} : { decisionId: body.decisionId }),
          },
          now,
        )
      })
      return reply.status(201).send({ slug: made.rules.agreement, version: made.version })
    },
  )

  app.post(
    '/api/governance/agreements',
    {
      config: { access: { right: 'governance.administer', somewhere: true } },
      schema: {
        operationId: 'addAgreement',
        summary: 'Adds an agreement from its file',
        body: z.object({ source, reason }),
        response: { 201: z.object({ slug: z.string(), version: z.int() }) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { source: text, reason: why } = request.body
      const made = await inTenant(services.db, actor.tenantId, (tx) =>
        createAgreementVersion(
          tx,
          { source: text, reason: why, recordedBy: actor.personId, basedOn: 0 },
          services.now(),
        ),
      )
      return reply.status(201).send({ slug: made.rules.agreement, version: made.version })
    },
  )
}
