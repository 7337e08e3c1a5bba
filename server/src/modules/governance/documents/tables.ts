import type { Generated } from 'kysely'
import type { Db } from '#kernel/postgres'
import { tables as governance } from '../tables.ts'

export const documentKinds = ['administrative', 'financial', 'technical'] as const
export const requestOutcomes = ['given', 'notHeld', 'withdrawn'] as const

type DocumentTables = {
  'governance.document_request': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: number
    party: string
    kind: (typeof documentKinds)[number]
    title: string
    text: string
    requested_at: Date
    requested_by: string
    outcome: (typeof requestOutcomes)[number] | null
    answer: string | null
    answered_at: Date | null
    answered_by: string | null
  }
  'governance.document_file': {
    tenant_id: Generated<string>
    id: string
    request_id: string
    name: string
    media_type: string
    size: number
    sha256: Buffer
    content: Buffer
    added_at: Date
    added_by: string
  }
}

/** The tables of governance, with those of documents. */
export const tables = (tx: Db) => governance(tx).withTables<DocumentTables>()
