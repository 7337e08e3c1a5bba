import { z } from 'zod'
import type { Viewer } from '#kernel/access'
import { type App, actorOf, viewerOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import type { Day } from '#kernel/time'
import { key } from '../dashboards/viewer.routes.ts'
import { smallestGroup } from '../privacy/suppression.ts'
import { type Answer, openAnswering, type PeriodAnswer } from './answers.ts'
import { openCatalogue } from './catalogue.ts'
import { audiences, parameter, scope, scopeNames, texts } from './definition.ts'
import type { Asked } from './questions.ts'
import { writeRowsCsv } from './rows-csv.ts'
import { offerIndicator } from './offering.ts'
import { listUnwanted } from './surroundings.queries.ts'

const as = z.enum(audiences).optional()
const name = z.string().max(100)
const row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))
const origin = z.enum(['product', 'institution', 'package'])
const scopes = z.object({ group: scope.optional(), person: scope.optional(), named: scope.optional() })

const period = z.object({
  from: z.string().describe('first day of the answer: groups are told by whole weeks'),
  until: z.string().describe('last day'),
  askedFrom: z.string(),
  askedUntil: z.string(),
})
const answer = z.object({
  period,
  rows: z.array(row),
  answer: row.nullable().describe('values of the answer sentence'),
})
const withheld = z
  .enum(['too_few_learners', 'filter_too_narrow', 'too_many_parts', 'nothing_projected'])
  .nullable()
  .describe('why nothing is told')

const query = z.looseObject({
  scope: z.enum(scopeNames),
  course: key.optional(),
  from: z.iso.date().optional(),
  until: z.iso.date().optional(),
  compareFrom: z.iso.date().optional(),
  compareUntil: z.iso.date().optional(),
  as,
})

/** What indicators there are, and what they answer to whom. */
export function registerIndicators(app: App, services: Services): void {
  const catalogue = openCatalogue(services)
  const answering = openAnswering(services, catalogue)

  app.get(
    '/api/insight/indicators',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listIndicators',
        summary: 'Indicators that may be shown, with their texts',
        querystring: z.object({ as }),
        response: {
          200: z.object({
            indicators: z.array(
              z.object({
                name: z.string(),
                version: z.number(),
                origin,
                parameters: z.record(z.string(), parameter),
                scopes,
                enabled: z.boolean().describe('false: the institution does not want it; only who administers sees it'),
                texts: z.object({ fr: texts, en: texts }),
              }),
            ),
            broken: z
              .array(
                z.object({
                  name: z.string(),
                  origin,
                  folder: z.string(),
                  problems: z.array(z.object({ file: z.string(), reason: z.string() })),
                }),
              )
              .describe('refused, and why: for who administers dashboards'),
          }),
        },
      },
    },
    async (request) => {
      const viewer = viewerOf(request)
      const { indicators, broken } = await catalogue.read()
      const unwanted = await inTenant(services.db, viewer.tenantId, listUnwanted)
      const administers = request.actor?.rights.some(({ right }) => right === 'insight.administer') ?? false
      return {
        indicators: [...indicators.values()]
          .map((each) => ({ ...each, enabled: !unwanted.has(each.name) }))
          .filter((each) => (each.enabled || administers) && (viewer.indicator ?? each.name) === each.name),
        broken: administers ? [...broken] : [],
      }
    },
  )

  app.get(
    '/api/insight/indicators/:name',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getIndicatorAnswer',
        summary: 'What an indicator answers: parameters of its own as p.<name>',
        params: z.object({ name }),
        querystring: query,
        response: {
          200: answer.extend({
            indicator: z.string(),
            scope: z.enum(scopeNames),
            columns: scope.shape.columns,
            suppressed: z.object({
              rows: z.number(),
              cells: z.number(),
              weeks: z.number(),
              k: z.number().describe('the smallest group that is told; 0 where nothing is hidden'),
            }),
            withheld,
            comparison: answer.extend({ withheld }).nullable(),
            activities: z.record(
              z.string(),
              z.object({ iri: z.string(), kind: z.string(), name: z.record(z.string(), z.string()) }),
            ),
            learners: z.record(z.string(), z.string().nullable()).describe('names, in the scope named'),
            chart: z.record(z.string(), z.unknown()).nullable().describe('Vega-Lite without data'),
            asOf: z.iso.datetime().nullable(),
            excludedObjectors: z.boolean(),
          }),
        },
      },
    },
    async (request) => {
      const { viewer, tenant } = { viewer: viewerOf(request), tenant: request.tenant }
      const given = await ask({ viewer, tenant }, request.params.name, request.query, smallestGroup.page)
      const { question, activities, learners, comparison, asOf } = given
      return {
        ...toPeriod(given),
        indicator: question.indicator.name,
        scope: question.scope,
        columns: question.defined.columns,
        suppressed: given.suppressed,
        withheld: given.withheld,
        comparison: comparison && { ...toPeriod(comparison), withheld: comparison.withheld },
        activities: Object.fromEntries(activities),
        learners: Object.fromEntries(learners),
        chart: question.indicator.charts[question.scope] ?? null,
        asOf: asOf?.toISOString() ?? null,
        excludedObjectors: given.excludedObjectors,
      }
    },
  )

  app.get(
    '/api/insight/indicators/:name/rows.csv',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'exportIndicatorRows',
        summary: 'The same rows as a file: groups under ten learners are left out of it',
        params: z.object({ name }),
        querystring: query.extend({ language: z.enum(['fr', 'en']).default('fr') }),
        response: { 200: z.string().describe('text/csv') },
      },
    },
    async (request, reply) => {
      const who = { viewer: viewerOf(request), tenant: request.tenant }
      const given = await ask(who, request.params.name, request.query, smallestGroup.export)
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${given.question.indicator.name}.csv"`)
        .send(writeRowsCsv(given, request.query.language))
    },
  )

  app.put(
    '/api/insight/indicators/:name/setting',
    {
      config: { access: { right: 'insight.administer' } },
      schema: {
        operationId: 'updateIndicatorSetting',
        summary: 'Offers an indicator, or no longer',
        params: z.object({ name }),
        body: z.object({ enabled: z.boolean() }),
        response: { 200: z.object({ enabled: z.boolean() }) },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      const { enabled } = request.body
      const indicator = request.params.name
      const contents = await catalogue.read()
      await inTenant(services.db, tenantId, (tx) =>
        offerIndicator(tx, contents, { indicator, enabled, by: personId }, services.now()),
      )
      return { enabled }
    },
  )

  function ask(
    who: { viewer: Viewer; tenant: Tenant },
    indicator: string,
    { scope, course, from, until, compareFrom, compareUntil, ...rest }: z.infer<typeof query>,
    smallest: number,
  ): Promise<Answer> {
    const asked: Asked = { indicator, scope, course, from, until, parameters: readParameters(rest) }
    return answering.answer(who, asked, readComparison(compareFrom, compareUntil), smallest)
  }
}

const readComparison = (from: Day | undefined, until: Day | undefined) =>
  from !== undefined && until !== undefined ? { from, until } : undefined

/** `p.NAME` of the address; one given twice counts once. */
function readParameters(rest: Record<string, unknown>): Record<string, string> {
  const own = Object.entries(rest).filter(([name]) => name.startsWith('p.'))
  return Object.fromEntries(own.map(([name, value]) => [name.slice(2), String([value].flat()[0])]))
}

const toPeriod = ({ period, rows, answer }: PeriodAnswer) => ({ period, rows, answer })
