export type LetterLanguage = 'fr' | 'en'

/** What letters say, in plain words: they are read by families, at home, often on paper only. */
export interface LetterTexts {
  documentTitle: (workspace: string) => string
  title: (workspace: string) => string
  classes: (names: string[]) => string
  childrenOf: (names: string[]) => string
  activation: string
  reset: string
  replaces: string
  steps: { address: string; code: string; password: string }
  until: (date: string) => string
  helpTitle: string
  help: string[]
  columns: string[]
  purposes: { activation: string; reset: string }
}

const list = (language: LetterLanguage, items: string[]) =>
  new Intl.ListFormat(language, { type: 'conjunction' }).format(items)

export const letterTexts: Record<LetterLanguage, LetterTexts> = {
  fr: {
    documentTitle: (workspace) => `Lettres d’accès, ${workspace}`,
    title: (workspace) => `Votre accès à ${workspace}`,
    classes: (names) => `Classe : ${list('fr', names)}`,
    childrenOf: (names) => `Parent ou responsable de ${list('fr', names)}`,
    activation: 'Voici de quoi ouvrir votre espace numérique. Cela prend cinq minutes.',
    reset: 'Voici de quoi choisir un nouveau mot de passe.',
    replaces: 'Cette lettre remplace la précédente : l’ancien code ne sert plus.',
    steps: {
      address: 'Sur un téléphone ou un ordinateur, allez à l’adresse :',
      code: 'Écrivez votre code :',
      password: 'Choisissez votre mot de passe. Pour revenir, vous utiliserez ce mot de passe et votre identifiant :',
    },
    until: (date) => `Ce code est personnel. Il sert une seule fois, jusqu’au ${date}.`,
    helpTitle: 'Une difficulté ?',
    help: [
      'Le code n’a ni voyelle, ni zéro, ni un. Majuscules et tirets n’ont pas d’importance.',
      'Le code est perdu ou trop ancien ? Le secrétariat de l’établissement peut en remettre un autre.',
      'Ne donnez ce code à personne. L’établissement ne vous le demandera jamais.',
    ],
    columns: ['Nom', 'Prénom', 'Classe', 'Enfants', 'Identifiant', 'Code', 'Usage', 'Valable jusqu’au', 'Adresse'],
    purposes: { activation: 'Ouvrir le compte', reset: 'Changer le mot de passe' },
  },
  en: {
    documentTitle: (workspace) => `Access letters, ${workspace}`,
    title: (workspace) => `Your access to ${workspace}`,
    classes: (names) => `Class: ${list('en', names)}`,
    childrenOf: (names) => `Parent or guardian of ${list('en', names)}`,
    activation: 'Here is what you need to open your digital workspace. It takes five minutes.',
    reset: 'Here is what you need to choose a new password.',
    replaces: 'This letter replaces the one before: the former code no longer works.',
    steps: {
      address: 'On a phone or a computer, go to:',
      code: 'Type your code:',
      password: 'Choose your password. To come back, you will use this password and your login:',
    },
    until: (date) => `This code is yours alone. It works once, until ${date}.`,
    helpTitle: 'In difficulty?',
    help: [
      'The code has no vowel, no zero and no one. Capitals and hyphens do not matter.',
      'Is the code lost or too old? The school office can hand you another.',
      'Give this code to nobody. The school will never ask you for it.',
    ],
    columns: ['Family name', 'Given name', 'Class', 'Children', 'Login', 'Code', 'Use', 'Valid until', 'Address'],
    purposes: { activation: 'Open the account', reset: 'Change the password' },
  },
}
