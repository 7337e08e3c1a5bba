const ligatures: Record<string, string> = { œ: 'oe', æ: 'ae', ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' }

/**
 * A name as it is searched and compared: lower case, no accent, letters and digits only, words parted by one space
 * ("D'Œuvre-Lefèvre" → "d oeuvre lefevre"). Persons are stored with this key and queries go through it too.
 */
export function toSearchKey(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[œæßøłđðþı]/g, (letter) => ligatures[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** The words of what someone looks for, each once, as search keys; eight at most, since no name has more. */
export function toSearchWords(text: string): string[] {
  return [...new Set(toSearchKey(text).split(' '))].filter(Boolean).slice(0, 8)
}
