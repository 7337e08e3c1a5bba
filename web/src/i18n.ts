import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { fr } from './locales/fr.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'shell'
    resources: typeof fr
  }
}

export const languages = ['fr', 'en'] as const
export type Language = (typeof languages)[number]

const key = 'preau.language'

// One file a language, loaded when it is read: nobody downloads both.
const catalogues = {
  fr: async () => (await import('./locales/fr.ts')).fr,
  en: async () => (await import('./locales/en.ts')).en,
}

/** The language chosen on this device, else the first the browser asks for that we have, else French. */
function preferredLanguage(): Language {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(key)
  } catch {
    // Storage is refused: the browser's own preference counts.
  }
  const wanted = [stored, ...navigator.languages.map((tag) => tag.slice(0, 2))]
  return wanted.map((tag) => languages.find((language) => language === tag)).find(Boolean) ?? 'fr'
}

/** Starts translation in the preferred language, or in the one that a page is told. */
export async function startTranslation(language: Language = preferredLanguage()): Promise<void> {
  document.documentElement.lang = language
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'shell',
    resources: { [language]: await catalogues[language]() },
    interpolation: { escapeValue: false },
    returnEmptyString: false,
  })
}

/** Shows the pages in another language and keeps the choice on this device. */
export async function chooseLanguage(language: Language): Promise<void> {
  for (const [namespace, texts] of Object.entries(await catalogues[language]())) {
    i18next.addResourceBundle(language, namespace, texts)
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
  try {
    localStorage.setItem(key, language)
  } catch {
    // Storage is refused: the choice lasts as long as the page.
  }
}

/**
 * Reads the text of a code that came from the server; undefined when this version has none for it.
 * @param key `namespace:path.to.code`
 * @param parameters of the text; with `count`, the text for that many.
 */
export function findText(key: string, parameters: Record<string, unknown> = {}): string | undefined {
  // Dots and colons part keys: a code holding one of them is no key.
  return i18next.exists(key, parameters) ? i18next.t(key as 'problems:unknown', parameters) : undefined
}
