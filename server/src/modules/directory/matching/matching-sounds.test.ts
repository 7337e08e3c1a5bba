import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareNames, listSounds, type NameAgreement } from './matching-sounds.ts'

const pairs = (text: string) => text.split('\n').flatMap((line) => (line.trim() ? [line.trim().split(' / ')] : []))

const alike: Record<Exclude<NameAgreement, 'none'>, string> = {
  same: `
    Lemaître / LEMAITRE
    Lebœuf / LEBOEUF
    Le Goff / Legoff
    Jean-Pierre / Jean Pierre
    Jean-Pierre / JEANPIERRE
    D'Hautefeuille / d’hautefeuille
    Vandenbossche / Van den Bossche
    N'Diaye / Ndiaye
    Saint-Aubrin / SAINT AUBRIN
    Öztürk / OZTURK`,
  particle: `
    de La Fontenelle / Fontenelle
    Du Plessier / Plessier
    Le Gall / Gall
    El Amrani / Amrani
    d'Œuilly / OEUILLY
    dos Santos / Santos`,
  sound: `
    Lefebvre / Lefèvre
    Lefebvre / Lefeuvre
    Dupont / Dupond
    Thibault / Thibaut
    Thibaud / Thibault
    Renaud / Renault
    Renaud / Reynaud
    Gauthier / Gaultier
    Philippe / Filipe
    Catherine / Katherine
    Mathieu / Matthieu
    Hervé / Erve
    Schmitt / Schmidt
    Meyer / Maier
    Mohamed / Mohammed
    Œuvrard / Euvrard
    Chevalier / Chevallier
    Quentin / Kentin
    Yves / Ives
    Leroy / Leroi
    Lopez / Lopes
    Guérin / Guérain
    Christophe / Cristophe
    Deschamps / Dechamp
    Hoareau / Hoarau
    Perrault / Perrot
    L’Hermitte / Lhermite
    Aurélie / Orélie
    Faucheux / Fauchet
    Cœuret / Coeurais
    Durand / Duran
    de Croix / Croy`,
  part: `
    Martin-Dupont / Dupont
    Martin Dupont / Martin
    Benali épouse Durand / Benali
    Jean-Baptiste / Jean
    Anne-Sophie / Sophie`,
}

it.each(Object.entries(alike).flatMap(([how, text]) => pairs(text).map(([a, b]) => [a!, b!, how] as const)))(
  '%s and %s agree: %s',
  (a, b, how) => {
    expect(compareNames(a, b)).toBe(how)
    expect(compareNames(b, a)).toBe(how)
  },
)

it.each(
  pairs(`
    Martin / Marin
    Martin / Morin
    Martin / Martine
    Jean / Jeanne
    Louis / Louise
    Simon / Simone
    Dubois / Dupuis
    Petit / Petiot
    Lambert / Laubert
    Roux / Rousseau
    Blanc / Blanchard
    Emma / Anna
    Leroy / Leroux
    Nicolas / Nicole
    Denis / Denise
    François / Françoise
    Marie / Marine
    Bernard / Bernadette
    Clément / Clémence
    Garnier / Grenier
    Moreau / Morel
    Paul / Pauline
    Barré / Barbier
    Dumas / Dumont
    Alexandre / Alexandra
    Marie-Lou / Marie-Claire
    Martin-Dupont / Martin-Durand
    Le Goff / Le Gall
    De Wilde / De Smedt
    李 / 王`),
)('%s and %s do not', (a, b) => {
  expect(compareNames(a!, b!)).toBe('none')
})

it('is symmetric, and a name agrees with itself unless it has no letter', () => {
  const name = fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Zéœç' -]{0,20}$/))
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(compareNames(a, b)).toBe(compareNames(b, a))
      expect(compareNames(a, a)).toBe(listSounds(a).length === 0 ? 'none' : 'same')
    }),
  )
})

it('gives names that agree a sound in common, by which they are found', () => {
  for (const [a, b] of Object.values(alike).flatMap(pairs)) {
    expect(listSounds(a!)).toEqual(expect.arrayContaining([expect.toBeOneOf(listSounds(b!))]))
  }
})
