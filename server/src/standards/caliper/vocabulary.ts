/** What the words of Caliper are in xAPI; docs/standards/caliper.md says each. */

const adl = 'http://adlnet.gov/expapi/verbs/'
const tinCan = 'http://id.tincanapi.com/verb/'
const streams = 'http://activitystrea.ms/schema/1.0/'
const video = 'https://w3id.org/xapi/video/verbs/'
const netc = 'https://w3id.org/xapi/netc/verbs/'
const edlm = 'https://xapi.edlm/profiles/edlm-lms/concepts/verbs/'

/** Caliper's own words, where xAPI has none. */
export const caliper = 'http://purl.imsglobal.org/caliper/'

const verbs = new Map<string, string>()
function say(prefix: string, pairs: Record<string, string>): void {
  for (const [actions, verb] of Object.entries(pairs)) {
    for (const action of actions.split(' ')) verbs.set(action, prefix + verb)
  }
}

// An action alone, then actions that mean something else in one kind of event.
say(adl, {
  Abandoned: 'exited',
  Completed: 'completed',
  Commented: 'commented',
  Graded: 'scored',
  Launched: 'launched',
  Paused: 'suspended',
  Restarted: 'attempted',
  Resumed: 'resumed',
  Returned: 'exited',
  Shared: 'shared',
  Started: 'attempted',
  Used: 'interacted',
  // Gestures: xAPI has one word for all of them, the action itself stays told in the event that is kept.
  'Attached Classified Described Highlighted Identified Linked Questioned Tagged': 'interacted',
  'ChangedResolution ChangedSize ChangedSpeed ChangedVolume Muted Unmuted': 'interacted',
  'ClosedPopout OpenedPopout EnabledClosedCaptioning DisabledClosedCaptioning': 'interacted',
  'EnteredFullScreen ExitedFullScreen MarkedAsUnread Hid Showed Reset Printed': 'interacted',
  'Accepted Declined OptedIn OptedOut': 'interacted',
})
say(tinCan, {
  Bookmarked: 'bookmarked',
  Downloaded: 'downloaded',
  Ranked: 'rated',
  Skipped: 'skipped',
  'MarkedAsRead NavigatedTo Retrieved Reviewed Viewed': 'viewed',
})
say(streams, {
  Liked: 'like',
  Posted: 'post',
  Searched: 'search',
  Sent: 'send',
  Submitted: 'submit',
  Subscribed: 'follow',
  Unsubscribed: 'stop-following',
  Created: 'create',
  Added: 'add',
  Removed: 'remove',
  Deleted: 'delete',
  'Activated Archived Copied Deactivated Modified Published Restored Saved Unpublished': 'update',
})
say(netc, { Uploaded: 'uploaded' })
say(edlm, { LoggedIn: 'login', 'LoggedOut TimedOut': 'logout' })
say('', {
  'MediaEvent.Started MediaEvent.Resumed MediaEvent.Restarted': `${video}played`,
  'MediaEvent.Paused': `${video}paused`,
  'MediaEvent.JumpedTo MediaEvent.ForwardedTo MediaEvent.Rewound': `${video}seeked`,
  'MediaEvent.Ended': `${adl}terminated`,
  'AssessmentItemEvent.Started QuestionnaireItemEvent.Started': `${tinCan}viewed`,
  'AssessmentItemEvent.Completed AssessmentItemEvent.Submitted': `${adl}answered`,
  'QuestionnaireItemEvent.Completed QuestionnaireItemEvent.Submitted': `${adl}answered`,
  'MessageEvent.Replied': `${tinCan}replied`,
})

/** The verb for an action in a type of event: of a known vocabulary where it has the word, else Caliper's own. */
export function toVerb(type: string, action: string): string {
  return verbs.get(`${type}.${action}`) ?? verbs.get(action) ?? `${caliper}actions/${action}`
}

const activities = 'http://adlnet.gov/expapi/activities/'
const tinCanTypes = 'http://id.tincanapi.com/activitytype/'
const edlmTypes = 'https://xapi.edlm/profiles/edlm-lms/concepts/activity-types/'

const types: Record<string, string> = {
  Assessment: `${activities}assessment`,
  AssessmentItem: `${activities}question`,
  AssignableDigitalResource: `${edlmTypes}assignment`,
  Attempt: `${activities}attempt`,
  AudioObject: 'https://w3id.org/xapi/audio/activity-type/audio',
  Chapter: `${tinCanTypes}chapter`,
  CourseOffering: `${activities}course`,
  CourseSection: `${activities}course`,
  DigitalResource: `${tinCanTypes}resource`,
  DigitalResourceCollection: 'http://activitystrea.ms/collection',
  Document: `${tinCanTypes}document`,
  EpubChapter: `${tinCanTypes}chapter`,
  EpubSubChapter: `${tinCanTypes}chapter`,
  EpubPart: `${tinCanTypes}chapter`,
  EpubVolume: `${tinCanTypes}book`,
  Forum: `${edlmTypes}forum`,
  Frame: 'https://w3id.org/xapi/acrossx/activities/page',
  ImageObject: 'http://activitystrea.ms/schema/1.0/image',
  Link: `${activities}link`,
  LtiLink: `${tinCanTypes}legacy-learning-standard`,
  MediaObject: `${activities}media`,
  Message: `${tinCanTypes}forum-reply`,
  Page: 'https://w3id.org/xapi/acrossx/activities/page',
  Questionnaire: `${tinCanTypes}survey`,
  QuestionnaireItem: `${activities}question`,
  Reading: `${tinCanTypes}document`,
  SoftwareApplication: `${tinCanTypes}lms`,
  Survey: `${tinCanTypes}survey`,
  Thread: `${tinCanTypes}discussion`,
  VideoObject: 'https://w3id.org/xapi/video/activity-type/video',
  WebPage: `${tinCanTypes}webpage`,
}

/** The type of activity for a type of entity, Caliper's own where xAPI has none. */
export const toActivityType = (type: string): string => types[type] ?? caliper + type

/** Which entities are somebody rather than something. */
export const agentTypes: ReadonlySet<string> = new Set(['Agent', 'Group', 'Organization', 'Person'])

/** What courses are to Caliper. */
export const courseTypes: ReadonlySet<string> = new Set(['CourseOffering', 'CourseSection'])

/** Entities that learners name, or write in. */
export const learnerWritten: ReadonlySet<string> = new Set(['Comment', 'Message', 'Thread'])
