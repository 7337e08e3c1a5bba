/** Builds an address; parameters that are undefined or empty are left out. */
function withQuery(path: string, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value)
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** Every address of the application; no other file writes one. */
export const paths = {
  home: (parameters: { child?: string } = {}) => withQuery('/', parameters),
  signIn: (parameters: { returnTo?: string; problem?: string } = {}) => withQuery('/sign-in', parameters),
  signInWhere: (parameters: { returnTo?: string } = {}) => withQuery('/sign-in/where', parameters),
  signInLink: () => '/sign-in/link',
  activate: (parameters: { returnTo?: string } = {}) => withQuery('/activate', parameters),
  directory: (parameters: { q?: string; profile?: string; establishment?: string; class?: string } = {}) =>
    withQuery('/directory', parameters),
  person: (id: string) => `/directory/people/${encodeURIComponent(id)}`,
  establishments: (parameters: { q?: string } = {}) => withQuery('/directory/establishments', parameters),
  establishment: (id: string) => `/directory/establishments/${encodeURIComponent(id)}`,
  teachingGroup: (id: string) => `/directory/classes/${encodeURIComponent(id)}`,
  matching: (parameters: { view?: string | undefined } = {}) => withQuery('/directory/matching', parameters),
  years: (parameters: { state?: string } = {}) => withQuery('/administration/years', parameters),
  leavers: (parameters: { state?: string } = {}) => withQuery('/administration/leavers', parameters),
  successions: (id: string, startYear: number) =>
    `/directory/establishments/${encodeURIComponent(id)}/successions/${startYear}`,
  governance: () => '/governance',
  governanceCalendar: (agreement: string, parameters: { year?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}`, parameters),
  governanceReview: (agreement: string, parameters: { year?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/review`, parameters),
  governanceBodies: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/bodies`,
  governanceBody: (agreement: string, body: string) =>
    `/governance/${encodeURIComponent(agreement)}/bodies/${encodeURIComponent(body)}`,
  governanceMeeting: (agreement: string, meeting: string, parameters: { view?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/meetings/${encodeURIComponent(meeting)}`, parameters),
  governanceMinutes: (agreement: string, meeting: string) =>
    `/governance/${encodeURIComponent(agreement)}/meetings/${encodeURIComponent(meeting)}/minutes`,
  meetingFile: (agreement: string, meeting: string, file: 'invitation.ics' | 'minutes.pdf', of?: string) =>
    withQuery(
      `/api/governance/agreements/${encodeURIComponent(agreement)}/meetings/${encodeURIComponent(meeting)}/${file}`,
      { for: of },
    ),
  paperFile: (agreement: string, paper: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/papers/${encodeURIComponent(paper)}`,
  uploadPaper: (agreement: string, item: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/agenda-items/${encodeURIComponent(item)}/papers`,
  governanceChanges: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/changes`,
  governanceChange: (agreement: string, id: string) =>
    `/governance/${encodeURIComponent(agreement)}/changes/of/${encodeURIComponent(id)}`,
  governanceDeliverables: (agreement: string, parameters: { state?: string; owner?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/deliverables`, parameters),
  governanceDeliverable: (agreement: string, key: string) =>
    `/governance/${encodeURIComponent(agreement)}/deliverables/of/${encodeURIComponent(key)}`,
  governanceDeliverableDraft: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/deliverables/draft`,
  governanceDeliverableList: (agreement: string, number: number) =>
    `/governance/${encodeURIComponent(agreement)}/deliverables/lists/${number}`,
  exportDeliverables: (agreement: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/deliverables.csv`,
  deliveryPaper: (agreement: string, key: string, paper: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/deliverables/of/${encodeURIComponent(key)}/papers/${encodeURIComponent(paper)}`,
  uploadDeliveryPaper: (agreement: string, key: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/deliverables/of/${encodeURIComponent(key)}/papers`,
  governanceCrises: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/changes/crises`,
  governanceServices: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/services`,
  governanceService: (agreement: string, number: number) =>
    `/governance/${encodeURIComponent(agreement)}/services/${number}`,
  governanceDossier: (agreement: string, service: number, dossier: number) =>
    `/governance/${encodeURIComponent(agreement)}/services/${service}/dossiers/${dossier}`,
  governanceMoney: (agreement: string, parameters: { exercise?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/money`, parameters),
  governanceMoneyPart: (
    agreement: string,
    part: 'part' | 'orders' | 'bills' | 'advances' | 'staff' | 'head-counts' | 'entries',
    parameters: { party?: string; exercise?: string } = {},
  ) => withQuery(`/governance/${encodeURIComponent(agreement)}/money/${part}`, parameters),
  moneyFile: (agreement: string, file: 'entries' | 'orders' | 'advances' | 'claims') =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/money/${file}.csv`,
  moneyInvoice: (agreement: string, of: 'bills' | 'claims', id: string, syntax: 'ubl' | 'cii') =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/money/${of}/${encodeURIComponent(id)}/invoice.xml?syntax=${syntax}`,
  governanceMembers: (agreement: string, parameters: { party?: string; kind?: string; notifiedOn?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/members`, parameters),
  governanceAgreement: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/agreement`,
  governanceVotes: (agreement: string, meeting: string) =>
    `/governance/${encodeURIComponent(agreement)}/meetings/${encodeURIComponent(meeting)}/votes`,
  governanceBallot: (agreement: string, ballot: string) =>
    `/governance/${encodeURIComponent(agreement)}/ballots/${encodeURIComponent(ballot)}`,
  governanceWhatIf: (agreement: string, parameters: Record<string, string> = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/what-if`, parameters),
  governanceUpload: () => '/governance/new',
  governanceVersions: (agreement: string, parameters: { version?: string; since?: string; view?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/agreement/versions`, parameters),
  governanceAmendments: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/agreement/amendments`,
  governanceAmendment: (agreement: string, number: number) =>
    `/governance/${encodeURIComponent(agreement)}/agreement/amendments/${number}`,
  governanceAmend: (agreement: string, parameters: { part?: string; item?: string; view?: string } = {}) =>
    withQuery(`/governance/${encodeURIComponent(agreement)}/agreement/amend`, parameters),
  governanceDecisions: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/decisions`,
  governanceDocuments: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/decisions/documents`,
  documentFile: (agreement: string, file: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/documents/${encodeURIComponent(file)}`,
  uploadDocument: (agreement: string, request: string) =>
    `/api/governance/agreements/${encodeURIComponent(agreement)}/document-requests/${encodeURIComponent(request)}/files`,
  governanceJournal: (agreement: string) => `/governance/${encodeURIComponent(agreement)}/decisions/journal`,
  publicDecisions: (agreement: string) => `/decisions/${encodeURIComponent(agreement)}`,
  publicDecision: (agreement: string, number: string) =>
    `/decisions/${encodeURIComponent(agreement)}/${encodeURIComponent(number)}`,
  imports: () => '/imports',
  newImport: () => '/imports/new',
  uploadImport: (said: Record<string, string> = {}) => `/api/directory/imports?${new URLSearchParams(said)}`,
  import: (id: string, parameters: { view?: string; kind?: string; change?: string; establishment?: string } = {}) =>
    withQuery(`/imports/${encodeURIComponent(id)}`, parameters),
  sources: () => '/imports/sources',
  source: (id: string, parameters: { view?: string } = {}) =>
    withQuery(`/imports/sources/${encodeURIComponent(id)}`, parameters),
  compareSources: (
    parameters: { left?: string; right?: string; kind?: string; establishment?: string; view?: string } = {},
  ) => withQuery('/imports/sources/compare', parameters),
  importColumns: (id: string) => `/imports/${encodeURIComponent(id)}/columns`,
  clients: () => '/administration/oneroster',
  records: () => '/administration/records',
  forwardings: () => '/administration/records/forwarding',
  quarantine: (parameters: { state?: string; source?: string } = {}) =>
    withQuery('/administration/records/quarantine', parameters),
  coverage: (parameters: { days?: string; source?: string } = {}) =>
    withQuery('/administration/records/coverage', parameters),
  quarantined: (id: string) => `/administration/records/quarantine/${encodeURIComponent(id)}`,
  gar: () => '/administration/gar',
  garFile: (id: string, file: 'archive' | 'checksum') => `/api/gar/exports/${encodeURIComponent(id)}/${file}`,
  connections: () => '/imports/services',
  status: () => '/status',
  providers: (parameters: { removed?: string } = {}) => withQuery('/status/sign-in-services', parameters),
  newProvider: () => '/status/sign-in-services/new',
  provider: (slug: string) => `/status/sign-in-services/of/${encodeURIComponent(slug)}`,
  startFederation: (slug: string, parameters: { returnTo?: string; entity?: string; link?: '1' } = {}) =>
    withQuery(`/api/federation/providers/${encodeURIComponent(slug)}/start`, parameters),
  dashboards: (parameters: { as?: string | undefined } = {}) => withQuery('/dashboards', parameters),
  indicatorCatalogue: (parameters: { as?: string | undefined } = {}) => withQuery('/dashboards/catalogue', parameters),
  dashboardComposition: (parameters: { audience?: string } = {}) => withQuery('/dashboards/composition', parameters),
  programmes: () => '/dashboards/programmes',
  platforms: (parameters: { withdrawn?: string } = {}) => withQuery('/dashboards/platforms', parameters),
  newPlatform: () => '/dashboards/platforms/new',
  platform: (id: string) => `/dashboards/platforms/of/${encodeURIComponent(id)}`,
  identities: () => '/dashboards/identities',
  ownTraces: () => '/dashboards/own',
  register: () => '/dashboards/register',
  erasures: () => '/dashboards/erasures',
  erasure: (id: string) => `/dashboards/erasures/of/${encodeURIComponent(id)}`,
  account: () => '/account',
  signIns: () => '/account#sign-ins',
  welcome: (parameters: { step?: string } = {}) => withQuery('/welcome', parameters),
  administration: (parameters: { q?: string } = {}) => withQuery('/administration', parameters),
  managedAccounts: (id: string, parameters: { class?: string; profile?: string; page?: string } = {}) =>
    withQuery(`/administration/${encodeURIComponent(id)}`, parameters),
  managedRights: (id: string) => `/administration/${encodeURIComponent(id)}/rights`,
  managedStays: (id: string) => `/administration/${encodeURIComponent(id)}/stays`,
  trail: (parameters: { person?: string; action?: string; from?: string; until?: string } = {}) =>
    withQuery('/administration/trail', parameters),
  exportWaiting: (id: string, parameters: { classId?: string; profile?: string } = {}) =>
    withQuery(`/api/identity/establishments/${encodeURIComponent(id)}/waiting.csv`, parameters),
  takeLetters: (id: string) => `/api/identity/letters/${encodeURIComponent(id)}/file`,
  /** @param topic where to open it */
  help: (topic?: string) => (topic === undefined ? '/help' : `/help#${topic}`),
  accessibility: () => '/accessibility',
}
