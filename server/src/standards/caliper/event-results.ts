import { type Statement, StatementError } from '#modules/records'
import { type Entity, findEntity, readNumber, readText } from './entities.ts'

const video = 'https://w3id.org/xapi/video/extensions/'

const duration =
  /^P(?:(\d+(?:[.,]\d+)?)W|(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?)$/

/** An ISO 8601 duration in seconds; undefined when it has years or months, or is none. */
export function toSeconds(text: string | undefined): number | undefined {
  const parts = text === undefined ? null : duration.exec(text)
  if (parts === null) return undefined
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(1)
    .map((part) => Number(part?.replace(',', '.') ?? 0))
  return weeks * 604_800 + days * 86_400 + hours * 3600 + minutes * 60 + seconds
}

interface Told {
  type: string
  object: Entity
  fields: Entity['fields']
  at: string
}

/**
 * What came of it: where a player stands, what was answered, which score was given.
 * @param told the action as it was understood.
 */
export function readResult(event: Told, told: string): Statement['result'] {
  if (event.type === 'MediaEvent') return readPosition(event, told)
  const generated = findEntity(event, 'generated')
  const attempt = [event.object, generated, generated && findEntity(generated, 'attempt')].find(
    (each) => each?.type === 'Attempt',
  )
  const result = {
    ...(generated === undefined ? {} : readScore(generated)),
    ...(generated === undefined ? {} : readResponse(generated)),
    ...(told === 'Completed' ? { completion: true } : {}),
    ...readDuration(attempt),
  }
  return Object.keys(result).length === 0 ? undefined : result
}

/** Where the player stands: `currentTime` of the place that is the target. */
function readPosition(event: Told, told: string): Statement['result'] {
  const target = findEntity(event, 'target')
  const text = target && readText(target, 'currentTime')
  if (target === undefined || text === undefined) return undefined
  const time = toSeconds(text)
  if (time === undefined) throw new StatementError(`${target.at}/currentTime`, 'must be a duration, as PT5M21S')
  const isJump = ['JumpedTo', 'ForwardedTo', 'Rewound'].includes(told)
  return { extensions: { [`${video}${isJump ? 'time-to' : 'time'}`]: time } }
}

// Since 1.1; `Result` is of 1.0, and still sent.
function readScore(generated: Entity): NonNullable<Statement['result']> {
  if (generated.type !== 'Score' && generated.type !== 'Result') return {}
  const raw =
    readNumber(generated, 'scoreGiven') ?? readNumber(generated, 'resultScore') ?? readNumber(generated, 'totalScore')
  const max = readNumber(generated, 'maxScore') ?? readNumber(generated, 'maxResultScore')
  if (raw === undefined) return {}
  // A bonus is above the most: xAPI has no word for it.
  return max !== undefined && max > 0 && raw >= 0 && raw <= max
    ? { score: { raw, min: 0, max, scaled: raw / max } }
    : { score: { raw } }
}

function readResponse(generated: Entity): NonNullable<Statement['result']> {
  if (generated.type === undefined || !generated.type.endsWith('Response')) return {}
  const { value, values } = generated.fields
  const told = Array.isArray(values) ? values : value === undefined ? [] : [value]
  // As xAPI parts several answers.
  return told.length === 0 ? {} : { response: told.map((each) => `${each}`).join('[,]') }
}

function readDuration(attempt: Entity | undefined): NonNullable<Statement['result']> {
  if (attempt === undefined) return {}
  const told = readText(attempt, 'duration')
  if (told !== undefined) return { duration: told }
  const started = Date.parse(readText(attempt, 'startedAtTime') ?? '')
  const ended = Date.parse(readText(attempt, 'endedAtTime') ?? '')
  return ended >= started ? { duration: `PT${(ended - started) / 1000}S` } : {}
}
