import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Table } from '../../ui/table.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Body, useAct } from './meetings.ts'
import { useVoices } from './votes.ts'

type Representative = Body['seats'][number]['representatives'][number]

/** Who sits in a body, party by party, with the seats that are vacant; ending a seat is asked for first. */
export function BodySeats({ body }: { body: Body }) {
  const { t } = useTranslation('meetings')
  const voices = useVoices()
  const [ending, setEnding] = useState(false)
  const mayEnd = body.seats.some(({ nameable, representatives }) =>
    representatives.some(({ rank, endsOn }) => endsOn === null && nameable.includes(rank)),
  )
  return (
    <>
      <Table
        caption={t('seats.title')}
        head={
          <tr>
            <th scope="col">{t('seats.party')}</th>
            <th className="number" scope="col">
              {t('seats.voices')}
            </th>
            <th scope="col">{t('ranks.holders')}</th>
            <th scope="col">{t('ranks.deputies')}</th>
          </tr>
        }
        stacked
      >
        {body.seats.map((seat) => (
          <tr key={seat.party}>
            <th scope="row">{seat.name}</th>
            <td className="number" data-label={t('seats.voices')}>
              <span>{seat.voices === null ? t('seats.noVote') : voices(seat.voices)}</span>
            </td>
            {(['holder', 'deputy'] as const).map((rank) => (
              <td data-label={t(rank === 'holder' ? 'ranks.holders' : 'ranks.deputies')} key={rank}>
                {rank === 'holder' && seat.vacant && <p className="seat-vacant">{t('seats.vacant')}</p>}
                <ul className="seat-people">
                  {seat.representatives
                    .filter((each) => each.rank === rank)
                    .map((each) => (
                      <Person key={each.id} may={ending && seat.nameable.includes(rank)} representative={each} />
                    ))}
                </ul>
              </td>
            ))}
          </tr>
        ))}
      </Table>
      {mayEnd && (
        <div>
          <Button look="quiet" onClick={() => setEnding(!ending)}>
            {t(ending ? 'seats.endNone' : 'seats.endSome')}
          </Button>
        </div>
      )}
    </>
  )
}

function Person({ representative, may }: { representative: Representative; may: boolean }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const [ending, setEnding] = useState(false)
  const [endsOn, setEndsOn] = useState('')
  const { id, name, startsOn } = representative
  const end = useAct(
    () =>
      api.PATCH('/api/governance/agreements/{slug}/representatives/{id}', {
        params: { path: { slug, id } },
        body: { endsOn: endsOn || (agreement?.today ?? '') },
      }),
    () => setEnding(false),
  )
  const who = name ? format.name(name) : t('erased')
  return (
    <li>
      <span>{who}</span>{' '}
      <span className="small quiet">
        {representative.endsOn
          ? t('seats.fromTo', { from: format.dayMedium(startsOn), to: format.dayMedium(representative.endsOn) })
          : t('seats.from', { from: format.dayMedium(startsOn) })}
      </span>
      {may && !ending && representative.endsOn === null && (
        <Button look="quiet" onClick={() => setEnding(true)}>
          {t('seats.end')}
          <span className="visually-hidden"> : {who}</span>
        </Button>
      )}
      {ending && (
        <form
          className="stack stack-tight"
          onSubmit={(event) => {
            event.preventDefault()
            end.mutate()
          }}
        >
          <TextField
            label={t('seats.lastDay', { name: who })}
            min={agreement?.today}
            onChange={({ target }) => setEndsOn(target.value)}
            type="date"
            value={endsOn || (agreement?.today ?? '')}
          />
          <div className="row">
            <Button busy={end.isPending} type="submit">
              {t('seats.endNow')}
            </Button>
            <Button look="quiet" onClick={() => setEnding(false)}>
              {t('cancel')}
            </Button>
          </div>
          {end.error && <Failure error={end.error} />}
        </form>
      )}
    </li>
  )
}
