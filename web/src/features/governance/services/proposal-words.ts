import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../shell/format.ts'
import { phaseName, type Proposal, type Rules } from './services.ts'

/** Says a proposal in a few words; `from` is the phase the service is in. */
export function useProposalWords(rules: Rules | null) {
  const { t } = useTranslation('services')
  const format = useFormat()
  return (proposal: Proposal, from: string): string => {
    if (proposal.kind === 'stop') return t('proposal.stop')
    if (proposal.kind === 'change') {
      return proposal.dueOn === null
        ? t('proposal.change')
        : t('proposal.changeBy', { day: format.day(proposal.dueOn) })
    }
    const phase = phaseName(rules, proposal.phase)
    return proposal.phase === from ? t('proposal.continueIn', { phase }) : t('proposal.continueTo', { phase })
  }
}
