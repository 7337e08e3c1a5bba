import type { Action, Kind } from './learning-event.ts'

const adl = 'http://adlnet.gov/expapi/verbs/'
const tinCan = 'http://id.tincanapi.com/verb/'
const streams = 'http://activitystrea.ms/schema/1.0/'
// Emitters of Moodle leave out the middle part.
const shortStreams = 'http://activitystrea.ms/'
const video = 'https://w3id.org/xapi/video/verbs/'
const netc = 'https://w3id.org/xapi/netc/verbs/'
const isd = 'https://w3id.org/xapi/dod-isd/verbs/'
const acrossx = 'https://w3id.org/xapi/acrossx/verbs/'
const tla = 'https://w3id.org/xapi/tla/verbs/'
const cmi5 = 'https://w3id.org/xapi/adl/verbs/'
const openEdx = 'https://w3id.org/xapi/openedx/verb/'
const edlm = 'https://xapi.edlm/profiles/edlm-lms/concepts/verbs/'
const terms = 'https://brindlewaye.com/xAPITerms/verbs/'

const verbs: [Action, string, string[]][] = [
  ['viewed', adl, ['experienced']],
  ['viewed', tinCan, ['viewed', 'previewed']],
  ['viewed', streams, ['viewed', 'access', 'open', 'read', 'receive']],
  ['viewed', netc, ['accessed', 'viewed']],
  ['viewed', isd, ['navigated', 'accessed']],
  ['launched', adl, ['launched', 'initialized', 'resumed']],
  ['launched', tla, ['launched', 'initialized', 'resumed']],
  ['launched', streams, ['join']],
  ['attempted', adl, ['attempted']],
  ['attempted', streams, ['start']],
  ['attempted', edlm, ['restarted']],
  ['completed', adl, ['completed', 'attended']],
  ['completed', tla, ['completed']],
  ['completed', streams, ['complete']],
  ['completed', cmi5, ['satisfied', 'waived']],
  ['passed', adl, ['passed', 'mastered']],
  ['passed', tla, ['passed']],
  ['failed', adl, ['failed']],
  ['failed', tla, ['failed']],
  ['scored', adl, ['scored']],
  ['scored', tla, ['scored']],
  ['scored', tinCan, ['earned']],
  ['scored', isd, ['assessed']],
  ['submitted', streams, ['submit']],
  ['answered', adl, ['answered', 'responded']],
  ['answered', acrossx, ['evaluated']],
  ['posted', adl, ['commented', 'shared']],
  ['posted', acrossx, ['posted']],
  ['posted', streams, ['create', 'post', 'share', 'author', 'send']],
  ['replied', tinCan, ['replied']],
  ['played', video, ['played']],
  ['played', streams, ['play']],
  ['paused', video, ['paused']],
  ['paused', tinCan, ['paused']],
  ['seeked', video, ['seeked']],
  ['watched', streams, ['watch', 'listen']],
  ['progressed', adl, ['progressed']],
  ['downloaded', tinCan, ['downloaded']],
  ['downloaded', netc, ['downloaded']],
  ['uploaded', netc, ['uploaded']],
  ['enrolled', adl, ['registered']],
  ['enrolled', edlm, ['enrolled']],
  ['unenrolled', tinCan, ['unregistered']],
  ['unenrolled', edlm, ['unenrolled']],
  ['signed-in', edlm, ['login']],
  ['signed-in', adl, ['logged-in']],
  ['signed-in', terms, ['loggedin', 'loggedin/']],
  ['interacted', adl, ['interacted', 'asked']],
  ['interacted', tinCan, ['bookmarked', 'rated', 'skipped', 'voted-up', 'voted-down', 'live']],
  ['interacted', streams, ['like', 'favorite', 'follow', 'stop-following', 'flag-as-inappropriate', 'search']],
  ['interacted', acrossx, ['reported', 'searched']],
  ['interacted', openEdx, ['voted', 'unreported']],
  ['interacted', edlm, ['subscribed', 'unsubscribed', 'toured']],
  ['interacted', 'http://www.tincanapi.co.uk/verbs/', ['evaluated']],
  ['ended', adl, ['terminated', 'exited', 'suspended', 'logged-out']],
  ['ended', cmi5, ['abandoned']],
  ['ended', tla, ['suspended', 'terminated']],
  ['ended', streams, ['leave']],
  ['ended', edlm, ['logout', 'exceeded']],
  ['ended', terms, ['loggedout', 'loggedout/']],
  ['managed', adl, ['imported']],
  ['managed', tinCan, ['adjourned', 'secured', 'unsecured']],
  ['managed', streams, ['update', 'delete', 'remove', 'add', 'retract', 'assign']],
  ['managed', acrossx, ['edited']],
  ['managed', isd, ['edited', 'deleted', 'published']],
  ['managed', edlm, ['locked', 'unlocked', 'uncompleted']],
  ['managed', tla, ['achieved', 'forfeited', 'verified']],
]

const actionOf = new Map<string, Action>()
for (const [action, prefix, names] of verbs) {
  for (const name of names) {
    actionOf.set(prefix + name, action)
    if (prefix === streams) actionOf.set(shortStreams + name, action)
  }
}

// Where people write: to create something elsewhere is to arrange the course.
const written = new Set<Kind>(['discussion', 'forum', 'chat', 'glossary', 'wiki', 'message', 'other'])

/** What a verb of the usual vocabularies means about an object of a kind; empty for other verbs. */
export function toAction(verb: string, kind: Kind): Action | '' {
  const action = actionOf.get(verb) ?? ''
  if (action === 'posted' && verb.endsWith('/create') && !written.has(kind)) return 'managed'
  // Registered for a meeting, or on a site
  if ((action === 'enrolled' || action === 'unenrolled') && kind !== 'course') return 'interacted'
  if (action === 'ended' && kind === 'course' && verb.endsWith('/leave')) return 'unenrolled'
  if (action === 'answered' && verb.endsWith('/evaluated') && kind !== 'question' && kind !== 'quiz') return 'scored'
  return action
}
