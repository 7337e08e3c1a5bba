import { api, ApiProblem, read } from '../../api/client.ts'

/** What the page of a launch is given, once. */
export interface Launch {
  /** Goes with every request, in memory only. */
  token: string
  /** Of the pages that frame this one. */
  origin: string
  locale: string | null
  /** The only indicator to show, and what it is set to; null for the whole dashboard. */
  indicator: { name: string; parameters: Record<string, string> } | null
  /** What a platform asks to choose, instead of a dashboard; null when it asks nothing. */
  deepLink: { ticket: string; title: string | null } | null
}

/** How long a platform may take to answer where it keeps data for its tools. */
const patience = 2_000

/**
 * Takes up the launch of this page: `/embed/<launch>#code=…`. The code leaves the address at once; it is good in the browser
 * the launch began in, which proves itself by a cookie, by what this tab kept, or by what the platform keeps for its tools.
 * @throws ApiProblem with what went wrong on the way here, or `launch_over` when the page was opened again.
 */
export async function takeLaunch(): Promise<Launch> {
  const { pathname, hash } = window.location
  const fragment = new URLSearchParams(hash.slice(1))
  window.history.replaceState(null, '', pathname)
  const problem = fragment.get('problem')
  if (problem !== null) throw new ApiProblem(403, { code: problem })
  const launch = /^\/embed\/([\w-]+)/.exec(pathname)?.[1] ?? ''
  const code = fragment.get('code')
  if (code === null) throw new ApiProblem(401, { code: 'launch_over' })
  const exchange = (proof: string | null) =>
    read(api.POST('/api/lti/launches/token', { body: { launch, code, proof } }))
  try {
    return await exchange(takeKept(`preau-launch:${launch}`))
  } catch (error) {
    const place = error instanceof ApiProblem ? readPlace(error) : undefined
    if (!place) throw error
    const proof = await askPlatform(place)
    if (proof === undefined) throw error
    return exchange(proof)
  }
}

/** What the page that left for the platform kept in this tab. */
function takeKept(key: string): string | null {
  try {
    const kept = window.sessionStorage.getItem(key)
    window.sessionStorage.removeItem(key)
    return kept
  } catch {
    // A browser may keep nothing for a frame of another site.
    return null
  }
}

interface Place {
  key: string
  target: string
  origin: string
}

/** Where the platform may hold the proof, as a refusal says. */
function readPlace({ code, body }: ApiProblem): Place | undefined {
  const { key, storage } = body as { key?: unknown; storage?: { target?: unknown; origin?: unknown } | null }
  if (code !== 'launch_other_browser' || typeof key !== 'string' || !storage) return undefined
  const { target, origin } = storage
  return typeof target === 'string' && typeof origin === 'string' ? { key, target, origin } : undefined
}

/** Asks the platform for what it keeps (LTI Client Side postMessages, `lti.get_data`); undefined when it says nothing. */
function askPlatform({ key, target, origin }: Place): Promise<string | undefined> {
  const holder = (window.opener as Window | null) ?? window.parent
  let frame: Window = holder
  try {
    // Frames of another site are reached by their names only.
    const named = holder.frames[target as never] as Window | undefined
    if (target !== '_parent' && named) frame = named
  } catch {
    frame = holder
  }
  return new Promise((resolve) => {
    const end = (value: string | undefined) => {
      window.removeEventListener('message', listen)
      window.clearTimeout(timer)
      resolve(value)
    }
    const listen = ({ origin: from, data }: MessageEvent<unknown>) => {
      const said = data as { subject?: unknown; key?: unknown; value?: unknown } | null
      if (from !== origin || said?.subject !== 'lti.get_data.response' || said.key !== key) return
      end(typeof said.value === 'string' ? said.value : undefined)
    }
    const timer = window.setTimeout(() => end(undefined), patience)
    window.addEventListener('message', listen)
    frame.postMessage({ subject: 'lti.get_data', message_id: key, key }, origin)
  })
}

/**
 * Tells the page that frames this one how high it is, now and whenever that changes.
 * @returns what ends it.
 */
export function reportHeight(origin: string): () => void {
  const report = () =>
    window.parent.postMessage({ subject: 'lti.frameResize', height: document.documentElement.scrollHeight }, origin)
  const observer = new ResizeObserver(report)
  observer.observe(document.body)
  report()
  return () => observer.disconnect()
}
