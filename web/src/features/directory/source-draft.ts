import { recordKinds } from './import-words.ts'
import type { Source } from './source-words.ts'

type Settings = Source['settings']
type Kind = (typeof recordKinds)[number]

export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const

/** The settings of a source as they are being typed. */
export interface SettingsDraft {
  at: string
  days: number[]
  grace: string
  folder: string
  unattended: boolean
  quarantineLimit: string
  smallLimit: string
  thresholds: Partial<Record<Kind, string>>
  retention: string
}

export function toDraft(settings: Settings): SettingsDraft {
  return {
    at: settings.expectedAt ?? '',
    days: settings.expectedDays,
    grace: String(settings.graceMinutes),
    folder: settings.folder ?? '',
    unattended: settings.unattended,
    quarantineLimit: toPercent(settings.quarantineLimit),
    smallLimit: toPercent(settings.smallLimit),
    // All may vanish: no limit, which is told by an empty field.
    thresholds: Object.fromEntries(
      recordKinds.map((kind) => {
        const limit = settings.thresholds[kind] ?? 10_000
        return [kind, limit === 10_000 ? '' : toPercent(limit)]
      }),
    ),
    retention: String(settings.retentionDays),
  }
}

interface DraftErrors {
  at?: 'atError'
  days?: 'dayError'
  grace?: 'minutes'
  folder?: 'folderError'
  quarantineLimit?: 'percent'
  smallLimit?: 'percent'
  retention?: 'retentionError'
  /** Kinds whose limit is wrong. */
  thresholds?: Kind[]
}

/**
 * Reads what was typed. @returns the settings, or what is wrong with the draft.
 * @param former keeps the folder that was chosen on the server.
 */
export function readSettings(
  draft: SettingsDraft,
  former: Settings,
): { settings: Settings | undefined; errors: DraftErrors } {
  const errors: DraftErrors = {}
  const quarantineLimit = fromPercent(draft.quarantineLimit)
  const smallLimit = fromPercent(draft.smallLimit)
  const graceMinutes = toWhole(draft.grace, 720)
  const retentionDays = toWhole(draft.retention, 366)
  const thresholds: Settings['thresholds'] = {}
  for (const kind of recordKinds) {
    const typed = draft.thresholds[kind]?.trim() ?? ''
    const limit = typed === '' ? 10_000 : fromPercent(typed)
    if (limit === undefined) errors.thresholds = [...(errors.thresholds ?? []), kind]
    else thresholds[kind] = limit
  }
  const folder = draft.folder.trim()
  if (draft.at !== '' && !/^([01]\d|2[0-3]):[0-5]\d$/.test(draft.at)) errors.at = 'atError'
  if (draft.days.length === 0) errors.days = 'dayError'
  if (graceMinutes === undefined) errors.grace = 'minutes'
  if (folder !== '' && folder !== former.folder && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(folder)) {
    errors.folder = 'folderError'
  }
  if (quarantineLimit === undefined) errors.quarantineLimit = 'percent'
  if (smallLimit === undefined) errors.smallLimit = 'percent'
  if (retentionDays === undefined) errors.retention = 'retentionError'
  if (
    Object.keys(errors).length > 0 ||
    quarantineLimit === undefined ||
    smallLimit === undefined ||
    graceMinutes === undefined ||
    retentionDays === undefined
  ) {
    return { settings: undefined, errors }
  }
  const settings = {
    thresholds,
    folder: folder === '' ? null : folder,
    unattended: draft.unattended,
    quarantineLimit,
    smallLimit,
    expectedAt: draft.at === '' ? null : draft.at,
    expectedDays: draft.days,
    graceMinutes,
    retentionDays,
  }
  return { settings, errors }
}

const toPercent = (basisPoints: number) => String(basisPoints / 100).replace('.', ',')

function fromPercent(text: string): number | undefined {
  const value = Number(text.trim().replace(',', '.'))
  return text.trim() !== '' && value >= 0 && value <= 100 ? Math.round(value * 100) : undefined
}

function toWhole(text: string, most: number): number | undefined {
  return /^\d{1,4}$/.test(text.trim()) && Number(text) <= most ? Number(text) : undefined
}
