import type { Day } from '#kernel/time'
import type { Agreement, Party } from '../agreements/agreement-schema.ts'

/** The agreement with a party that leaves: it is one until its last day, and keeps its place in the text. */
export function withDeparture(rules: Agreement, party: string, firstDayOut: Day, validFrom: Day): Agreement {
  const parties = rules.parties.map((each) => (each.key === party ? { ...each, leavesOn: firstDayOut } : each))
  return { ...rules, validFrom, parties }
}

/** The bodies in which whoever joins must be given voices: those where each voter has its own. */
export function listWeightedBodies(rules: Agreement): string[] {
  return rules.bodies.filter(({ voices, voters }) => voices !== 'one' && voters !== 'none').map(({ key }) => key)
}

/**
 * The agreement with a member that joins: it sits and votes wherever every member does, and in the bodies whose voices it
 * is given. One that left before keeps its key, its place in the text and what the text entrusts to it.
 * @param voices exact, by body: `1`, `1.5`.
 */
export function withMember(
  rules: Agreement,
  member: { key: string; name: string; kind: Party['kind']; joinedOn: Day; voices: ReadonlyMap<string, string> },
  validFrom: Day,
): Agreement {
  const { key, name, kind, joinedOn } = member
  const former = rules.parties.find((each) => each.key === key)
  const including = (keys: string[]) => (keys.includes(key) ? keys : [...keys, key])
  return {
    ...rules,
    validFrom,
    parties: former
      ? rules.parties.map((each) => (each === former ? joinAgain(former, member) : each))
      : [...rules.parties, { key, name, kind, roles: ['member'], joinedOn }],
    bodies: rules.bodies.map((body) => {
      const voices = member.voices.get(body.key)
      const given =
        voices !== undefined && body.voices !== 'one'
          ? { ...body.voices, of: { ...body.voices.of, [key]: voices } }
          : undefined
      const { parties } = body.composition
      // Who votes sits there too.
      const sits = Array.isArray(parties) && (given !== undefined || body.voters === 'everyMember')
      return {
        ...body,
        voices: given ?? body.voices,
        voters: given && Array.isArray(body.voters) ? including(body.voters) : body.voters,
        composition: sits ? { ...body.composition, parties: including(parties) } : body.composition,
      }
    }),
  }
}

/** A party in its new membership, with the one that ended among the earlier ones. */
function joinAgain(former: Party, { name, kind, joinedOn }: Pick<Party, 'name' | 'kind'> & { joinedOn: Day }): Party {
  const { joinedOn: since, leavesOn, earlier = [], ...kept } = former
  const ended = leavesOn === undefined ? [] : [{ ...(since !== undefined && { joinedOn: since }), leavesOn }]
  const roles = [...new Set([...kept.roles, 'member' as const])]
  return { ...kept, name, kind, roles, joinedOn, earlier: [...earlier, ...ended] }
}
