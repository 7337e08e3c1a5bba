import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { TextArea } from '../../ui/field.tsx'
import { useAgreementSlug } from './governance.ts'
import type { MeetingVotes } from './votes.ts'

/** Puts an item to the vote; for a choice among persons, with their names, the eldest first. */
export function OpenBallotForm({
  item,
  secondRound,
  ready,
}: {
  item: MeetingVotes['items'][number]
  secondRound: boolean
  /** Whether nothing is missing; the server has the last word. */
  ready: boolean
}) {
  const { t } = useTranslation('votes')
  const slug = useAgreementSlug()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [names, setNames] = useState('')
  const open = useMutation({
    mutationFn: () => {
      const labels = names.split('\n').flatMap((line) => line.trim() || [])
      const candidates = item.candidates ? labels.map((label, index) => ({ label, ageRank: index + 1 })) : []
      return read(
        api.POST('/api/governance/agreements/{slug}/agenda-items/{itemId}/ballots', {
          params: { path: { slug, itemId: item.id } },
          body: { candidates },
        }),
      )
    },
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['governance', slug, 'votes'] })
      void navigate(paths.governanceBallot(slug, id))
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!open.isPending) open.mutate()
  }
  return (
    <form className="stack measure" onSubmit={submit}>
      {item.candidates && (
        <TextArea
          hint={t(item.rule?.tie === 'eldest' ? 'candidatesByAge' : 'candidatesHint')}
          label={t('candidates')}
          onChange={(event) => setNames(event.target.value)}
          required
          rows={4}
          value={names}
        />
      )}
      <div>
        <Button busy={open.isPending} look={ready ? 'primary' : 'secondary'} type="submit">
          {t(secondRound ? 'openSecondRound' : 'putToVote')}
          <span className="visually-hidden"> : {item.title}</span>
        </Button>
      </div>
      {open.error && <Failure error={open.error} />}
    </form>
  )
}
