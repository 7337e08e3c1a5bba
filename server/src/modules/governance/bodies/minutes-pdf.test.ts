import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { writeMinutesPdf } from './minutes-pdf.ts'

it('draws tables whose heads say what they head', async () => {
  const table = { kind: 'table' as const, caption: 'Voix', columns: ['Membre', 'Voix'], rows: [['Moselle', '1,5']] }
  const pdf = await text(writeMinutesPdf({ title: 'Titre', blocks: [table] }, { author: 'Région', footer: 'Projet' }))
  const heads = pdf.split('endobj').filter((object) => object.includes('/S /TH'))
  expect(heads).toHaveLength(2)
  for (const head of heads) expect(head).toContain('/Scope /Column')
})
