import { expect, test } from 'vitest'
import { readSettings, type SettingsDraft, toDraft } from './source-draft.ts'

const settings = {
  thresholds: { class: 800, pupil: 1050 },
  folder: null,
  unattended: true,
  quarantineLimit: 200,
  smallLimit: 3000,
  expectedAt: '05:00',
  expectedDays: [1, 2, 3, 4, 5],
  graceMinutes: 60,
  retentionDays: 0,
}

test('what is not touched is read as it was; an empty threshold lets all vanish', () => {
  const read = readSettings(toDraft(settings), settings)
  expect(read.errors).toEqual({})
  expect(read.settings).toMatchObject({ ...settings, thresholds: { class: 800, pupil: 1050, group: 10_000 } })
})

test('a folder chosen on the server stays', () => {
  const outside = { ...settings, folder: '/srv/sftp/amiens' }
  expect(readSettings(toDraft(outside), outside).settings?.folder).toBe('/srv/sftp/amiens')
})

test.each<[Partial<SettingsDraft>, object]>([
  [{ at: '5h' }, { at: 'atError' }],
  [{ at: '24:00' }, { at: 'atError' }],
  [{ days: [] }, { days: 'dayError' }],
  [{ grace: '721' }, { grace: 'minutes' }],
  [{ grace: '-1' }, { grace: 'minutes' }],
  [{ folder: '../ailleurs' }, { folder: 'folderError' }],
  [{ folder: '/etc' }, { folder: 'folderError' }],
  [{ quarantineLimit: '' }, { quarantineLimit: 'percent' }],
  [{ smallLimit: '101' }, { smallLimit: 'percent' }],
  [{ retention: '367' }, { retention: 'retentionError' }],
  [{ thresholds: { pupil: 'beaucoup' } }, { thresholds: ['pupil'] }],
])('%j is told', (part, errors) => {
  expect(readSettings({ ...toDraft(settings), ...part }, settings)).toEqual({ settings: undefined, errors })
})

test('percents are read with a comma or a point', () => {
  const { settings: read } = readSettings(
    { ...toDraft(settings), smallLimit: ' 12,5 ', quarantineLimit: '0.05' },
    settings,
  )
  expect([read?.smallLimit, read?.quarantineLimit]).toEqual([1250, 5])
})
