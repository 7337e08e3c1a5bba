import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { sendRegistered, sendWords } from './pages.ts'
import { registerWithPlatform } from './registration.ts'

export const registrationPath = '/api/lti/register'

/** Where a platform registers by itself, by a link that an administrator made. */
export function registerRegistration(app: App, services: Services): void {
  app.get(
    `${registrationPath}/:token`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'registerLtiPlatform',
        summary: 'Registers this tool with the platform that opens the link (LTI Dynamic Registration 1.0)',
        params: z.object({ token: z.string().max(100) }),
        querystring: z.looseObject({
          openid_configuration: z.string().max(2_000).optional(),
          registration_token: z.string().max(10_000).optional(),
        }),
        response: { 200: z.string().describe('a page') },
      },
    },
    async ({ tenant, params, query }, reply) => {
      const { openid_configuration: configurationUrl, registration_token: registrationToken } = query
      // Framed by the platform's administration; opened by hand, it says what the link is for.
      const frameAncestors = toOrigin(configurationUrl) ?? `'none'`
      if (configurationUrl === undefined) {
        return sendWords(reply, {
          status: 400,
          frameAncestors,
          title: ['Ce lien s’ouvre depuis votre plateforme', 'This link opens from your platform'],
          text: [
            'Copiez-le dans l’administration de la plateforme : « Outil externe », inscription dynamique (dans Moodle : Gérer les outils, URL de l’outil, Ajouter LTI Advantage).',
            'Copy it to the administration of the platform: “External tool”, dynamic registration (in Moodle: Manage tools, Tool URL, Add LTI Advantage).',
          ],
        })
      }
      try {
        const platform = await registerWithPlatform(services, tenant, {
          token: params.token,
          configurationUrl,
          registrationToken,
        })
        return sendRegistered(reply, platform.name, frameAncestors)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        return sendWords(reply, {
          status: error.status,
          frameAncestors,
          title: ['L’inscription n’a pas abouti', 'The registration did not succeed'],
          text: words[error.code] ?? words['registration_refused']!,
          detail: `${error.code} · ${error.message}`,
        })
      }
    },
  )
}

const words: Record<string, [string, string]> = {
  registration_link_over: [
    'Ce lien a déjà servi, ou date de plus d’un jour. Demandez-en un autre dans Préau.',
    'This link was used already, or is more than a day old. Ask for another one in Préau.',
  ],
  registration_unreachable: [
    'La plateforme ne répond pas à l’adresse qu’elle donne, ou n’y dit pas comment s’inscrire.',
    'The platform does not answer at the address it gives, or does not say there how to register.',
  ],
  registration_refused: [
    'La plateforme a refusé l’inscription. Le lien reste valable : corrigez ce qu’elle dit, puis recommencez.',
    'The platform refused the registration. The link is still good: mend what it says, then try again.',
  ],
  registration_foreign: [
    'La plateforme parle au nom d’une autre adresse que la sienne.',
    'The platform speaks in the name of another address than its own.',
  ],
  platform_insecure: ['La plateforme doit être servie en https.', 'The platform must be served over https.'],
  platform_exists: [
    'Cette plateforme est déjà déclarée dans Préau. Retirez-la d’abord.',
    'This platform is declared in Préau already. Withdraw it first.',
  ],
}

const toOrigin = (url: string | undefined) => {
  if (url === undefined || !URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  return /^https?:/.test(origin) ? origin : undefined
}
