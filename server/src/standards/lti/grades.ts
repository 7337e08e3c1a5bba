import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Agent, Statement } from '#modules/records'
import { ServiceFailure } from '#kernel/remote-service'
import { serviceScopes } from './claims.ts'
import type { PlatformService } from './service-client.ts'

const lineItemsType = 'application/vnd.ims.lis.v2.lineitemcontainer+json'
const resultsType = 'application/vnd.ims.lis.v2.resultcontainer+json'

const lineItems = z.array(
  z.looseObject({
    id: z.url().max(2_000),
    label: z.string().max(2_000).catch(''),
    scoreMaximum: z.number().optional(),
  }),
)
const results = z.array(
  z.looseObject({
    id: z.string().max(2_000).optional(),
    userId: z.union([z.string(), z.number()]).transform(String),
    resultScore: z.number().nullish(),
    resultMaximum: z.number().nullish(),
    timestamp: z.string().nullish().catch(undefined),
  }),
)

/** A grade that a platform keeps. */
export interface Grade {
  /** Address of the line item, which stands for what is graded. */
  lineItem: string
  label: string
  sub: string
  score: number
  maximum: number
  /** Since when, if the platform says. */
  at: string | null
}

/**
 * The grades of a course that this tool may read (Assignment and Grade Services 2.0).
 * @param id of the assertion.
 * @throws ServiceFailure.
 */
export async function readGrades(service: PlatformService, url: string, id: string): Promise<Grade[]> {
  const token = await service.askToken([serviceScopes.lineItems, serviceScopes.results], id)
  const grades: Grade[] = []
  for await (const page of service.list(url, token, lineItemsType)) {
    for (const item of parse(lineItems, page)) {
      // The token is the platform's, the address comes in an answer.
      if (new URL(item.id).origin !== new URL(url).origin) throw new ServiceFailure('answer_invalid', 200)
      const address = new URL(item.id)
      address.pathname += '/results'
      for await (const answered of service.list(address.href, token, resultsType)) {
        for (const { userId, resultScore, resultMaximum, timestamp } of parse(results, answered)) {
          const maximum = resultMaximum ?? item.scoreMaximum ?? 1
          if (typeof resultScore !== 'number' || maximum <= 0) continue
          const at = timestamp && Number.isFinite(Date.parse(timestamp)) ? new Date(timestamp).toISOString() : null
          grades.push({ lineItem: item.id, label: item.label, sub: userId, score: resultScore, maximum, at })
        }
      }
    }
  }
  return grades
}

function parse<Output>(schema: z.ZodType<Output>, answer: unknown): Output {
  const read = schema.safeParse(answer)
  if (!read.success) throw new ServiceFailure('answer_invalid', 200)
  return read.data
}

/**
 * A grade as a statement: "scored", as Moodle's plug-in and the TLA profile say it. Its identifier is made of what it says,
 * so that a grade read twice is stored once, and a grade that changed is told anew.
 */
export function toStatement(
  grade: Grade,
  where: { tenantId: string; platformId: string; courseIri: string; courseTitle: string | null; actor: Agent },
): Statement {
  const said = [where.tenantId, where.platformId, grade.lineItem, grade.sub, grade.score, grade.maximum, grade.at]
  return {
    id: nameId(JSON.stringify(said)),
    actor: where.actor,
    verb: { id: 'https://w3id.org/xapi/tla/verbs/scored', display: { en: 'scored', fr: 'a été noté' } },
    object: {
      objectType: 'Activity',
      id: grade.lineItem,
      definition: {
        type: 'http://adlnet.gov/expapi/activities/assessment',
        ...(grade.label === '' ? {} : { name: { und: grade.label } }),
      },
    },
    result: {
      score: {
        raw: grade.score,
        min: Math.min(0, grade.score),
        max: Math.max(grade.maximum, grade.score),
        // Points beyond the maximum are no more than all of them.
        scaled: Math.max(-1, Math.min(1, grade.score / grade.maximum)),
      },
    },
    context: {
      contextActivities: {
        parent: [
          {
            objectType: 'Activity',
            id: where.courseIri,
            definition: {
              type: 'https://w3id.org/xapi/cmi5/activitytype/course',
              ...(where.courseTitle === null ? {} : { name: { und: where.courseTitle } }),
            },
          },
        ],
      },
    },
    // Without a time it is of the moment it is stored.
    ...(grade.at === null ? {} : { timestamp: grade.at }),
  }
}

/** A UUID made of a text (RFC 9562 §5.8, version 8, SHA-256). */
function nameId(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
