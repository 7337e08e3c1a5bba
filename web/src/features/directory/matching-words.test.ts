import { expect, it } from 'vitest'
import { markRows, type Part } from './matching-words.ts'

const part = (code: Part['code'], points: number): Part => ({ code, points, left: '', right: '' })

it('marks what agrees, what is close and what differs, the worst of a row first', () => {
  expect(markRows([part('familyNameSound', 18), part('givenName', 20), part('email', 30)])).toEqual({
    name: 'close',
    email: 'agrees',
  })
  expect(markRows([part('familyName', 25), part('givenNameDiffers', -40), part('bornOnSwapped', 20)])).toEqual({
    name: 'differs',
    bornOn: 'close',
  })
  expect(markRows([part('ine', 80)])).toEqual({})
})
