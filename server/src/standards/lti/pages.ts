import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { Leaving } from './launch.ts'

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const style =
  'body{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fbf8f3}'

// Keeps what only this browser holds where its own pages find it again in this tab, and with the platform if it offers to;
// then goes on. `put_data` of LTI Client Side postMessages; a platform that does not answer is not waited for.
const leaveScript = `
const go = JSON.parse(document.getElementById('go').textContent)
try { sessionStorage.setItem(go.key, go.secret) } catch {}
let gone = false
const leave = () => { if (!gone) { gone = true; location.replace(go.url) } }
if (go.storage) {
  const holder = window.opener ?? window.parent
  let target = holder
  try { if (go.storage.target !== '_parent') target = holder.frames[go.storage.target] ?? holder } catch {}
  addEventListener('message', ({ origin, data }) => {
    if (origin === go.storage.origin && data?.subject === 'lti.put_data.response' && data.key === go.key) leave()
  })
  target.postMessage({ subject: 'lti.put_data', message_id: go.key, key: go.key, value: go.secret }, go.storage.origin)
  setTimeout(leave, 800)
} else leave()
`

/** Where a launch's secret is kept, in the browser. */
export const storageKey = (launchId: string) => `preau-launch:${launchId}`

/** The page that leaves for the platform: it keeps the secret of the launch first, which a redirection could not. */
export function sendLeavePage(reply: FastifyReply, leaving: Leaving): FastifyReply {
  const data = { key: storageKey(leaving.launchId), secret: leaving.secret, url: leaving.url, storage: leaving.storage }
  const body =
    `<script type="application/json" id="go">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>` +
    `<script>${leaveScript}</script>` +
    `<noscript><p><a href="${escape(leaving.url)}">Continuer · Continue</a></p></noscript>`
  return send(reply, { title: 'Préau', body, script: leaveScript, frameAncestors: leaving.frameOrigin })
}

/** A few words to whoever cannot be shown anything else: French, then English. */
export function sendWords(
  reply: FastifyReply,
  words: { title: [string, string]; text: [string, string]; detail?: string; frameAncestors: string; status: number },
): FastifyReply {
  const part = (lang: string, index: 0 | 1) =>
    `<section lang="${lang}"><h${index + 1}>${escape(words.title[index])}</h${index + 1}><p>${escape(words.text[index])}</p></section>`
  const detail = words.detail === undefined ? '' : `<p><small>${escape(words.detail)}</small></p>`
  const body = `<main>${part('fr', 0)}${part('en', 1)}${detail}</main>`
  return send(reply.status(words.status), { title: words.title[0], body, frameAncestors: words.frameAncestors })
}

// Tells the platform to close what it opened for a registration (LTI Dynamic Registration 1.0 §3.7).
const closeScript = `
const close = () => (window.opener ?? window.parent).postMessage({ subject: 'org.imsglobal.lti.close' }, '*')
document.getElementById('close').addEventListener('click', close)
`

/** The end of a registration, which the platform closes. */
export function sendRegistered(reply: FastifyReply, name: string, frameAncestors: string): FastifyReply {
  const body =
    `<main><section lang="fr"><h1>Préau est inscrit</h1><p>La plateforme « ${escape(name)} » peut ouvrir les tableaux de bord, dès que l’outil y est activé.</p></section>` +
    `<section lang="en"><h2>Préau is registered</h2><p>The platform “${escape(name)}” can open dashboards as soon as the tool is activated there.</p></section>` +
    `<p><button id="close" type="button">Fermer · Close</button></p></main><script>${closeScript}</script>`
  return send(reply, { title: 'Préau est inscrit', body, script: closeScript, frameAncestors })
}

function send(
  reply: FastifyReply,
  page: { title: string; body: string; script?: string; frameAncestors: string },
): FastifyReply {
  const policy = [
    `default-src 'none'`,
    `style-src ${hashOf(style)}`,
    ...(page.script === undefined ? [] : [`script-src ${hashOf(page.script)}`]),
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors ${page.frameAncestors}`,
  ]
  return allowFraming(reply, policy.join('; '))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
        `<title>${escape(page.title)}</title><style>${style}</style></head><body>${page.body}</body></html>`,
    )
}

/**
 * Lets other sites frame an answer as a content policy says. The headers of every other answer forbid it; and a frame of
 * another site is no opener of its own.
 */
export function allowFraming(reply: FastifyReply, policy: string): FastifyReply {
  for (const name of ['x-frame-options', 'cross-origin-opener-policy']) reply.raw.removeHeader(name)
  reply.raw.setHeader('cross-origin-resource-policy', 'cross-origin')
  return reply.header('content-security-policy', policy)
}
