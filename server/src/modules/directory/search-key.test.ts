import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toSearchKey, toSearchWords } from './search-key.ts'

describe('search key', () => {
  test.each([
    ['MARTIN', 'martin'],
    ["D'Œuvre-Lefèvre", 'd oeuvre lefevre'],
    ['L’Hermitte', 'l hermitte'],
    ['  Van  den\tBroucke ', 'van den broucke'],
    ['Nuñez Straße', 'nunez strasse'],
    ['Ægidius Øster Łódź', 'aegidius oster lodz'],
    ['e\u0301lodie', 'elodie'],
    ['Çelik İpek', 'celik ipek'],
    ['Дмитрий 李', 'дмитрии 李'],
    ["-'%_", ''],
  ])('of "%s" is "%s"', (text, key) => {
    expect(toSearchKey(text)).toBe(key)
  })

  test('of a key is itself, and holds nothing that LIKE would read as a pattern', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const key = toSearchKey(text)
        expect(toSearchKey(key)).toBe(key)
        expect(key).not.toMatch(/[%_\\]|^ | $| {2}/)
      }),
    )
  })

  test('words are given once, eight at most', () => {
    expect(toSearchWords('de la de La')).toEqual(['de', 'la'])
    expect(toSearchWords('a b c d e f g h i j')).toHaveLength(8)
    expect(toSearchWords(' - ')).toEqual([])
  })
})
