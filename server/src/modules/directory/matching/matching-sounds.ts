import { toSearchKey } from '../search-key.ts'

/** Words before a name that people, offices and software write, join or leave out as they please. */
const particles = new Set('d de del des di du dos da do l la le les el al van von vanden den der ter ten y'.split(' '))

// How French is read, from the letters to the sounds, in this order; in the spirit of Phonex (Brouard, 1999) and FONEM
// (Bouchard, Brard and Lavoie, 1981). Capitals and digits stand for sounds of several letters: S ss, C ch, N gn, U ou,
// W oi, 1 an/en, 4 in/un, 5 on. Accents are gone before it begins, since half of the offices write none: ç is c.
const rules: [RegExp, string][] = [
  [/ph/g, 'f'],
  [/sch|sh|ch(?=[aeiouy])|tch/g, 'C'],
  [/h/g, ''],
  [/ss|sc(?=[eiy])/g, 'S'],
  [/gn(?=[aeiouy])/g, 'N'],
  [/ge(?=[ao])/g, 'j'],
  [/(?<=[aeiouy])s(?=[aeiouy])/g, 'z'],
  [/ebv?u?r(?=e)/g, 'evr'],
  [/aul[tdx](?=[^e]|$)/g, 'aut'],
  [/(.)\1+/g, '$1'],
  [/c(?=[eiy])/g, 'S'],
  [/g(?=[eiy])/g, 'j'],
  [/gu(?=[eiy])/g, 'g'],
  [/qu?|ck|c|k/g, 'k'],
  [/w/g, 'v'],
  [/ti(?=on)/g, 'Si'],
  // Feminine and mute endings, then consonants that nobody reads at the end.
  [/(?<=[a-zA-Z]{2})e(nt|s)?$/g, 'e'],
  [/(?<=..[^aeou])er$/g, 'E'],
  [/(?<=.{2})[tdspxz]+$/g, ''],
  [/e?au/g, 'o'],
  [/oe?u(?=[^aeiouy]|$)(?<=oeu)/g, 'e'],
  [/ou/g, 'U'],
  [/oe|eu/g, 'e'],
  [/(ain|aim|ein|eim|[iy]n|[iy]m|un|um)(?=[^aeiouyUWE]|$)/g, '4'],
  [/(ean|an|am|en|em)(?=[^aeiouyUWE]|$)/g, '1'],
  [/(on|om)(?=[^aeiouyUWE]|$)/g, '5'],
  [/o[iy]/g, 'W'],
  [/[ae][iy]/g, 'e'],
  [/ae/g, 'e'],
  [/y/g, 'i'],
  [/(?<=..)e$/g, ''],
  [/S/g, 's'],
  [/(.)\1+/g, '$1'],
]

/** How a word of a search key sounds in French. Words of other scripts stand for themselves. */
function soundOf(letters: string): string {
  if (!/^[a-z]+$/.test(letters)) return letters
  let sound = letters
  for (const [spelling, spoken] of rules) sound = sound.replace(spelling, spoken)
  return sound === '' ? letters : sound
}

/** A name as two writings of it are compared. */
export interface NameForms {
  /** Its letters in one word, whatever parted them: "Le Goff" and "Legoff" are `legoff`. */
  whole: string
  /** The same without particles: "de La Fontaine" is `fontaine`. */
  core: string
  /** Its words, particles and initials left out: "Jean-Pierre" has `jean` and `pierre`. */
  words: string[]
  /** How the three sound. */
  wholeSound: string
  coreSound: string
  wordSounds: string[]
}

const known = new Map<string, NameForms>()

/** The forms of a name, as compared and as heard. A name without a letter has empty forms, which equal nothing. */
export function toNameForms(name: string): NameForms {
  const found = known.get(name)
  if (found) return found
  const all = toSearchKey(name).split(' ').filter(Boolean)
  const bare = all.filter((word) => !particles.has(word))
  // "De" and "Le" alone are names like others.
  const kept = bare.length === 0 ? all : bare
  const words = kept.filter((word) => word.length > 1)
  const whole = all.join('')
  const core = kept.join('')
  const forms = {
    whole,
    core,
    words,
    wholeSound: soundOf(whole),
    coreSound: soundOf(core),
    wordSounds: [...new Set(words.map(soundOf))],
  }
  // The names of a région fit; beyond, it starts anew.
  if (known.size > 300_000) known.clear()
  known.set(name, forms)
  return forms
}

/** The sounds under which a name is looked for among others: any of them may be all that another writing keeps. */
export function listSounds(name: string): string[] {
  const { wholeSound, coreSound, wordSounds } = toNameForms(name)
  return [...new Set([wholeSound, coreSound, ...wordSounds])].filter(Boolean)
}

/** How two names agree, the closest first; `none` when nothing in them does. */
export type NameAgreement = 'same' | 'particle' | 'sound' | 'part' | 'none'

/**
 * How two writings of a name agree: the same letters (`same`), but for particles (`particle`), the same to the ear
 * (`sound`), or all words of one among those of the other (`part`: "Martin-Dupont" and "Dupont", not "Martin-Durand").
 */
export function compareNames(one: string, other: string): NameAgreement {
  const a = toNameForms(one)
  const b = toNameForms(other)
  if (a.whole === '' || b.whole === '') return 'none'
  if (a.whole === b.whole) return 'same'
  if (a.core === b.core) return 'particle'
  if (a.wholeSound === b.wholeSound || a.coreSound === b.coreSound) return 'sound'
  // A compound name of which one writing keeps some words only.
  const [few, many] = a.wordSounds.length <= b.wordSounds.length ? [a, b] : [b, a]
  const kept = few.wordSounds.length > 0 && few.wordSounds.every((word) => many.wordSounds.includes(word))
  return kept && few.core.length > 2 ? 'part' : 'none'
}
