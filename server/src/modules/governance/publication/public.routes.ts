import { Readable } from 'node:stream'
import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { findToday } from '#modules/identity'
import { type AgreementInForce, findAgreementInForce, listAgreementsInForce } from '../agreements/agreements.queries.ts'
import { findVerifier } from '../journal/checkpoints.ts'
import { findLatestCheckpoint } from '../journal/journal.queries.ts'
import { proveInclusion } from '../journal/proofs.ts'
import { formatVerifier } from '../journal/signed-note.ts'
import { listMembers } from '../money/weights.ts'
import { tables } from '../tables.ts'
import { decisionSchema, toDecision } from './decision-schema.ts'
import { type Dataset, writeCatalogue } from './open-data.ts'
import { writeDeliberations, writeWeightedVotes } from './open-files.ts'
import { getPlaceOf, getPublished } from './publications.ts'
import { findPublisher, listPublished, type Publisher } from './publications.queries.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const byNumber = bySlug.extend({ number: z.string().max(20) })
const pageSize = 50

/** What a consortium publishes, for everybody: its decisions with their proofs, its agreement, open data. */
export function registerPublic(app: App, services: Services): void {
  const config = { access: 'public' } as const
  const address = (path: string) => `${services.publicUrl}${path}`

  /** Runs in the tenant of the address, for a consortium that publishes. */
  const published = <T>(
    tenant: Tenant,
    slug: string,
    work: (tx: Tx, agreement: AgreementInForce, publisher: Publisher) => Promise<T>,
  ) =>
    inTenant(services.db, tenant.id, async (tx) => {
      const agreement = await findAgreementInForce(tx, slug, await findToday(tx, services.now()))
      const publisher = agreement && (await findPublisher(tx, agreement.id))
      if (!publisher) throw new Problem(404, 'agreement_not_found', 'No consortium publishes under this name.')
      return work(tx, agreement, publisher)
    })

  app.get(
    '/api/governance/public',
    {
      config,
      schema: {
        operationId: 'listPublishers',
        summary: 'The consortia that publish what they decide',
        response: { 200: z.object({ agreements: z.array(z.object({ slug: z.string(), title: z.string() })) }) },
      },
    },
    ({ tenant }) =>
      inTenant(services.db, tenant.id, async (tx) => ({ agreements: await listPublishing(tx, services.now()) })),
  )

  app.get(
    '/api/governance/public/catalogue.jsonld',
    {
      config,
      schema: {
        operationId: 'getCatalogue',
        summary: 'Catalogue of the open data, for harvesters: DCAT in JSON-LD',
        response: { 200: z.any().describe('application/ld+json') },
      },
    },
    async ({ tenant }, reply) => {
      const catalogue = await inTenant(services.db, tenant.id, async (tx) => {
        const datasets: Dataset[] = []
        for (const { slug, title } of await listPublishing(tx, services.now())) {
          const agreement = await findAgreementInForce(tx, slug, await findToday(tx, services.now()))
          const publisher = agreement && (await findPublisher(tx, agreement.id))
          if (!publisher) continue
          const [newest] = await listPublished(tx, agreement.id, { before: undefined, limit: 1 })
          datasets.push(describeDataset(slug, title, publisher, newest?.publishedAt))
        }
        return writeCatalogue(tenant.name, address('/api/governance/public/catalogue.jsonld'), datasets)
      })
      return reply.type('application/ld+json; charset=utf-8').send(JSON.stringify(catalogue))
    },
  )

  function describeDataset(slug: string, title: string, publisher: Publisher, modified: Date | undefined): Dataset {
    const file = (name: string) => address(`/api/governance/public/${slug}/${name}`)
    return {
      slug,
      title: `Décisions : ${title}`,
      description: 'Décisions et avis du groupement, votes par membre avec leurs voix, convention en vigueur.',
      publisher,
      modified: modified?.toISOString().slice(0, 10),
      page: address(`/decisions/${slug}`),
      files: [
        {
          title: 'Délibérations (SCDL 2.1.5)',
          address: file('deliberations.csv'),
          mediaType: 'text/csv',
          conformsTo: 'https://schema.data.gouv.fr/scdl/deliberations/2.1.5/schema.json',
        },
        { title: 'Votes par membre et voix', address: file('votes.csv'), mediaType: 'text/csv' },
        { title: 'Convention en vigueur', address: file('agreement.yaml'), mediaType: 'application/yaml' },
      ],
    }
  }

  app.get(
    '/api/governance/public/:slug',
    {
      config,
      schema: {
        operationId: 'getPublisher',
        summary: 'A consortium that publishes: its agreement, its members, the key of its journal',
        params: bySlug,
        response: {
          200: z.object({
            slug: z.string(),
            title: z.string(),
            version: z.int(),
            validFrom: z.iso.date(),
            publisher: z.object({ name: z.string(), siret: z.string() }),
            members: z.array(z.string()),
            journal: z
              .object({
                key: z.string().describe('verifier key of a signed note: name+id+key'),
                checkpoint: z.string().describe('newest signed size and root'),
                signedAt: z.date(),
              })
              .nullable(),
          }),
        },
      },
    },
    ({ tenant, params }) =>
      published(tenant, params.slug, async (tx, { id, slug, version, rules }, publisher) => {
        const verifier = await findVerifier(tx, id)
        const checkpoint = await findLatestCheckpoint(tx, id)
        const members = listMembers(rules, await findToday(tx, services.now()))
        return {
          slug,
          title: rules.title,
          version,
          validFrom: rules.validFrom,
          publisher,
          members: rules.parties.filter(({ key }) => members.includes(key)).map(({ name }) => name),
          journal:
            verifier && checkpoint
              ? { key: formatVerifier(verifier), checkpoint: checkpoint.note, signedAt: checkpoint.signedAt }
              : null,
        }
      }),
  )

  app.get(
    '/api/governance/public/:slug/decisions',
    {
      config,
      schema: {
        operationId: 'listPublishedDecisions',
        summary: 'The published decisions of a consortium, newest first',
        params: bySlug,
        querystring: z.object({ before: z.uuid().optional().describe('last one read') }),
        response: {
          200: z.object({
            decisions: z.array(decisionSchema.extend({ id: z.uuid(), matterName: z.string() })),
            more: z.boolean(),
          }),
        },
      },
    },
    ({ tenant, params, query }) =>
      published(tenant, params.slug, async (tx, { id, rules }) => {
        const found = await listPublished(tx, id, { before: query.before, limit: pageSize + 1 })
        return {
          decisions: found
            .slice(0, pageSize)
            .map((each) => ({ ...toDecision(each, rules), id: each.id, matterName: each.matterName })),
          more: found.length > pageSize,
        }
      }),
  )

  app.get(
    '/api/governance/public/:slug/decisions/:number',
    {
      config,
      schema: {
        operationId: 'getPublishedDecision',
        summary: 'A published decision, with the salt under which the journal holds the digest of its words',
        params: byNumber,
        response: {
          200: decisionSchema.extend({
            matterCode: z.string(),
            matterName: z.string(),
            publishedAt: z.date(),
            parties: z.array(z.object({ key: z.string(), name: z.string() })).describe('names of those who voted'),
            words: z
              .object({ title: z.string(), text: z.string(), verdict: z.any() })
              .describe('what the digest is made of: SHA-256 of the salt, then of this as canonical JSON (RFC 8785)'),
            salt: z.string().describe('hexadecimal'),
          }),
        },
      },
    },
    ({ tenant, params }) =>
      published(tenant, params.slug, async (tx, { id, rules }) => {
        const found = await getPublished(tx, id, params.number)
        const { title, text, verdict, matterCode, matterName, publishedAt } = found
        const decision = toDecision(found, rules)
        const voters = decision.verdict?.tally.flatMap(({ parties }) => parties) ?? []
        return {
          ...decision,
          parties: rules.parties.filter(({ key }) => voters.includes(key)).map(({ key, name }) => ({ key, name })),
          matterCode,
          matterName,
          publishedAt,
          words: { title, text, verdict },
          salt: found.salt.toString('hex'),
        }
      }),
  )

  app.get(
    '/api/governance/public/:slug/decisions/:number/proof',
    {
      config,
      schema: {
        operationId: 'getDecisionProof',
        summary: 'The proof that a published decision is in the journal, verifiable without this service',
        params: byNumber,
        response: { 200: z.string().describe('c2sp.org/tlog-proof') },
      },
    },
    ({ tenant, params }, reply) =>
      published(tenant, params.slug, async (tx, { id, slug }) => {
        const found = await getPublished(tx, id, params.number)
        const proof = await proveInclusion(tx, id, await getPlaceOf(tx, id, found.id))
        return reply
          .type('text/plain; charset=utf-8')
          .header('content-disposition', `attachment; filename="${slug}-${found.number}.tlog-proof"`)
          .send(proof)
      }),
  )

  for (const [name, operationId, summary, write] of [
    ['deliberations.csv', 'exportDeliberations', 'The decisions by SCDL "délibérations" 2.1.5', writeDeliberations],
    ['votes.csv', 'exportWeightedVotes', 'Who voted what, with how many voices', writeWeightedVotes],
  ] as const) {
    app.get(
      `/api/governance/public/:slug/${name}`,
      { config, schema: { operationId, summary, params: bySlug } },
      async ({ tenant, params }, reply) => {
        const file = await published(tenant, params.slug, async (_, agreement, publisher) => ({
          tenantId: tenant.id,
          agreement,
          publisher,
          addressOf: (number: string) => address(`/decisions/${agreement.slug}/${number}`),
        }))
        return reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="${file.agreement.slug}-${name}"`)
          .send(Readable.from(write(services, file), { objectMode: false }))
      },
    )
  }

  app.get(
    '/api/governance/public/:slug/agreement.yaml',
    {
      config,
      schema: {
        operationId: 'getPublishedAgreement',
        summary: 'The agreement in force, as its file',
        params: bySlug,
        response: { 200: z.string().describe('application/yaml') },
      },
    },
    ({ tenant, params }, reply) =>
      published(tenant, params.slug, async (tx, { slug, version, versionId }) => {
        const { source } = await tables(tx)
          .selectFrom('governance.agreement_version')
          .select('source')
          .where('id', '=', versionId)
          .executeTakeFirstOrThrow()
        return reply
          .type('application/yaml; charset=utf-8')
          .header('content-disposition', `attachment; filename="${slug}-${version}.yaml"`)
          .send(source)
      }),
  )
}

/** The agreements in force whose consortium says who publishes. */
async function listPublishing(tx: Tx, now: Date): Promise<{ slug: string; title: string }[]> {
  const everyone = { personId: '00000000-0000-0000-0000-000000000000', manages: true }
  const agreements = await listAgreementsInForce(tx, everyone, await findToday(tx, now))
  const publishing = await tables(tx)
    .selectFrom('governance.publisher')
    .innerJoin('governance.agreement', 'governance.agreement.id', 'agreement_id')
    .select('slug')
    .execute()
  return agreements.filter(({ slug }) => publishing.some((each) => each.slug === slug))
}
