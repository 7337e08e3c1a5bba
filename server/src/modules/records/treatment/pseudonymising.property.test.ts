import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyStatement } from '../../../../test/statements.ts'
import { checkStatement } from '../model/statement-validation.ts'
import { pseudonymise } from './pseudonymising.ts'

const pseudonyms = { homePage: 'https://ent.example', key: Buffer.alloc(32, 7) }

test('any statement stays one, its identifier too, treated once and for all, and says nobody’s address', () => {
  fc.assert(
    fc.property(anyStatement('2.0.0'), (statement) => {
      const treated = checkStatement(pseudonymise(statement, pseudonyms), '2.0.0')
      expect(treated.id).toBe((statement as { id?: string }).id)
      expect(pseudonymise(treated, pseudonyms)).toEqual(treated)
      expect(JSON.stringify(treated)).not.toMatch(/lycee|mbox|openid|"response"|"attachments"/i)
    }),
  )
})

test('whatever is sent as a statement gives JSON', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => JSON.stringify(pseudonymise(value, pseudonyms)) !== undefined))
})

test('a long text costs no more than its length', () => {
  const name = `${'a'.repeat(1_000_000)}@${'a@'.repeat(100_000)}`
  const before = performance.now()
  pseudonymise({ verb: { id: 'https://a.example', display: { fr: name } } }, pseudonyms)
  expect(performance.now() - before).toBeLessThan(2000)
})
