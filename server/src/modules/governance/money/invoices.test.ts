import { expect, test } from 'vitest'
import { readAgreement } from '../agreements/read-agreement.ts'
import { readShippedAgreement } from '../agreements/agreement-versions.ts'
import { writeInvoice } from './invoices.ts'

async function agreementWithSirets() {
  const rules = structuredClone(readAgreement(await readShippedAgreement('grand-est')))
  for (const [at, party] of rules.parties.entries()) party.siret = `2000${String(at).padStart(10, '0')}`
  return rules
}

const content = {
  number: 'F-2026-001',
  issuedOn: '2026-10-16',
  dueOn: '2026-11-15',
  seller: 'region',
  buyer: 'moselle',
  note: 'Convention, article 12',
  lines: [
    { label: 'C-2026-001 Portfolio & suivi', cents: 93_334n },
    { label: 'Réfaction', cents: -5_000n },
  ],
}

test('an invoice says who, what and how much, in both syntaxes, in VAT category O', async () => {
  const rules = await agreementWithSirets()
  const ubl = await writeInvoice(rules, content, 'ubl')
  expect(ubl).toContain('urn:cen.eu:en16931:2017')
  expect(ubl).toContain('Portfolio &amp; suivi')
  expect(ubl).toMatch(/PayableAmount currencyID="EUR">883\.34</)
  expect(ubl).toMatch(/InvoicedQuantity unitCode="C62">-1</)
  expect(ubl).toContain('VATEX-EU-O')
  expect(ubl).not.toContain('Percent')
  const cii = await writeInvoice(rules, content, 'cii')
  expect(cii).toContain('CrossIndustryInvoice')
  expect(cii).toMatch(/DuePayableAmount[^>]*>883\.34</)
  expect(await writeInvoice(rules, { ...content, dueOn: null }, 'ubl')).toContain('Paiement à réception')
})
