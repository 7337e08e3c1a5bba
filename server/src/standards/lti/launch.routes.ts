import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { addressOf } from '#modules/identity'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { PlatformKeys } from './id-token.ts'
import { beginLaunch, departureMinutes, exchangeCode, finishLaunch, launchPath } from './launch.ts'
import { sendLeavePage, sendWords, storageKey } from './pages.ts'
import { listPublicKeys } from './signing-keys.ts'

const cookiePath = '/api/lti'
const cookieOf = (launchId: string) => `preau_launch_${launchId}`

const text = z.string().min(1).max(2_000)
const announcement = z.object({
  iss: text,
  login_hint: text,
  target_link_uri: text,
  client_id: text.optional(),
  lti_message_hint: z.string().max(8_000).optional(),
  lti_storage_target: z
    .string()
    .max(200)
    .regex(/^[\w.-]*$/)
    .optional(),
})

/** Launches: announced by a platform, vouched for by it, and given their token in the browser they began in. */
export async function registerLaunches(app: App, services: Services, keys: PlatformKeys): Promise<void> {
  const page = z.string().describe('a page')
  const moved = z.null().describe('to the page of the launch')

  app.get(
    '/api/lti/keys',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'listLtiKeys',
        summary: 'The keys by which this tool signs what it sends to platforms (a JSON Web Key Set)',
        response: { 200: z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }) },
      },
    },
    async (request, reply) => {
      const found = await inTenant(services.db, request.tenant.id, (tx) =>
        listPublicKeys(tx, services.secrets, services.now()),
      )
      // A key is added well before it signs.
      reply.header('cache-control', 'public, max-age=300')
      return { keys: found.map((key) => ({ ...key, kid: key.kid ?? '' })) }
    },
  )

  const begin = async (request: FastifyRequest, reply: FastifyReply, said: unknown) => {
    const old = refuseOldLti(reply, said)
    if (old) return old
    const read = announcement.safeParse(said)
    if (!read.success) {
      const names = read.error.issues.map((issue) => issue.path.join('.')).join(', ')
      return sendProblem(reply, new Problem(400, 'launch_announcement_invalid', `Missing or unusable: ${names}.`))
    }
    try {
      const leaving = await beginLaunch(services, request.tenant, read.data)
      // Partitioned: a browser that keeps no cookie of other sites keeps those of this site within that one.
      reply.setCookie(cookieOf(leaving.launchId), leaving.secret, {
        ...cookieOptions(services, request),
        maxAge: departureMinutes * 60,
      })
      return sendLeavePage(reply, leaving)
    } catch (error) {
      if (error instanceof Problem) return sendProblem(reply, error)
      throw error
    }
  }

  app.get(
    '/api/lti/login',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'beginLtiLaunch',
        summary: 'A platform announces a launch (OpenID Connect third-party login)',
        querystring: z.looseObject({}),
        response: { 200: page },
      },
    },
    (request, reply) => begin(request, reply, request.query),
  )

  // Forms as the browsers of people who come from a platform send them.
  await app.register(async (scope: App) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    })
    const form = z.looseObject({})

    scope.post(
      '/api/lti/login',
      {
        config: { access: 'public', crossSite: true },
        schema: {
          operationId: 'postLtiLaunch',
          summary: 'A platform announces a launch by a form',
          consumes: ['application/x-www-form-urlencoded'],
          body: form,
          response: { 200: page },
        },
      },
      (request, reply) => begin(request, reply, request.body),
    )

    scope.post(
      launchPath,
      {
        config: { access: 'public', crossSite: true },
        schema: {
          operationId: 'finishLtiLaunch',
          summary: 'A platform vouches for who launches, from which course',
          consumes: ['application/x-www-form-urlencoded'],
          body: form,
          response: { 303: moved, 400: page },
        },
      },
      async (request, reply) => {
        const old = refuseOldLti(reply, request.body)
        if (old) return old
        const { state, id_token: idToken, error } = request.body
        const answer = {
          state: typeof state === 'string' ? state : '',
          idToken: typeof idToken === 'string' ? idToken : undefined,
          error: typeof error === 'string' ? error : undefined,
        }
        try {
          const end = await finishLaunch(services, request.tenant, keys, answer)
          const fragment = 'code' in end ? { code: end.code } : { problem: end.problem }
          const page = new URL(`/embed/${end.launchId}`, addressOf(services, request.tenant))
          page.hash = new URLSearchParams(fragment).toString()
          return await reply.redirect(page.href, 303)
        } catch (thrown) {
          if (thrown instanceof Problem) return sendProblem(reply, thrown)
          throw thrown
        }
      },
    )
  })

  app.post(
    '/api/lti/launches/token',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'exchangeLaunchCode',
        summary: 'The token of a launch for its one-time code, in the browser it began in',
        body: z.object({
          launch: z.uuid(),
          code: z.string().min(1).max(100),
          proof: z
            .string()
            .max(100)
            .nullable()
            .default(null)
            .describe('what the page kept of the launch, or the platform'),
        }),
        response: {
          200: z.object({
            token: z.string(),
            origin: z.string().describe('of the pages that frame it'),
            locale: z.string().nullable(),
            indicator: z.object({ name: z.string(), parameters: z.record(z.string(), z.string()) }).nullable(),
            deepLink: z.object({ ticket: z.string(), title: z.string().nullable() }).nullable(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { launch: launchId, code, proof } = request.body
      const proofs = [request.cookies[cookieOf(launchId)], proof ?? undefined]
      const { token, origin, ticket, locale, indicator, deepLink } = await exchangeCode(services, request.tenant, {
        launchId,
        code,
        proofs,
      }).catch((error: unknown) => {
        // Where in the browser the proof may lie.
        if (error instanceof Problem && error.code === 'launch_other_browser') error.extra['key'] = storageKey(launchId)
        throw error
      })
      reply.clearCookie(cookieOf(launchId), cookieOptions(services, request))
      return {
        token,
        origin,
        locale,
        indicator,
        deepLink: deepLink && ticket !== null ? { ticket, title: deepLink.title } : null,
      }
    },
  )
}

/** Sent from within the frames of other sites; browsers allow it over TLS, and to this very machine. */
function cookieOptions(services: Services, request: FastifyRequest) {
  const isSecure = services.publicUrl.startsWith('https:') || /^(localhost|127\.0\.0\.1)(:|$)/.test(request.host)
  const options = { path: cookiePath, httpOnly: true } as const
  return isSecure
    ? ({ ...options, secure: true, sameSite: 'none', partitioned: true } as const)
    : ({ ...options, sameSite: 'lax' } as const)
}

/** A launch of LTI 1.x is told what to do, in words; undefined for anything else. */
function refuseOldLti(reply: FastifyReply, said: unknown): FastifyReply | undefined {
  const old = z
    .looseObject({ lti_version: z.string().startsWith('LTI-1') })
    .or(z.looseObject({ oauth_consumer_key: z.string() }))
  if (!old.safeParse(said).success) return undefined
  return sendWords(reply, {
    status: 400,
    frameAncestors: '*',
    title: ['Ce lien est d’une version trop ancienne de LTI', 'This link is of an LTI version that is too old'],
    text: [
      'Préau s’ouvre par LTI 1.3 seulement. Demandez à l’administrateur de votre plateforme d’inscrire Préau comme outil LTI 1.3, puis ajoutez le lien de nouveau.',
      'Préau opens by LTI 1.3 only. Ask the administrator of your platform to register Préau as an LTI 1.3 tool, then add the link again.',
    ],
  })
}

const words: Record<string, { title: [string, string]; text: [string, string] }> = {
  launch_platform_unknown: {
    title: ['Cette plateforme n’est pas déclarée', 'This platform is not declared'],
    text: [
      'Préau ne connaît pas la plateforme d’où vous venez, ou elle en a été retirée. Signalez-le à son administrateur.',
      'Préau does not know the platform you come from, or it was withdrawn. Tell its administrator.',
    ],
  },
  launch_over: {
    title: ['Cette ouverture est terminée', 'This launch is over'],
    text: [
      'Elle a déjà servi, ou a trop attendu. Revenez à votre cours et ouvrez le lien de nouveau.',
      'It was used already, or waited too long. Go back to your course and open the link again.',
    ],
  },
}
const otherWords: (typeof words)[string] = {
  title: ['Préau n’a pas pu s’ouvrir', 'Préau could not open'],
  text: [
    'La plateforme d’où vous venez n’a pas dit tout ce qu’il faut. Montrez ce message à son administrateur.',
    'The platform you come from did not say all that is needed. Show this message to its administrator.',
  ],
}

/** What cannot be told on the page of a launch, for want of one. Any site may frame it: it offers nothing to do. */
function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const said = words[problem.code] ?? otherWords
  const detail = `${problem.code} · ${problem.message}`
  return sendWords(reply, { ...said, detail, frameAncestors: '*', status: problem.status })
}
