import type { Statement } from '#modules/records'
import type { Action } from './learning-event.ts'

// What is told beyond these is a fault of the emitter: eleven days of video, a year of work.
const longestMedia = 1_000_000
const longestDuration = 366 * 86_400

/** What ties the events of one sitting: the first told of some extensions of the context, else the registration. */
export function sessionOf({ context }: Statement, iris: readonly string[] = []): string | null {
  for (const iri of iris) {
    const told = context?.extensions?.[iri]
    if (typeof told === 'string' && told !== '') return told
  }
  return context?.registration ?? null
}

/** A place in a video or a sound, or its length, in seconds; null when it can be none. */
function toSeconds(told: unknown): number | null {
  return typeof told === 'number' && told >= 0 && told <= longestMedia ? told : null
}

const video = 'https://w3id.org/xapi/video/extensions/'

/** What a player tells, in the words of events. */
export function mediaOf({ result, context }: Statement, action: Action | '') {
  const told = result?.extensions
  const time = toSeconds(told?.[`${video}time`])
  // 0 is told while a player does not know.
  const length = toSeconds(context?.extensions?.[`${video}length`] ?? told?.[`${video}length`]) || null
  if (action === 'seeked') {
    const positionTo = toSeconds(told?.[`${video}time-to`])
    return { position: positionTo, positionFrom: toSeconds(told?.[`${video}time-from`]), positionTo, length }
  }
  const stretch = time === null ? null : findStretch(told?.[`${video}played-segments`], time)
  return { position: time, positionFrom: stretch, positionTo: stretch === null ? null : time, length }
}

/** Where the stretch begins that was seen without a gap until a moment, by `0[.]12.5[,]30[.]41`; null when none ends there. */
function findStretch(segments: unknown, end: number): number | null {
  if (typeof segments !== 'string') return null
  for (const segment of segments.split('[,]').toReversed()) {
    const [from = '', to = ''] = segment.split('[.]')
    const start = from === '' ? Number.NaN : Number(from)
    if (to !== '' && Math.abs(Number(to) - end) < 0.01 && start >= 0 && start < end) return start
  }
  return null
}

/** How far an activity is done, from 0 to 1: the video profile tells shares, cmi5 tells per cent. */
export function progressOf({ result }: Statement): number | null {
  const told = result?.extensions
  if (told === undefined) return null
  const share = told[`${video}progress`]
  if (typeof share === 'number' && share >= 0 && share <= 1) return share
  const perCent = told['https://w3id.org/xapi/cmi5/result/extensions/progress']
  return typeof perCent === 'number' && perCent >= 0 && perCent <= 100 ? perCent / 100 : null
}

/**
 * The score from -1 to 1: by its points and limits where they are told, since Moodle's emitter scales 0 points to -1; else
 * as scaled. Null when only points are told, of nobody knows how many.
 */
export function scoreOf({ result }: Statement): number | null {
  const { scaled, raw, min = 0, max } = result?.score ?? {}
  if (raw !== undefined && max !== undefined && max > min && raw >= min && raw <= max) return (raw - min) / (max - min)
  return scaled !== undefined && scaled >= -1 && scaled <= 1 ? scaled : null
}

const duration =
  /^P(?:(\d+(?:\.\d+)?)W|(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?)$/

/** A duration of ISO 8601 in seconds; null for years and months, which have no length of their own. */
function durationOf(text: string): number | null {
  const parts = duration.exec(text.replace(',', '.'))
  if (parts === null) return null
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  return weeks * 604_800 + days * 86_400 + hours * 3600 + minutes * 60 + seconds
}

/** How long it took, in seconds; null beyond a year. */
export function secondsOf({ result }: Statement): number | null {
  const told = result?.duration === undefined ? null : durationOf(result.duration)
  return told !== null && told <= longestDuration ? told : null
}

const tinCan = 'http://id.tincanapi.com/extension/'

/** The passage that somebody watched, told by where it starts and ends; undefined when it is not told. */
export function passageOf({ result, context }: Statement) {
  const [positionFrom, positionTo] = ['starting-point', 'ending-point'].map((name) => {
    const told = result?.extensions?.[tinCan + name] ?? context?.extensions?.[tinCan + name]
    return typeof told === 'string' ? toSeconds(durationOf(told)) : toSeconds(told)
  })
  return typeof positionFrom === 'number' && typeof positionTo === 'number' && positionFrom < positionTo
    ? { positionFrom, positionTo, position: positionTo }
    : undefined
}
