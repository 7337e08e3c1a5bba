import { type Day, isDay } from '#kernel/time'
import { toSearchKey } from '../search-key.ts'
import type { LegalStatus, Profile } from '../tables.ts'
import { type CsvField, splitRowGuardian } from './csv-mapping.ts'
import { isLinkCode, toGroupCode, toProfile, Unusable } from './records.ts'

/** A value that is left out, its row being kept. The message is the code of the warning. */
class Doubtful extends Error {}

type Reader = (text: string, header: string) => string

const readers: Partial<Record<CsvField, Reader>> = {
  id: toIdentifier,
  guardianId: readEach(toIdentifier),
  childId: readEach(toIdentifier),
  bornOn: toCsvDay,
  childBornOn: toCsvDay,
  enteredOn: toCsvDay,
  leftOn: toCsvDay,
  uai: toUai,
  ine: doubt('ine_invalid', /^[0-9A-Z]{10,11}$/i, (text) => text.toUpperCase()),
  mef: doubt('mef_invalid', /^[0-9A-Z]{8,11}$/i, (text) => text.toUpperCase()),
  email: doubt('email_invalid', /^[^\s@]+@[^\s@]+\.[^\s@]+$/),
  familyName: toName,
  usualFamilyName: toName,
  birthFamilyName: toName,
  givenName: toName,
  name: toName,
  class: toGroupCode,
  mainClass: toGroupCode,
  group: toGroupCode,
  code: toGroupCode,
  legal: (text, header) => toLegalStatus(text, header),
}

/**
 * Reads one value of a column.
 * @returns the value, or the code of the warning under which it is left out.
 * @throws Unusable when its row cannot be kept with it.
 */
export function readCsvValue(field: CsvField, text: string, header: string): { value: string } | { warning: string } {
  if (text.length > 2000) throw new Unusable('value_unreadable', `"${header}" exceeds 2000 characters.`)
  try {
    return { value: readers[splitRowGuardian(field)?.field ?? field]?.(text, header) ?? text }
  } catch (error) {
    if (error instanceof Doubtful) return { warning: error.message }
    throw error
  }
}

/** Several values in one cell, parted by `|`. */
export function splitCell(text: string): string[] {
  return text
    .split('|')
    .map((part) => part.trim())
    .filter(Boolean)
}

function readEach(read: Reader): Reader {
  return (text, header) =>
    splitCell(text)
      .map((part) => read(part, header))
      .join('|')
}

function doubt(code: string, shape: RegExp, write: (text: string) => string = (text) => text): Reader {
  return (text) => {
    if (!shape.test(text)) throw new Doubtful(code)
    return write(text)
  }
}

function toIdentifier(text: string, header: string): string {
  if (!/^[\w.@:/+-]{1,100}$/.test(text)) {
    throw new Unusable('identifier_invalid', `"${header}" holds a space, a sign, or more than 100 characters.`)
  }
  return text
}

function toName(text: string, header: string): string {
  if (text.length > 200) throw new Unusable('value_unreadable', `"${header}" exceeds 200 characters.`)
  return text
}

function toUai(text: string, header: string): string {
  const uai = text.toUpperCase().replace(/\s/g, '')
  if (!/^\d{7}[A-Z]$/.test(uai)) throw new Unusable('uai_invalid', `"${header}" is not seven digits and a letter.`)
  return uai
}

/** A date as France writes it (day first) or as ISO 8601 does, its time left out; never with a year of two digits. */
function toCsvDay(text: string, header: string): Day {
  const [, day, month, year] = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T].*)?$/.exec(text) ?? []
  const iso = year
    ? `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`
    : (/^(\d{4}-\d\d-\d\d)(?:[ T].*)?$/.exec(text)?.[1] ?? '')
  if (!isDay(iso) || iso < '1900') {
    throw new Unusable('date_invalid', `"${header}" is not a date (dd/mm/yyyy or yyyy-mm-dd).`)
  }
  return iso
}

/** Yes in the ways files say it. */
export function isYes(text: string | undefined): boolean {
  return /^(1|o|oui|y|yes|x|v|vrai|t|true)$/i.test(text ?? '')
}

/** Whether a cell says that its row takes away what it describes. */
export function isDeletion(text: string | undefined): boolean {
  return isYes(text) || /^(s|d|sup\w*|del\w*|remov\w*|tobedeleted|sorti\w*|parti\w*)$/.test(toSearchKey(text ?? ''))
}

function toLegalStatus(text: string, header: string): LegalStatus {
  const key = toSearchKey(text)
  if (isYes(key) || /legal/.test(key)) return 'legal'
  if (key === '2' || /charge/.test(key)) return 'inCharge'
  if (/^(0|3|n|non|no|f|faux|false|contact.*)$/.test(key)) return 'none'
  throw new Unusable('value_unreadable', `"${header}" is neither 1 (legal), 2 (in charge), 0, yes nor no.`)
}

const relations: [RegExp, string][] = [
  [/grand|ascendant/, '38'],
  [/^(beau|belle)\b|oncle|tante|cousin|famille$|family/, '39'],
  [/^(mere|maman|mother|mum|mom)\b/, '10'],
  [/^(pere|papa|father|dad)\b/, '20'],
  [/frere|soeur|fratrie|brother|sister|sibling/, '37'],
  [/accueil|foster|assistant familial/, '42'],
  [/^ase$|aide sociale/, '51'],
  [/tuteur|tutrice|tutor|guardian/, '50'],
  [/eleve|lui meme|elle meme|self/, '70'],
  [/autre|other/, '90'],
]

/** The relation code of the national nomenclature for what a file says; `-` when it says nothing known. */
export function toLinkCode(text: string | undefined): string {
  if (text === undefined) return '-'
  if (isLinkCode(text)) return text
  const key = toSearchKey(text)
  return relations.find(([words]) => words.test(key))?.[1] ?? '-'
}

const functionWords: [RegExp, Profile][] = [
  [/\bcpe\b|vie scolaire|surveill|\baed\b|\baesh\b|education|school life/, 'schoolLife'],
  [/documental|\bcdi\b|librarian/, 'documentation'],
  [/direct|proviseur|principal|chef d etab|head/, 'head'],
  [/enseign|profess|\bprof\b|teach|lecturer|institut/, 'teacher'],
]

/** The profile that a function tells, written as a code of the academy or in words. */
export function toFunction(text: string, otherwise: 'teacher' | 'staff'): { code: string; profile: Profile } {
  if (/^[A-Z]{3}$/.test(text)) return { code: text, profile: toProfile(text, false) }
  const key = toSearchKey(text)
  return { code: '-', profile: functionWords.find(([words]) => words.test(key))?.[1] ?? otherwise }
}
