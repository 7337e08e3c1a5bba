import { z } from 'zod'
import { readJsonFile } from '#kernel/command-file'
import { inTenantOf, text } from '#kernel/command-values'
import type { Command } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { findAccount } from './accounts.queries.ts'
import { declareCompromised } from './compromised.ts'
import { publishText } from '../consents/consents.ts'
import { updatePolicy } from '../policy.queries.ts'

const words = z.object({ title: z.string().min(1), body: z.string().min(1) })
const newText = z.object({
  slug: z.string().regex(/^[a-z0-9-]{1,40}$/),
  version: z.int().min(1),
  kind: z.enum(['read', 'choice']),
  audience: z.enum(['pupil', 'guardian', 'staff']),
  levels: z.array(z.enum(['primary', 'lowerSecondary', 'upperSecondary', 'higher'])).default([]),
  perChild: z.boolean().default(false),
  wording: z.object({ fr: words, en: words }),
})

/** Acts of an operator on the life of accounts. */
export const accountCommands: Command[] = [
  {
    name: 'account compromised',
    usage: '--login L',
    summary: 'Closes an account that a stranger may have used: sessions, password and codes are void.',
    options: { login: text },
    async run(context, _, values) {
      return inTenantOf(context, async (tx) => {
        const account = await findAccount(tx, { login: String(values['login'] ?? '') })
        if (!account) throw new Problem(404, 'account_not_found', 'No account goes by this login.')
        await declareCompromised(tx, account, null, context.now())
        context.print(`${account.login} is closed until a new code is used.`)
        return { login: account.login }
      })
    },
  },
  {
    name: 'policy set',
    usage: '[--leaver-grace-days N] [--sign-in-memory-months N]',
    summary: 'Says for how long leavers may sign in (0 to 400 days) and sign-ins are remembered (1 to 13 months).',
    options: { 'leaver-grace-days': text, 'sign-in-memory-months': text },
    async run(context, _, values) {
      const change = z
        .object({
          leaverGraceDays: z.coerce.number().int().min(0).max(400).optional(),
          signInMemoryMonths: z.coerce.number().int().min(1).max(13).optional(),
        })
        .safeParse({
          leaverGraceDays: values['leaver-grace-days'],
          signInMemoryMonths: values['sign-in-memory-months'],
        })
      if (!change.success) throw new Problem(400, 'invalid_request', '0 to 400 days, 1 to 13 months.')
      const { leaverGraceDays, signInMemoryMonths } = change.data
      return inTenantOf(context, async (tx) => {
        const policy = await updatePolicy(tx, {
          ...(leaverGraceDays === undefined ? {} : { leaverGraceDays }),
          ...(signInMemoryMonths === undefined ? {} : { signInMemoryMonths }),
        })
        context.print(`Leavers: ${policy.leaverGraceDays} days. Sign-ins: ${policy.signInMemoryMonths} months.`)
        return policy
      })
    },
  },
  {
    name: 'text publish',
    usage: '<file.json>',
    summary: 'Publishes a text of the first sign-in, or a new version; those it concerns are asked again.',
    async run(context, [file]) {
      const given = await readJsonFile(file, newText)
      const { slug, version } = given
      await inTenantOf(context, (tx) => publishText(tx, given, context.now()))
      context.print(`${slug}, version ${version}, is published.`)
      return { slug, version }
    },
  },
]
