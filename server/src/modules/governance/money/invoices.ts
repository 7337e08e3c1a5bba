import type { Invoice } from '@e-invoice-eu/core'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Agreement, Party } from '../agreements/agreement-schema.ts'

/** What an invoice says, before it is put in a syntax. */
export interface InvoiceContent {
  number: string
  issuedOn: Day
  dueOn: Day | null
  /** Keys of the parties. */
  seller: string
  buyer: string
  note: string
  lines: { label: string; cents: bigint }[]
}

const vat = 'Opération hors du champ de la TVA (à confirmer par l’émetteur).'

/**
 * An invoice as the semantic model EN 16931 has it. Amounts between public bodies are put in VAT category O (not subject to
 * VAT): a choice of this program that whoever sends the invoice confirms, not a statement of law.
 * @throws Problem 422 `invoice_party_incomplete` when a party has no SIRET, which names the parties.
 */
export async function writeInvoice(rules: Agreement, content: InvoiceContent, syntax: 'ubl' | 'cii'): Promise<string> {
  const seller = rules.parties.find(({ key }) => key === content.seller)!
  const buyer = rules.parties.find(({ key }) => key === content.buyer)!
  const missing = [seller, buyer].filter(({ siret }) => siret === undefined)
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name)
    throw new Problem(422, 'invoice_party_incomplete', `The agreement gives no SIRET for: ${names.join(', ')}.`, {
      parties: names.join(', '),
      missing: names.map((name) => ({ party: name, what: 'siret' })),
    })
  }
  // Loaded at first use: few servers ever write an invoice.
  const { InvoiceService } = await import('@e-invoice-eu/core')
  const silent = { log() {}, warn() {}, error() {} }
  const written = await new InvoiceService(silent).generate(toInvoice(content, seller, buyer), {
    format: syntax.toUpperCase(),
    lang: 'fr',
    noWarnings: true,
  })
  return typeof written === 'string' ? written : new TextDecoder().decode(written)
}

function toInvoice(content: InvoiceContent, seller: Party, buyer: Party): Invoice {
  const total = content.lines.reduce((so, { cents }) => so + cents, 0n)
  const sum = decimal(total)
  const EUR = 'EUR' as const
  const [first, ...others] = content.lines.map(({ label, cents }, at) => ({
    'cbc:ID': String(at + 1),
    // A price is never below zero (BR-27): what is taken off is a quantity below zero.
    'cbc:InvoicedQuantity': cents < 0n ? '-1' : '1',
    'cbc:InvoicedQuantity@unitCode': 'C62' as const,
    'cbc:LineExtensionAmount': decimal(cents),
    'cbc:LineExtensionAmount@currencyID': EUR,
    'cac:Item': {
      'cbc:Name': label,
      'cac:ClassifiedTaxCategory': { 'cbc:ID': 'O' as const, 'cac:TaxScheme': { 'cbc:ID': 'VAT' } },
    },
    'cac:Price': { 'cbc:PriceAmount': decimal(cents < 0n ? -cents : cents), 'cbc:PriceAmount@currencyID': EUR },
  }))
  return {
    'ubl:Invoice': {
      'cbc:CustomizationID': 'urn:cen.eu:en16931:2017',
      'cbc:ID': content.number,
      'cbc:IssueDate': content.issuedOn,
      ...(content.dueOn !== null && { 'cbc:DueDate': content.dueOn }),
      'cbc:InvoiceTypeCode': '380',
      'cbc:Note': [content.note],
      'cbc:DocumentCurrencyCode': EUR,
      'cac:AccountingSupplierParty': { 'cac:Party': partyOf(seller) },
      'cac:AccountingCustomerParty': { 'cac:Party': partyOf(buyer) },
      ...(content.dueOn === null && { 'cac:PaymentTerms': { 'cbc:Note': 'Paiement à réception' } }),
      'cac:TaxTotal': [
        {
          'cbc:TaxAmount': '0.00',
          'cbc:TaxAmount@currencyID': EUR,
          'cac:TaxSubtotal': [
            {
              'cbc:TaxableAmount': sum,
              'cbc:TaxableAmount@currencyID': EUR,
              'cbc:TaxAmount': '0.00',
              'cbc:TaxAmount@currencyID': EUR,
              'cac:TaxCategory': {
                'cbc:ID': 'O',
                'cbc:TaxExemptionReasonCode': 'VATEX-EU-O',
                'cbc:TaxExemptionReason': vat,
                'cac:TaxScheme': { 'cbc:ID': 'VAT' },
              },
            },
          ],
        },
      ],
      'cac:LegalMonetaryTotal': {
        'cbc:LineExtensionAmount': sum,
        'cbc:LineExtensionAmount@currencyID': EUR,
        'cbc:TaxExclusiveAmount': sum,
        'cbc:TaxExclusiveAmount@currencyID': EUR,
        'cbc:TaxInclusiveAmount': sum,
        'cbc:TaxInclusiveAmount@currencyID': EUR,
        'cbc:PayableAmount': sum,
        'cbc:PayableAmount@currencyID': EUR,
      },
      'cac:InvoiceLine': [first!, ...others],
    },
  }
}

// 0009 is SIRET in the lists of identifier schemes (ISO 6523) that EN 16931 takes.
const partyOf = ({ name, siret = '' }: Party) => ({
  'cbc:EndpointID': siret,
  'cbc:EndpointID@schemeID': '0009' as const,
  'cac:PartyName': { 'cbc:Name': name },
  'cac:PostalAddress': { 'cac:Country': { 'cbc:IdentificationCode': 'FR' as const } },
  'cac:PartyLegalEntity': {
    'cbc:RegistrationName': name,
    'cbc:CompanyID': siret,
    'cbc:CompanyID@schemeID': '0009' as const,
  },
})

/** `1234.56`, as the standard writes amounts. */
function decimal(cents: bigint): string {
  const text = String(cents < 0n ? -cents : cents).padStart(3, '0')
  return `${cents < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`
}
