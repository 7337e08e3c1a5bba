// Statements as a video player of a course sends them: some 1.2 kB, few verbs, many learners, the same activities all day.

const base = 'https://learning.example'
const videoVerbs = ['played', 'paused', 'seeked', 'completed', 'initialized', 'terminated', 'interacted']
export const verbs = videoVerbs.map((verb) => `https://w3id.org/xapi/video/verbs/${verb}`)
export const courses = Array.from({ length: 200 }, (_, i) => `${base}/courses/${i}`)
/** Each is of the course at its own place, counted round and round. */
export const activities = Array.from({ length: 4_000 }, (_, i) => `${base}/courses/${i % courses.length}/videos/${i}`)
export const learners = Array.from({ length: 50_000 }, (_, i) => ({
  objectType: 'Agent' as const,
  account: { homePage: base, name: `0${String(i * 7_919).padStart(9, '0')}-4fd1-4b8e-9b7d-166076ce8bfb` },
}))
const category = 'https://w3id.org/xapi/video'
const extension = 'https://w3id.org/xapi/video/extensions'

/**
 * One statement; `random` decides on the learner, the activity and the verb: a few are busy, most are not.
 * @param id as many characters as a UUID.
 */
export function makeStatement(id: string, random: () => number): Record<string, unknown> {
  const activity = Math.floor(activities.length * random() ** 2)
  const time = Math.floor(random() * 100_000) / 100
  return {
    id,
    actor: learners[Math.floor(learners.length * random() ** 2)],
    verb: { id: verbs[Math.floor(verbs.length * random() ** 2)], display: { 'en-US': 'acted' } },
    object: {
      objectType: 'Activity',
      id: activities[activity],
      definition: { type: `${category}/activity-type/video`, name: { 'en-US': `Video ${activity}` } },
    },
    result: {
      extensions: {
        [`${extension}/time-from`]: time,
        [`${extension}/time-to`]: time + 42.5,
        [`${extension}/progress`]: 0.472,
        [`${extension}/played-segments`]: '0[.]42.608[,]43.168[.]124.692[,]176.4',
      },
    },
    context: {
      registration: '4d2b0f2e-0c0a-4f3e-8b7a-3a1d5e6f7a8b',
      contextActivities: {
        category: [{ id: category }],
        parent: [
          {
            id: courses[activity % courses.length],
            objectType: 'Activity',
            definition: { type: 'http://adlnet.gov/expapi/activities/course' },
          },
        ],
      },
      extensions: {
        [`${extension}/session-id`]: 'abb32c5b-ab8f-5f00-9718-267b6e6ba727',
        [`${extension}/length`]: 263.24,
      },
    },
    timestamp: '2026-11-22T10:09:00.867Z',
  }
}
