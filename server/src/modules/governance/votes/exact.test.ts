import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '../../../../test/properties.ts'
import { readShare, reaches, scaleVoices, writeFraction } from './exact.ts'

describe('Exact voices', () => {
  it('scales to the coarsest unit that holds them all', () => {
    expect(scaleVoices(['4.5', '1', '1,5', '2'])).toEqual({ perVoice: 2n, units: [9n, 2n, 3n, 4n] })
    expect(scaleVoices(['1', '1'])).toEqual({ perVoice: 1n, units: [1n, 1n] })
    expect(scaleVoices(['0.125', '1.000'])).toEqual({ perVoice: 8n, units: [1n, 8n] })
    expect(() => scaleVoices(['four'])).toThrow(TypeError)
  })

  it('writes fractions exactly, as decimals where they end', () => {
    expect(writeFraction(24n, 2n)).toBe('12')
    expect(writeFraction(21n, 2n)).toBe('10.5')
    expect(writeFraction(20n, 3n)).toBe('20/3')
    expect(writeFraction(1n, 8n)).toBe('0.125')
    expect(writeFraction(0n, 5n)).toBe('0')
  })

  it('gives back the voices it was given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 999_999_999 }), { minLength: 1, maxLength: 20 }),
        (thousandths) => {
          const texts = thousandths.map((value) => writeFraction(BigInt(value), 1000n))
          const { perVoice, units } = scaleVoices(texts)
          expect(units.map((unit) => writeFraction(unit, perVoice))).toEqual(texts)
        },
      ),
    )
  })

  it('compares with a share as written, and never reaches a share of nothing', () => {
    expect(reaches(24n, 30n, '>=', readShare('4/5'))).toBe(true)
    expect(reaches(24n, 30n, '>', readShare('4/5'))).toBe(false)
    expect(reaches(25n, 30n, '>', readShare('4/5'))).toBe(true)
    expect(reaches(0n, 0n, '>=', readShare('1/2'))).toBe(false)
  })
})
