import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { tables } from '../tables.ts'
import { createAgreementVersion, readShippedAgreement } from './agreement-versions.ts'

let server: TestApp
let consortium: Consortium
let source: string

beforeAll(async () => {
  server = await openTestApp()
  source = await readShippedAgreement('grand-est')
  consortium = await makeConsortium(server)
})
afterAll(() => server?.close())

const amend = (text: string, basedOn: number) =>
  server.inTenant((tx) =>
    createAgreementVersion(
      tx,
      { source: text, reason: 'Avenant', recordedBy: consortium.manager.personId, basedOn },
      server.services.now(),
    ),
  )

describe('versions of an agreement', () => {
  it('enter the journal with the digest of their file', async () => {
    const entries = await server.inTenant((tx) =>
      tables(tx)
        .selectFrom('governance.journal_entry')
        .select(['kind', 'content'])
        .where('subject_id', '=', consortium.versionId)
        .execute(),
    )
    expect(entries).toMatchObject([{ kind: 'agreementVersion' }])
    expect(JSON.parse(entries[0]?.content ?? '')).toMatchObject({ agreement: 'grand-est', version: 1 })
  })

  it('are added one after the other: of two amendments of the same version, one is refused', async () => {
    const texts = ['3/4', '2/3'].map((share) => source.replace('share: 4/5', `share: ${share}`))
    const ends = await Promise.allSettled(texts.map((text) => amend(text, 1)))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { status: 409, code: 'agreement_amended_meanwhile', extra: { version: 2 } },
    })
  })

  it('wait for the act that holds the journal, and neither waits for the other for ever', async () => {
    const begun = Promise.withResolvers<undefined>()
    const first = server.inTenant(async (tx) => {
      await lockJournal(tx, consortium.agreementId)
      begun.resolve(undefined)
      await sleep(300)
      const input = { source: source.replace('share: 4/5', 'share: 7/8'), reason: 'Adhésion', recordedBy: null }
      return createAgreementVersion(tx, input, server.services.now())
    })
    await begun.promise
    const second = amend(source.replace('share: 4/5', 'share: 8/9'), 2)
    const [joined, amended] = await Promise.allSettled([first, second])
    expect(joined).toMatchObject({ status: 'fulfilled' })
    expect(amended).toMatchObject({ status: 'rejected', reason: { code: 'agreement_amended_meanwhile' } })
  })

  it('cite an adopted decision of their agreement', async () => {
    const input = {
      source: source.replace('share: 4/5', 'share: 9/10'),
      reason: 'Avenant',
      recordedBy: null,
      decisionId: randomUUID(),
    }
    const cited = server.inTenant((tx) => createAgreementVersion(tx, input, server.services.now()))
    await expect(cited).rejects.toMatchObject({ status: 404, code: 'decision_not_found' })
  })

  it('are never changed, nor taken away', async () => {
    const change = server.inTenant((tx) =>
      tables(tx).updateTable('governance.agreement_version').set({ reason: 'autre' }).execute(),
    )
    await expect(change).rejects.toThrow(/permission denied/)
    const removal = server.inTenant((tx) => tables(tx).deleteFrom('governance.agreement_version').execute())
    await expect(removal).rejects.toThrow(/permission denied/)
  })

  it('begin no earlier than the one they amend', async () => {
    const early = source.replace('validFrom: 2025-09-01', 'validFrom: 2025-08-31')
    await expect(amend(early, 3)).rejects.toMatchObject({
      code: 'agreement_invalid',
      extra: { faults: [{ line: 8, column: 12, path: 'validFrom', code: 'begins_before_previous' }] },
    })
  })

  it('differ from the last one', async () => {
    const text = source.replace('share: 4/5', 'share: 5/6')
    await amend(text, 3)
    await expect(amend(text, 4)).rejects.toMatchObject({ status: 409, code: 'agreement_unchanged' })
  })
})
