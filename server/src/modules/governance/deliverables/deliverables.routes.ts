import { z } from 'zod'
import { toCsv } from '#kernel/csv'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inStanding, type Standing } from '../standing.ts'
import { getDeliverableRules } from './acts.ts'
import { courseSchema, deliverablesSchema, listVersionSchema } from './deliverable-schemas.ts'
import { describeDeliverable, describeDeliverables, describeListVersion, listDeliverables } from './deliverable-view.ts'
import { listSchema } from './list-schema.ts'
import { saveDeliverableList, submitList, takeListBack } from './lists.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const number = z.coerce.number().int().min(1).max(1_000_000)
const revision = z.int().min(0).describe('the one the manager has before them; 0 when there is none')
const base = '/api/governance/agreements/:slug/deliverables'

/** The list of deliverables, its versions and its way to the vote. */
export function registerDeliverables(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'listDeliverables',
        summary: 'The deliverables with where each is and what is awaited, the list in force and its versions',
        params: bySlug,
        response: { 200: deliverablesSchema },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => describeDeliverables(tx, standing)),
  )

  app.get(
    '/api/governance/agreements/:slug/deliverables.csv',
    {
      config,
      schema: {
        operationId: 'exportDeliverables',
        summary: 'The deliverables as a table',
        params: bySlug,
        response: { 200: z.string().describe('text/csv') },
      },
    },
    async (request, reply) => {
      const text = await inStanding(services, request, async (tx, standing) => {
        getDeliverableRules(standing.agreement)
        return writeTable(standing, await listDeliverables(tx, standing))
      })
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="livrables.csv"')
        .send(text)
    },
  )

  app.put(
    `${base}/draft`,
    {
      config,
      schema: {
        operationId: 'saveDeliverableList',
        summary: 'Saves the draft of the next list',
        params: bySlug,
        body: z.strictObject({ revision, content: listSchema }),
        response: { 200: z.object({ number: z.int(), revision: z.int() }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) => saveDeliverableList(tx, standing, request.body, now)),
  )

  app.post(
    `${base}/agenda`,
    {
      config,
      schema: {
        operationId: 'submitDeliverableList',
        summary: 'Puts the list on the agenda of a meeting of the body that validates it',
        params: bySlug,
        body: z.strictObject({ revision, meetingId: z.uuid() }),
        response: { 200: z.object({ agendaItemId: z.uuid() }) },
      },
    },
    (request) => inStanding(services, request, (tx, standing, now) => submitList(tx, standing, request.body, now)),
  )

  app.post(
    `${base}/taking-back`,
    {
      config,
      schema: {
        operationId: 'takeDeliverableListBack',
        summary: 'Takes back a list that is on no agenda any more, to write on',
        params: bySlug,
        response: { 200: z.object({ revision: z.int() }) },
      },
    },
    (request) => inStanding(services, request, (tx, standing, now) => takeListBack(tx, standing, now)),
  )

  app.get(
    `${base}/lists/:number`,
    {
      config,
      schema: {
        operationId: 'getDeliverableList',
        summary: 'A version of the list, and what it changes',
        params: bySlug.extend({ number }),
        querystring: z.object({ against: number.optional().describe('absent: the one adopted before it') }),
        response: { 200: listVersionSchema },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing) =>
        describeListVersion(tx, standing, request.params.number, request.query.against),
      ),
  )

  app.get(
    `${base}/of/:key`,
    {
      config,
      schema: {
        operationId: 'getDeliverable',
        summary: 'A deliverable, its course and what is awaited',
        params: bySlug.extend({ key: z.string().max(60) }),
        response: { 200: courseSchema },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => describeDeliverable(tx, standing, request.params.key)),
  )
}

const kinds = {
  software: 'logiciel',
  documentation: 'documentation',
  data: 'données',
  service: 'service',
  training: 'formation',
}
const states = {
  expected: 'attendu',
  delivered: 'livré',
  onTrial: 'en essai',
  refused: 'à livrer de nouveau',
  accepted: 'accepté',
  transferred: 'transféré',
}

function writeTable({ agreement }: Standing, deliverables: Awaited<ReturnType<typeof listDeliverables>>): string {
  const names = new Map(agreement.rules.parties.map(({ key, name }) => [key, name]))
  const tell = (parties: string[]) => parties.map((key) => names.get(key) ?? key).join(', ')
  return toCsv([
    ['cle', 'livrable', 'nature', 'responsable', 'echeance', 'etat', 'en_retard', 'retire_de_la_liste'].concat([
      'livre_le',
      'etablissements_pilotes',
      'bon_fonctionnement_constate_par',
      'accepte_le',
      'transfert_a',
      'transfert_confirme_par',
      'transfere_le',
    ]),
    ...deliverables.map((each) => [
      each.key,
      each.title,
      kinds[each.kind],
      tell([each.owner]),
      each.dueOn ?? '',
      states[each.state],
      each.late ? 'oui' : 'non',
      each.dropped ? 'oui' : 'non',
      each.deliveredOn ?? '',
      tell(each.pilots),
      tell(each.satisfied),
      each.acceptedOn ?? '',
      tell(each.receivers),
      tell(each.received),
      each.transferredOn ?? '',
    ]),
  ])
}
