import { createHash } from 'node:crypto'
import type { DemonstrationUser } from './identity-provider-http.ts'

const texts = {
  fr: {
    choose: 'Guichet de démonstration',
    invented:
      'Ce guichet est inventé. Il tient lieu d’un guichet officiel (ÉduConnect, guichet académique) dans cette démonstration : aucune de ces personnes n’existe, aucun mot de passe n’est demandé.',
    who: 'Qui voulez-vous être ?',
    giveUp: 'Revenir sans me connecter',
    goOn: 'Continuer',
    signOut: 'Se déconnecter du guichet',
    signOutText:
      'Vous êtes déconnecté de l’espace de travail. Voulez-vous aussi fermer votre session au guichet de démonstration ?',
    yes: 'Oui, me déconnecter',
    no: 'Non, rester connecté au guichet',
    failed: 'Cette page n’est plus valable',
    failedText:
      'La connexion a pris trop de temps ou a commencé dans un autre navigateur. Rien n’a été perdu : recommencez.',
    restart: 'Recommencer',
    profiles: {
      pupil: 'élève',
      guardian: 'parent',
      teacher: 'professeur',
      head: 'direction',
      delegatedAdministrator: 'secrétariat, administration déléguée',
      localAuthority: 'agent de collectivité',
      operator: 'exploitation de l’espace',
      consortiumPilot: 'pilotage du groupement',
      consortiumMember: 'membre du groupement',
      contractor: 'titulaire du marché',
      pilotInstitution: 'établissement pilote',
      unknown: 'personne que l’annuaire ne connaît pas',
    } as Record<string, string>,
  },
  en: {
    choose: 'Demonstration sign-in counter',
    invented:
      'This counter is invented. It stands for an official one (ÉduConnect, the academy’s counter) in this demonstration: none of these people exists, and no password is asked.',
    who: 'Who do you want to be?',
    giveUp: 'Go back without signing in',
    goOn: 'Continue',
    signOut: 'Sign out of the counter',
    signOutText:
      'You are signed out of the workspace. Do you also want to end your session at the demonstration counter?',
    yes: 'Yes, sign me out',
    no: 'No, stay signed in at the counter',
    failed: 'This page is no longer valid',
    failedText: 'Signing in took too long or began in another browser. Nothing is lost: start again.',
    restart: 'Start again',
    profiles: {
      pupil: 'pupil',
      guardian: 'parent',
      teacher: 'teacher',
      head: 'head',
      delegatedAdministrator: 'secretary, delegated administrator',
      localAuthority: 'agent of a local authority',
      operator: 'operator of the workspace',
      consortiumPilot: 'consortium manager',
      consortiumMember: 'consortium member',
      contractor: 'contractor',
      pilotInstitution: 'pilot institution',
      unknown: 'someone the directory does not know',
    } as Record<string, string>,
  },
}

/** Whom to be: one button a person. */
export function renderChoice(users: DemonstrationUser[], action: string, language: string | undefined): string {
  const text = texts[chooseLanguage(language)]
  const buttons = users.map(
    (user) => `<li><button name="subject" value="${escape(user.subject)}">
      <strong>${escape(`${user.givenName} ${user.familyName}`)}</strong>
      <span>${escape(text.profiles[user.profile] ?? user.profile)}</span></button></li>`,
  )
  return renderPage(
    language,
    text.choose,
    `<p class="notice">${text.invented}</p>
    <form method="post" action="${escape(action)}">
      <h2 id="who">${text.who}</h2>
      <ul aria-labelledby="who">${buttons.join('')}</ul>
      <p><button class="quiet" name="subject" value="">${text.giveUp}</button></p>
    </form>`,
  )
}

/** @param form the provider's own hidden form, `op.logoutForm`. */
export function renderSignOut(form: string, language: string | undefined): string {
  const text = texts[chooseLanguage(language)]
  return renderPage(
    language,
    text.signOut,
    `<p>${text.signOutText}</p>${form}
    <p><button form="op.logoutForm" name="logout" value="yes">${text.yes}</button></p>
    <p><button class="quiet" form="op.logoutForm">${text.no}</button></p>`,
  )
}

/** A form that sends itself to a workspace, or by its button where scripts are off. */
export function renderPost(action: string, fields: Record<string, string>): { page: string; policy: string } {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  )
  const script = 'document.forms[0].submit()'
  const hash = createHash('sha256').update(script).digest('base64')
  return {
    page: renderPage(
      undefined,
      texts.fr.choose,
      `<form method="post" action="${escape(action)}">${inputs.join('')}<noscript><button>${texts.fr.goOn}</button></noscript></form><script>${script}</script>`,
    ),
    policy: `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
  }
}

export function renderFailure(language: string | undefined, code?: string): string {
  const text = texts[chooseLanguage(language)]
  const detail = code === undefined ? '' : `<p><code>${escape(code)}</code></p>`
  return renderPage(
    language,
    text.failed,
    `<p>${text.failedText}</p>${detail}<p><a href="/sign-in">${text.restart}</a></p>`,
  )
}

function renderPage(language: string | undefined, title: string, body: string): string {
  return `<!doctype html>
<html lang="${chooseLanguage(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
  :root { color-scheme: light dark }
  body { margin: 0 auto; max-width: 34rem; padding: 1.5rem 1rem; font: 1.0625rem/1.5 system-ui, sans-serif }
  body { background: light-dark(#faf7f2, #1b1a18); color: light-dark(#23211e, #f2efe9) }
  h1 { font-size: 1.6rem; line-height: 1.25 } h2 { font-size: 1.15rem }
  .notice { border-inline-start: .3rem solid currentColor; padding-inline-start: 1rem }
  ul { list-style: none; padding: 0; display: grid; gap: .6rem }
  button { width: 100%; min-height: 3rem; padding: .6rem 1rem; font: inherit; text-align: start; cursor: pointer }
  button { color: inherit; background: light-dark(#fff, #2a2825); border: 1px solid light-dark(#767066, #9a9488); border-radius: .5rem }
  button span { display: block } button:hover { border-width: 2px; padding: calc(.6rem - 1px) calc(1rem - 1px) }
  button:focus-visible, a:focus-visible { outline: 3px solid; outline-offset: 2px }
  .quiet { background: none; text-decoration: underline; border-color: transparent }
  a { color: inherit }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>`
}

/** The first of French and English in an Accept-Language header (RFC 9110 §12.5.4, in the order written); else French. */
function chooseLanguage(header: string | undefined): 'fr' | 'en' {
  const found = /\b(fr|en)\b/i.exec(header ?? '')?.[1]?.toLowerCase()
  return found === 'en' ? 'en' : 'fr'
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
