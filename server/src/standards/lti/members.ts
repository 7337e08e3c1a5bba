import { z } from 'zod'
import { ServiceFailure } from '#kernel/remote-service'
import { readCustom, serviceScopes } from './claims.ts'
import type { PlatformService } from './service-client.ts'

const mediaType = 'application/vnd.ims.lti-nrps.v2.membershipcontainer+json'
const customClaim = 'https://purl.imsglobal.org/spec/lti/claim/custom'
const extClaim = 'https://purl.imsglobal.org/spec/lti/claim/ext'
const text = z.union([z.string(), z.number()]).transform(String).nullish().catch(undefined)
const record = z.record(z.string(), z.unknown())

const container = z.object({
  members: z
    .array(
      z.looseObject({
        user_id: z.union([z.string(), z.number()]).transform(String),
        status: text,
        name: text,
        given_name: text,
        family_name: text,
        email: text,
        lis_person_sourcedid: text,
        roles: z.array(z.string()).default([]),
        message: z.array(record).nullish().catch(undefined),
      }),
    )
    .max(20_000),
})

/** Somebody of a course, as its platform says. */
export interface Member {
  sub: string
  name: string | null
  roles: string[]
  /** By the names that rules use, for what a roster tells. */
  values: Record<string, string | undefined>
}

/**
 * Everyone who takes part in a course (Names and Role Provisioning Services 2.0), those who left or are suspended excepted.
 * @param id of the assertion.
 * @throws ServiceFailure.
 */
export async function readMembers(service: PlatformService, url: string, id: string): Promise<Member[]> {
  const token = await service.askToken([serviceScopes.members], id)
  const members: Member[] = []
  for await (const page of service.list(url, token, mediaType)) {
    const read = container.safeParse(page)
    if (!read.success) throw new ServiceFailure('answer_invalid', 200)
    for (const each of read.data.members) {
      // "Active" when absent (§2.2); everything else is no present member.
      if (each.status && each.status !== 'Active') continue
      const own = each.message?.[0]
      const custom = readCustom(record.safeParse(own?.[customClaim]).data)
      const ext = readCustom(record.safeParse(own?.[extClaim]).data)
      const parts = [each.given_name, each.family_name].filter((part) => part)
      members.push({
        sub: each.user_id,
        name: each.name || parts.join(' ') || null,
        roles: each.roles,
        values: {
          sub: each.user_id,
          email: each.email ?? undefined,
          person_sourcedid: each.lis_person_sourcedid ?? undefined,
          user_username: ext['user_username'],
          ...Object.fromEntries(Object.entries(custom).map(([name, value]) => [`custom.${name}`, value])),
        },
      })
    }
  }
  return members
}
