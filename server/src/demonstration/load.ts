import { randomUUIDv7 } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { listAudit, recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { createTenant, deleteEmptyTenant, listTenants, type Tenant } from '#kernel/tenancy'
import { saveApplication } from '#modules/applications'
import {
  applyImport,
  assignEstablishments,
  createPartner,
  createPerson,
  createTerritory,
  findEstablishment,
  findPeopleByReference,
  matchPeople,
  stageImport,
} from '#modules/directory'
import {
  createDemonstrationAccounts,
  createPasswordHasher,
  declareProvider,
  grantRight,
  listDemonstrationAccounts,
  operatorRights,
  scopeProvider,
} from '#modules/identity'
import { applications } from './applications.ts'
import { loadConsortium } from './consortium.ts'
import { demonstrationProviders } from './identity-provider.ts'
import { loadFilms, loadLearning, openLearning } from './learning-load.ts'
import {
  type FeedOptions,
  listPartners,
  listTerritories,
  type Persona,
  personas,
  type PersonaKey,
  writeAafFeed,
} from './index.ts'

/** Large enough for real lists, small enough to load in seconds. */
const people = 12_000
const primaryPeople = 1_500

type Progress = (label: string, done: number, total: number) => void

/**
 * Loads the demonstration territory into an empty instance: an academy's two feeds, through the very import that operators
 * use, then the partners, the agents, the rights and the accounts that no feed holds. A load that was cut short starts
 * again; one that ended is left alone.
 */
export async function loadDemonstration(services: Services, progress: Progress): Promise<void> {
  const tenant = await findOrCreateTenant(services)
  if (!tenant) return
  const inside = <T>(work: (tx: Tx) => Promise<T>) => inTenant(services.db, tenant.id, work)
  if ((await inside((tx) => listAudit(tx, 1, tenant.id))).length > 0) return

  await importFeed(services, tenant, { degree: '2D', people }, progress)
  await importFeed(services, tenant, { degree: '1D', people: primaryPeople }, progress)
  // A mother whom both feeds know is one from the first page on, not when a job has run.
  await matchPeople(services, tenant.id, 'everyone')
  await loadLearning(services, tenant.id)
  await loadFilms(services, tenant.id, (done, total) => progress('Loading real traces of films', done, total))
  const hasher = createPasswordHasher()
  // All of the rest or nothing of it: the next start finds either a whole demonstration or one to take up again.
  await inside(async (tx) => {
    const now = services.now()
    const partners = await createPartners(tx)
    const ids = await findPersonas(tx, partners)
    const college = await findEstablishment(tx, { uai: personas.secretary.administersUai! })
    if (!college) throw new Error('The demonstration feed lacks its collège.')
    await grantRight(tx, { personId: ids.secretary, right: 'directory.administer', organisationId: college.id }, now)
    for (const right of operatorRights) {
      await grantRight(tx, { personId: ids.operator, right, organisationId: null }, now)
    }
    const consortium = await loadConsortium(tx, services)
    await createDemonstrationAccounts(
      tx,
      hasher,
      [
        ...shown.map(({ key, profile }) => ({ personId: ids[key], profile })),
        { personId: consortium.pilot, profile: 'consortiumPilot' },
        { personId: consortium.member, profile: 'consortiumMember' },
        { personId: consortium.contractor, profile: 'contractor' },
        { personId: consortium.pilotInstitution, profile: 'pilotInstitution' },
      ],
      now,
    )
    for (const each of demonstrationProviders(services.publicUrl)) await declareProvider(tx, each, services)
    // An academy's portal is for its own people: one chooses one's establishment to see it.
    await scopeProvider(tx, 'demonstration-cas', [college.id])
    for (const [position, application] of applications.entries()) {
      await saveApplication(tx, { ...application, profiles: [...application.profiles], id: randomUUIDv7(), position })
    }
    await openLearning(tx, { tenantId: tenant.id, pupil: ids.pupil, head: ids.head }, now)
    await recordAudit(tx, {
      action: 'demonstration.loaded',
      actorPersonId: null,
      subjectKind: 'tenant',
      subjectId: tenant.id,
      detail: { people: people + primaryPeople },
    })
  })
}

/** The lines that tell how to sign in to the demonstration; none where there is no demonstration. */
export async function describeDemonstration(services: Services): Promise<string[]> {
  const tenant = (await listTenants(services.owner)).find((each) => each.demonstration)
  if (!tenant) return []
  const accounts = await inTenant(services.db, tenant.id, listDemonstrationAccounts)
  const width = Math.max(...accounts.map((account) => account.profile.length))
  return [
    'Demonstration accounts (invented people; to start empty: PREAU_DEMO=0 and another PREAU_DATA):',
    ...accounts.map(({ profile, login, password }) => `  ${profile.padEnd(width)}  ${login}  ${password}`),
  ]
}

/** Who is proposed on the sign-in page, and as what. */
const shown: { key: PersonaKey; profile: string }[] = [
  { key: 'pupil', profile: 'pupil' },
  { key: 'mother', profile: 'guardian' },
  { key: 'teacher', profile: 'teacher' },
  { key: 'head', profile: 'head' },
  { key: 'secretary', profile: 'delegatedAdministrator' },
  { key: 'partnerAgent', profile: 'localAuthority' },
  { key: 'operator', profile: 'operator' },
]

/**
 * The tenant of the demonstration; undefined in an instance that is used for something else. What a command before the
 * first start made, and nobody put anything into, is no use.
 */
export async function findOrCreateTenant(services: Pick<Services, 'owner'>): Promise<Tenant | undefined> {
  const [first, ...others] = await listTenants(services.owner)
  if (first && (first.demonstration || others.length > 0 || !(await deleteEmptyTenant(services.owner, first.id)))) {
    return [first, ...others].find((tenant) => tenant.demonstration)
  }
  return createTenant(services.owner, { slug: 'demonstration', name: 'Préau des Hauts-de-France', demonstration: true })
}

async function importFeed(services: Services, tenant: Tenant, options: FeedOptions, progress: Progress): Promise<void> {
  const folder = join(services.dataDirectory, 'demonstration-feed')
  await rm(folder, { recursive: true, force: true })
  await writeAafFeed(folder, {
    ...options,
    onProgress: ({ share }) => progress('Writing the demonstration feed', share * 100, 100),
  })
  const labels = { waiting: '', reading: 'Reading it', comparing: 'Comparing it', applying: 'Applying it' }
  const watch = {
    onProgress: ({ phase, done, total }: { phase: keyof typeof labels; done: number; total: number }) =>
      progress(labels[phase], done, total),
  }
  const staged = await stageImport(services, { tenantId: tenant.id, folder, actorPersonId: null }, watch)
  if (staged.refusal) throw new Error(`The demonstration feed was refused: ${staged.refusal.detail}`)
  // Its day is always the same, whatever that of the machine.
  const application = { tenantId: tenant.id, id: staged.id, actorPersonId: null, acceptAlerts: true }
  await applyImport(services, application, watch)
}

/** @returns identifiers of the partners by their code in the demonstration. */
async function createPartners(tx: Tx): Promise<Map<string, string>> {
  const partners = new Map<string, string>()
  for (const { code, kind, name } of listPartners()) {
    const partnerKind = kind === 'academy' ? 'academicAuthority' : kind
    partners.set(code, (await createPartner(tx, { name, partnerKind, code })).id)
  }
  const territories = listTerritories()
  const departments = territories.filter((territory) => territory.kind === 'department')
  for (const territory of territories) {
    const partnerId = partners.get(territory.partnerCode)!
    const { id } = await createTerritory(tx, { name: territory.name, code: territory.officialCode, partnerId })
    if (territory.kind === 'academy') continue
    const within = territory.kind === 'region' ? departments : [territory]
    await assignEstablishments(tx, { territoryId: id, departments: within.map((each) => each.officialCode) })
  }
  return partners
}

/** @returns identifiers of the fixed people, those of no feed created. */
async function findPersonas(tx: Tx, partners: Map<string, string>): Promise<Record<PersonaKey, string>> {
  const ids: Partial<Record<PersonaKey, string>> = {}
  for (const persona of Object.values<Persona>(personas)) {
    if (persona.external) {
      const [found] = await findPeopleByReference(tx, persona.external.academyCode, persona.external.jointure)
      if (found === undefined) throw new Error(`The demonstration feed lacks ${persona.key}.`)
      ids[persona.key] = found
      continue
    }
    const partnerId = partners.get(persona.partnerCode ?? 'academy-20')!
    const created = await createPerson(tx, {
      familyName: persona.familyName,
      givenName: persona.givenName,
      email: persona.email,
      affiliation: { organisationId: partnerId, profile: 'localAuthority' },
    })
    ids[persona.key] = created.id
  }
  return ids as Record<PersonaKey, string>
}
