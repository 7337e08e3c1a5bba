import type { Mef, Stage } from './curriculum.ts'

const noMef: Mef = { code: '', label: '', statistical: '', level: '', track: '' }

function stage(key: string, title: string, age: number, cycle: string): Stage {
  return {
    key,
    prefix: key,
    title,
    mef: { ...noMef, level: key, track: cycle },
    age,
    teachings: [],
    secondLanguage: false,
    specialities: 0,
  }
}

/** Years of the école maternelle. */
export const nurseryStages: readonly Stage[] = [
  stage('PS', 'PETITE SECTION', 3, 'CYCLE I'),
  stage('MS', 'MOYENNE SECTION', 4, 'CYCLE I'),
  stage('GS', 'GRANDE SECTION', 5, 'CYCLE I'),
]

/** Years of the école élémentaire. */
export const elementaryStages: readonly Stage[] = [
  stage('CP', 'CP', 6, 'CYCLE II'),
  stage('CE1', 'CE1', 7, 'CYCLE II'),
  stage('CE2', 'CE2', 8, 'CYCLE II'),
  stage('CM1', 'CM1', 9, 'CYCLE III'),
  stage('CM2', 'CM2', 10, 'CYCLE III'),
]
