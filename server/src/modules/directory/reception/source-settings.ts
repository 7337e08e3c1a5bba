import { z } from 'zod'
import { readValues } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { type SourceSettings, settingsSchema } from './sources.routes.ts'

// How a source is received, as words of the command line: shares are in percent there, in basis points elsewhere.

type Values = Parameters<Command['run']>[2]

/** The settings with what the words change of them. @throws Problem 400 `invalid_request` naming the word. */
export function changeSettings(former: SourceSettings, values: Values): SourceSettings {
  const changed = {
    ...former,
    ...given(values, 'quarantine-limit', (text) => ({ quarantineLimit: readShare(text, '--quarantine-limit') })),
    ...given(values, 'small-limit', (text) => ({ smallLimit: readShare(text, '--small-limit') })),
    ...given(values, 'unattended', (text) => ({ unattended: readAnswer(text) })),
    ...given(values, 'expected-at', (text) => ({ expectedAt: orNone(text) })),
    ...given(values, 'expected-days', (text) => ({ expectedDays: text.split(',').map(readNumber) })),
    ...given(values, 'grace-minutes', (text) => ({ graceMinutes: readNumber(text) })),
    ...given(values, 'retention-days', (text) => ({ retentionDays: readNumber(text) })),
    ...given(values, 'folder', (text) => ({ folder: orNone(text) })),
    thresholds: { ...former.thresholds, ...readThresholds(values['threshold']) },
  }
  return readValues(settingsSchema, changed)
}

/** One line for each setting, with its unit. */
export function describeSettings(settings: SourceSettings): string[] {
  const thresholds = Object.entries(settings.thresholds).map(([kind, share]) => `${kind}=${percent(share)}`)
  const { expectedAt, expectedDays, graceMinutes } = settings
  const expected =
    expectedAt === null
      ? 'any time'
      : `${expectedAt} on days ${expectedDays.join(',')}, ${graceMinutes} minutes late at most`
  return [
    `may vanish: ${thresholds.join(' ')}`,
    `may be set aside: ${percent(settings.quarantineLimit)}`,
    `may be smaller by: ${percent(settings.smallLimit)}`,
    `applied by itself: ${settings.unattended ? 'yes' : 'no'}`,
    `expected: ${expected}`,
    `files kept: ${settings.retentionDays} days`,
    `folder: ${settings.folder ?? 'none'}`,
  ]
}

function given<T>(values: Values, name: string, read: (text: string) => T): T | undefined {
  const value = values[name]
  return typeof value === 'string' ? read(value.trim()) : undefined
}

/** Not a number for anything but digits: the schema then names the setting. */
const readNumber = (text: string) => (/^\d+$/.test(text) ? Number(text) : Number.NaN)

const orNone = (text: string) => (text === 'none' ? null : text)

function readAnswer(text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes'
  throw new Problem(400, 'invalid_request', '--unattended is yes or no.')
}

function readThresholds(values: Values[string]): Record<string, number> {
  const words = z.array(z.string()).parse(values ?? [])
  return Object.fromEntries(
    words.map((word) => {
      const [kind = '', share = ''] = word.split('=')
      return [kind, readShare(share, `--threshold ${word}`)]
    }),
  )
}

/** A share in percent, as basis points. */
function readShare(text: string, name: string): number {
  const share = /^\d{1,3}([.,]\d{1,2})?$/.test(text) ? Math.round(Number(text.replace(',', '.')) * 100) : Number.NaN
  if (share >= 0 && share <= 10_000) return share
  throw new Problem(400, 'invalid_request', `${name}: a share is written in percent, from 0 to 100: 2.5.`)
}

const percent = (basisPoints: number) => `${basisPoints / 100} %`
