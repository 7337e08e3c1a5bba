import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeConfig, readConfig } from './config.ts'

test('an unset environment gives a configuration that works', () => {
  const config = readConfig({})
  expect(config).toMatchObject({ port: 3000, publicUrl: 'http://localhost:3000', demonstration: true })
  expect(config.databaseUrl).toBeUndefined()
})

test('an empty variable counts as unset, a slash at the end of the public address is dropped', () => {
  expect(readConfig({ PORT: '', PUBLIC_URL: 'https://ent.example.org/' })).toMatchObject({
    port: 3000,
    publicUrl: 'https://ent.example.org',
  })
})

test.each([
  ['PORT', 'eighty'],
  ['PORT', '70000'],
  ['DATABASE_URL', 'mysql://localhost/x'],
  ['CLICKHOUSE_URL', 'localhost:8123'],
  ['PREAU_DEMO', 'yes'],
  ['PUBLIC_URL', 'ent.example.org'],
])('a wrong %s is refused by name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(name)
})

test('the operating manual lists every variable with its default and meaning', async () => {
  const manual = await readFile(join(import.meta.dirname, '../../../docs/operate/configuration.md'), 'utf8')
  for (const { name, fallback, meaning } of describeConfig()) {
    expect(manual).toContain(`| \`${name}\` | ${fallback && `\`${fallback}\``} | ${meaning} |`)
  }
})
