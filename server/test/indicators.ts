import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestApp } from './app.ts'

const columns = [
  { name: 'week', type: 'date', role: 'dimension' },
  { name: 'learners', type: 'learners', role: 'measure' },
  { name: 'views', type: 'integer', role: 'measure' },
]
const groupSql = `select toMonday(day) as week, uniqExact(learner) as learners, count() as views
  from events where {p_page:Int64} = 0 or object = {p_page:Int64} group by week order by week`

export const texts = {
  title: 'Consultations',
  question: 'Combien de consultations ?',
  answer: { group: '{{learners}} élèves, {{views}} consultations.' },
  says: 'Ce qui a été consulté.',
  computed: 'Par semaine.',
  limits: 'Consulter n’est pas lire.',
  advice: 'Demander.',
  columns: { week: 'Semaine', learners: 'Élèves', views: 'Consultations', learner: 'Élève' },
  parameters: { page: 'Page', top: 'Combien', step: 'Pas', step_day: 'Jour' },
}

export const definition = {
  version: 1,
  parameters: {
    page: { type: 'activity', kinds: ['page'], required: false },
    top: { type: 'integer', min: 1, max: 5, default: 3 },
    step: { type: 'choice', values: ['day'], default: 'day' },
  },
  scopes: {
    group: {
      audiences: ['student', 'teacher', 'programme', 'institution'],
      reads: 'events',
      columns,
      answer: [
        { name: 'learners', type: 'learners' },
        { name: 'views', type: 'integer' },
      ],
      chart: 'group.vl.json',
    },
    person: {
      audiences: ['student'],
      reads: 'events',
      columns: [
        { name: 'week', type: 'date', role: 'dimension' },
        { name: 'views', type: 'integer', role: 'measure' },
      ],
    },
    named: {
      audiences: ['teacher'],
      reads: 'days',
      columns: [
        { name: 'learner', type: 'learner', role: 'dimension' },
        { name: 'views', type: 'integer', role: 'measure' },
      ],
    },
  },
}

const good: Record<string, string> = {
  'fr.json': JSON.stringify(texts),
  'en.json': JSON.stringify(texts),
  'group.sql': groupSql,
  'group.answer.sql': 'select uniqExact(learner) as learners, count() as views from events',
  'group.vl.json': JSON.stringify({
    data: { name: 'rows' },
    mark: 'bar',
    encoding: { x: { field: 'week', type: 'ordinal' }, y: { field: 'views', type: 'quantitative' } },
  }),
  'person.sql': 'select toMonday(day) as week, count() as views from events group by week order by week',
  'named.sql': 'select learner, sum(events) as views from days group by learner order by learner',
}

/** Writes an indicator of the institution: a good one, but for some files; undefined leaves one out. @returns its folder */
export async function writeIndicator(
  server: TestApp,
  name: string,
  files: Record<string, string | undefined> = {},
): Promise<string> {
  const folder = join(server.services.dataDirectory, 'indicators', name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const all: Record<string, string | undefined> = {
    'indicator.json': JSON.stringify({ name, ...definition }),
    ...good,
    ...files,
  }
  for (const [file, text] of Object.entries(all)) {
    if (text !== undefined) await writeFile(join(folder, file), text)
  }
  return folder
}
