import { type Audience, type AudienceMember, listAudience, managesOrganisation } from '#modules/directory'
import type { Actor } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type AccountProgress, listAccountsOf } from './activation.queries.ts'

export const audiences: Audience[] = ['pupil', 'guardian', 'staff']

/** How many of some people came how far, each step among the one before but the last. */
export interface Funnel {
  people: number
  /** Were handed a code, or have been active since before. */
  coded: number
  activated: number
  /** Signed in during the last thirty days. */
  recent: number
}

export interface Activation {
  profiles: ({ profile: Audience } & Funnel)[]
  /** By class: the pupils, and the guardians of pupils. */
  classes: { id: string; name: string; pupil: Funnel; guardian: Funnel }[]
}

type Row = AudienceMember & { progress: AccountProgress | undefined }

/**
 * How far the people of an establishment came with their accounts.
 * @throws Problem 403 `not_allowed` to who does not manage it.
 */
export async function getActivation(tx: Tx, actor: Actor, establishmentId: string, now: Date): Promise<Activation> {
  const rows = await listRows(tx, actor, { establishmentId }, audiences, now)
  const classes = new Map(rows.flatMap((row) => row.classes.map(({ id, name }) => [id, name] as const)))
  const inClass = (id: string, profile: Audience) =>
    count(rows.filter((row) => row.profile === profile && row.classes.some((each) => each.id === id)))
  return {
    profiles: audiences.map((profile) => ({ profile, ...count(rows.filter((row) => row.profile === profile)) })),
    classes: [...classes]
      .map(([id, name]) => ({ id, name, pupil: inClass(id, 'pupil'), guardian: inClass(id, 'guardian') }))
      .sort((one, other) => one.name.localeCompare(other.name, 'fr', { numeric: true })),
  }
}

/** Someone whose account is not active yet. */
export interface Waiting extends AudienceMember {
  login: string | null
  codedAt: Date | null
  codeUntil: Date | null
}

/**
 * Those of an establishment whose account is not active yet, by class then name.
 * @throws Problem 403 `not_allowed` to who does not manage it.
 */
export async function listWaiting(
  tx: Tx,
  actor: Actor,
  input: { establishmentId: string; classId?: string | undefined; profile?: Audience | undefined },
  now: Date,
): Promise<Waiting[]> {
  const rows = await listRows(tx, actor, input, input.profile ? [input.profile] : audiences, now)
  return rows
    .filter(({ progress }) => !progress?.activatedAt)
    .map(({ progress, ...member }) => ({
      ...member,
      login: progress?.login ?? null,
      codedAt: progress?.codedAt ?? null,
      codeUntil: progress?.codeUntil ?? null,
    }))
}

async function listRows(
  tx: Tx,
  actor: Actor,
  { establishmentId, classId }: { establishmentId: string; classId?: string | undefined },
  profiles: Audience[],
  now: Date,
): Promise<Row[]> {
  if (!(await managesOrganisation(tx, actor, establishmentId))) {
    throw new Problem(403, 'not_allowed', 'Your rights do not include this establishment.')
  }
  const members: AudienceMember[] = []
  for (const profile of profiles) {
    members.push(...(await listAudience(tx, { establishmentId, classId, profile })))
  }
  const accounts = await listAccountsOf(
    tx,
    members.map(({ personId }) => personId),
    now,
  )
  return members.map((member) => ({ ...member, progress: accounts.get(member.personId) }))
}

function count(rows: Row[]): Funnel {
  const having = (test: (progress: AccountProgress) => boolean) =>
    rows.filter(({ progress }) => progress !== undefined && test(progress)).length
  return {
    people: rows.length,
    coded: having(({ codedAt, activatedAt }) => codedAt !== null || activatedAt !== null),
    activated: having(({ activatedAt }) => activatedAt !== null),
    recent: having(({ recent }) => recent),
  }
}
