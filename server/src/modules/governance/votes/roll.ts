import type { Agreement, Body } from '../agreements/agreement-schema.ts'

/** How a voter takes part in an agenda item. One who steps aside neither votes nor counts as present. */
export type VoterState = 'present' | 'represented' | 'absent' | 'recused'

/** One voter of a ballot: a party, with the voices it has under the rule. */
export interface Voter {
  party: string
  name: string
  /** Exact: `4.5`. */
  voices: string
  /** Pupils it stands for on the day of the head-count; null when no count is asked for. */
  pupils: number | null
  state: VoterState
}

/**
 * Name and voices of each voting party of a body: one each, or those of its table.
 * @throws TypeError for a party the table leaves out: a checked agreement has none.
 */
export function listVoices(
  rules: Agreement,
  body: Body,
  weights: 'one' | 'voices',
  parties: readonly string[],
): { party: string; name: string; voices: string }[] {
  return parties.map((party) => {
    const voices = weights === 'one' || body.voices === 'one' ? '1' : body.voices.of[party]
    if (voices === undefined) throw new TypeError(`No voices for ${party} in ${body.key}`)
    const name = rules.parties.find(({ key }) => key === party)?.name ?? party
    return { party, name, voices: voices.replace(',', '.') }
  })
}

/** Whether a voter counts: voting itself or through another. */
export const takesPart = ({ state }: Pick<Voter, 'state'>): boolean => state === 'present' || state === 'represented'
