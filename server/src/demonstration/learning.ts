import { createHash } from 'node:crypto'
import type { Activity, Statement } from '#modules/records'
import { pickFamilyName, pickGivenName } from './names.ts'
import { personas } from './personas.ts'
import { Random } from './random.ts'

/** Where the invented pupils learn, as their statements say. */
const platform = 'https://cours.demonstration.example'

interface Course {
  activity: Activity
  pupils: number
  weeks: Week[]
  forum: Activity
}

interface Week {
  document: Activity
  film: Activity
  /** Of the film, in seconds. */
  length: number
  quiz: Activity
  /** Each harder than the one before, and the fourth too hard. */
  questions: Activity[]
  assignment: Activity | undefined
}

/** How somebody works. */
interface Pupil {
  actor: { account: { homePage: string; name: string }; name: string }
  /** Chance to do the work of a week. */
  diligence: number
  /** Chance to be right at a question of middling difficulty. */
  ease: number
  /** Last week of work; most go on. */
  until: number
  /** Day of the week they prefer, from 0 for Monday. */
  day: number
}

const subjects = [
  {
    code: 'climat',
    name: 'Sciences : météo et climat',
    pupils: 56,
    films: ['La pluie', 'Le vent', 'Climat ou météo ?'],
  },
  {
    code: 'statistiques',
    name: 'Mathématiques : lire des données',
    pupils: 41,
    films: ['La moyenne', 'La médiane', 'Graphiques qui trompent'],
  },
  // Too few to be told of.
  { code: 'latin', name: 'Latin : premiers pas', pupils: 4, films: ['Rosa, rosae', 'Salve !'] },
]

const verbs = {
  viewed: 'http://id.tincanapi.com/verb/viewed',
  downloaded: 'http://id.tincanapi.com/verb/downloaded',
  launched: 'http://adlnet.gov/expapi/verbs/initialized',
  played: 'https://w3id.org/xapi/video/verbs/played',
  paused: 'https://w3id.org/xapi/video/verbs/paused',
  seeked: 'https://w3id.org/xapi/video/verbs/seeked',
  ended: 'http://adlnet.gov/expapi/verbs/terminated',
  completed: 'http://adlnet.gov/expapi/verbs/completed',
  attempted: 'http://adlnet.gov/expapi/verbs/attempted',
  answered: 'http://adlnet.gov/expapi/verbs/answered',
  submitted: 'http://activitystrea.ms/schema/1.0/submit',
  scored: 'http://adlnet.gov/expapi/verbs/scored',
  posted: 'https://w3id.org/xapi/acrossx/verbs/posted',
  replied: 'http://id.tincanapi.com/verb/replied',
} as const
type Verb = keyof typeof verbs

const types = {
  course: 'http://adlnet.gov/expapi/activities/course',
  document: 'http://id.tincanapi.com/activitytype/document',
  film: 'https://w3id.org/xapi/video/activity-type/video',
  quiz: 'http://adlnet.gov/expapi/activities/assessment',
  question: 'http://adlnet.gov/expapi/activities/cmi.interaction',
  assignment: 'http://id.tincanapi.com/activitytype/school-assignment',
  forum: 'https://xapi.edlm/profiles/edlm-lms/concepts/activity-types/forum',
  discussion: 'http://id.tincanapi.com/activitytype/discussion',
} as const

/** Weeks of work, the present one included. */
const weekCount = 9
const seed = 2026
const day = 86_400_000

/** Addresses of the courses, and of the account of the pupil whom everybody may be. */
export const learningCourses = subjects.map(({ code }) => `${platform}/course/${code}`)
export const learningPupil = { homePage: platform, name: 'zoe.marchand' }

/**
 * What the pupils of three invented courses did in the last nine weeks until `now`, in the order of time: some five thousand
 * statements, the same on every machine for a same week.
 */
export function makeLearningStatements(now: Date): Statement[] {
  const monday = now.getTime() - (now.getTime() % day) - ((now.getUTCDay() + 6) % 7) * day
  const first = monday - (weekCount - 1) * 7 * day
  return subjects
    .flatMap((subject, at) => {
      const course = makeCourse(subject)
      return Array.from({ length: course.pupils }, (_, number) => {
        const random = new Random(seed, at, number)
        const pupil = makePupil(random, at === 0 && number === 0, `${subject.code}-${number}`)
        return Array.from({ length: weekCount }, (_week, week) =>
          week < pupil.until ? workWeek(random, course, pupil, week, first + week * 7 * day) : [],
        ).flat()
      }).flat()
    })
    .filter(({ timestamp = '' }) => Date.parse(timestamp) < now.getTime())
    .toSorted((one, other) => ((one.timestamp ?? '') < (other.timestamp ?? '') ? -1 : 1))
}

function makeCourse({ code, name, pupils, films }: (typeof subjects)[number]): Course {
  const make = (path: string, type: keyof typeof types, title: string): Activity => ({
    id: path === '' ? `${platform}/course/${code}` : `${platform}/course/${code}/${path}`,
    definition: { type: types[type], name: { fr: title } },
  })
  const weeks = Array.from({ length: weekCount }, (_, week): Week => {
    const number = week + 1
    const film = films[week % films.length] ?? ''
    return {
      document: make(`fiche-${number}`, 'document', `Fiche ${number}`),
      film: make(`film-${number}`, 'film', `Film ${number} : ${film}`),
      length: 180 + 40 * (week % 4),
      quiz: make(`test-${number}`, 'quiz', `Test ${number}`),
      questions: [1, 2, 3, 4].map((each) =>
        make(`test-${number}/question-${each}`, 'question', `Test ${number}, question ${each}`),
      ),
      assignment: week % 3 === 2 ? make(`devoir-${number}`, 'assignment', `Devoir ${(week + 1) / 3}`) : undefined,
    }
  })
  return { activity: make('', 'course', name), pupils, weeks, forum: make('forum', 'forum', 'Questions et réponses') }
}

function makePupil(random: Random, isPersona: boolean, code: string): Pupil {
  const givenName = pickGivenName(random, random.chance(0.5) ? 'F' : 'M', 'young').proper
  const name = `${givenName} ${pickFamilyName(random).proper}`
  const { givenName: given, familyName: family } = personas.pupil
  return {
    actor: isPersona
      ? { account: learningPupil, name: `${given} ${family}` }
      : { account: { homePage: platform, name: code }, name },
    diligence: isPersona ? 0.9 : 0.35 + 0.6 * random.unit(),
    ease: 0.4 + 0.5 * random.unit(),
    until: !isPersona && random.chance(0.14) ? 2 + random.below(5) : weekCount,
    day: random.below(5),
  }
}

/** What one pupil does in one week; nothing in some. */
function workWeek(random: Random, course: Course, pupil: Pupil, number: number, monday: number): Statement[] {
  const week = course.weeks[number]
  // Holidays: hardly anybody works.
  const presence = number === 4 ? pupil.diligence * 0.35 : pupil.diligence
  if (!week || !random.chance(presence)) return []
  const late = random.chance(0.25) ? random.below(3) : 0
  // After school, or on Sunday evening.
  let time =
    monday + Math.min(6, pupil.day + late) * day + (15 + random.below(5)) * 3_600_000 + random.below(3_600) * 1_000
  const done: Statement[] = []
  const act = (
    verb: Verb,
    object: Activity,
    rest: Pick<Statement, 'result'> = {},
    holder?: Activity,
    session?: string,
  ) => {
    done.push({
      id: makeId(`${pupil.actor.account.name} ${object.id} ${done.length} ${time}`),
      actor: pupil.actor,
      verb: { id: verbs[verb], display: { en: verb } },
      object,
      ...rest,
      context: {
        contextActivities: {
          ...(holder ? { parent: [holder] } : {}),
          grouping: [course.activity],
          ...(object === week.film ? { category: [{ id: 'https://w3id.org/xapi/video' }] } : {}),
        },
        ...(session === undefined
          ? {}
          : { extensions: { 'https://w3id.org/xapi/video/extensions/session-id': session } }),
      },
      timestamp: new Date(time).toISOString(),
    })
    time += (20 + random.below(100)) * 1_000
  }

  act('viewed', course.activity)
  if (random.chance(0.75)) act(random.chance(0.3) ? 'downloaded' : 'viewed', week.document)
  if (random.chance(0.8)) watchFilm(random, week, act, `${pupil.actor.account.name}-${number}`)
  if (random.chance(0.75)) answerQuiz(random, pupil, week, act)
  if (week.assignment && random.chance(0.8)) {
    act('submitted', week.assignment)
    const scaled = Math.round((0.35 + 0.6 * pupil.ease * random.unit() + 0.05) * 20) / 20
    act('scored', week.assignment, { result: { score: { scaled, raw: scaled * 20, min: 0, max: 20 } } })
  }
  if (random.chance(0.4)) {
    const discussion: Activity = {
      id: `${course.forum.id}/fil-${number}`,
      definition: { type: types.discussion },
    }
    act(random.chance(0.35) ? 'posted' : 'replied', discussion, {}, course.forum)
  }
  return done
}

type Act = (verb: Verb, object: Activity, rest?: Pick<Statement, 'result'>, holder?: Activity, session?: string) => void

/** Most go through; some leave, and some go back over the same difficult minute. */
function watchFilm(random: Random, { film, length }: Week, act: Act, session: string): void {
  const told = (extensions: Record<string, number>): Pick<Statement, 'result'> => ({
    result: {
      extensions: Object.fromEntries(
        Object.entries({ ...extensions, length }).map(([name, value]) => [
          `https://w3id.org/xapi/video/extensions/${name}`,
          Math.round(value),
        ]),
      ),
    },
  })
  const end = random.chance(0.6) ? length : length * (0.15 + 0.75 * random.unit())
  act('launched', film, told({}), undefined, session)
  act('played', film, told({ time: 0 }), undefined, session)
  const hard = length * 0.55
  if (end > hard && random.chance(0.4)) {
    act('seeked', film, told({ 'time-from': hard, 'time-to': hard - 45 }), undefined, session)
  }
  act('paused', film, told({ time: end, progress: 0 }), undefined, session)
  if (end === length) act('completed', film, told({ time: length }), undefined, session)
  act('ended', film, told({ time: end }), undefined, session)
}

function answerQuiz(random: Random, pupil: Pupil, { quiz, questions }: Week, act: Act): void {
  act('attempted', quiz)
  let right = 0
  for (const [at, question] of questions.entries()) {
    const success = random.chance(Math.max(0.08, pupil.ease + 0.25 - 0.16 * at - (at === 3 ? 0.2 : 0)))
    if (success) right += 1
    act('answered', question, { result: { success, score: { scaled: success ? 1 : 0 } } }, quiz)
  }
  const scaled = right / questions.length
  act('submitted', quiz, { result: { success: scaled >= 0.5, score: { scaled } } })
  // Who misses it may try again, and learns from it.
  if (scaled < 0.5 && random.chance(0.4)) {
    act('attempted', quiz)
    const again = Math.min(1, scaled + 0.25 + 0.25 * random.below(2))
    act('submitted', quiz, { result: { success: again >= 0.5, score: { scaled: again } } })
  }
  if (scaled >= 0.5) act('completed', quiz, { result: { completion: true } })
}

function makeId(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
