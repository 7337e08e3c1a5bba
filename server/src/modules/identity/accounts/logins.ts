import { toSearchKey } from '#modules/directory'

/**
 * The login a name gives, `prenom.nom`: lower case, no accent, the words of a name parted by hyphens. Homonyms
 * share it and are told apart by a number, for which six of the 64 characters are left.
 */
export function makeLoginBase(givenName: string, familyName: string): string {
  const parts = [givenName, familyName].map(foldPart).filter(Boolean)
  // A name written in no Latin letter still needs a login that can be typed.
  const base = parts.length === 0 ? 'personne' : parts.join('.')
  return (base.length < 3 ? `${base}.personne` : base).slice(0, 58).replace(/[.-]+$/, '')
}

/**
 * The next free login of that base: `marie.dupont`, `marie.dupont2`, `marie.dupont3`…
 * @param taken logins that start alike.
 */
export function nextLogin(base: string, taken: string[]): string {
  const ranks = taken
    .map((login) => login.slice(base.length))
    .filter((suffix) => /^\d{0,6}$/.test(suffix))
    .map((suffix) => Number(suffix || '1'))
  const rank = Math.max(0, ...ranks) + 1
  return rank === 1 ? base : `${base}${rank}`
}

function foldPart(text: string): string {
  return toSearchKey(text)
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9-]/g, '')
    .replaceAll(/-+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
