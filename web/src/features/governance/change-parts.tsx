import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { type Change, useNames, useParts } from './changes.ts'
import { Cited } from './cited.tsx'
import { useAgreement } from './governance.ts'
import { useVoices } from './votes.ts'

/** Until it is ordered, what a change would cost may still change with those who share it. */
const toOrder: ReadonlySet<Change['state']> = new Set([
  'requested',
  'qualified',
  'submitted',
  'advised',
  'scheduled',
  'adopted',
])

/** Who pays for a change, and how much: before the vote, what it would be. */
export function ChangeParts({ change }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const voices = useVoices()
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const [supposed, setSupposed] = useState<string[]>()
  const supposes = change.sharing?.among === 'votersInFavour' && change.inFavour === null
  const { data, error, refetch } = useParts(change.id, supposes ? supposed : undefined)
  const members = agreement?.parties.filter(({ roles }) => roles.includes('member')).map(({ key }) => key) ?? []
  const inFavour = supposed ?? members
  return (
    <Section title={t('parts.title')}>
      {change.sharing && (
        <div className="measure">
          <strong>{t(`parts.${change.sharing.among}`)}</strong> (
          {toOrder.has(change.state) ? `${change.sharing.name}, ${t('parts.if')}` : change.sharing.name}).{' '}
          <Cited article={change.sharing.article} interpretation={data?.sharing?.interpretation} />
        </div>
      )}
      {change.sharing?.among === 'oneMember' && (
        <p>
          {change.committedAt
            ? t('parts.committed', { when: format.dateTime(change.committedAt) })
            : t('parts.notCommitted')}
        </p>
      )}
      {change.inFavour && (
        <p className="measure">
          {t('parts.inFavour', { parties: format.list(change.inFavour.map(names.party)) || '–' })}
        </p>
      )}
      {supposes && (
        <fieldset className="field">
          <legend className="field-label">{t('parts.suppose')}</legend>
          <p className="field-hint">{t('parts.supposeHint')}</p>
          <div className="choices">
            {members.map((key) => (
              <Checkbox
                checked={inFavour.includes(key)}
                key={key}
                label={names.party(key)}
                onChange={({ target }) =>
                  setSupposed(target.checked ? [...inFavour, key] : inFavour.filter((each) => each !== key))
                }
              />
            ))}
          </div>
        </fieldset>
      )}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data && (!data.sharing || data.amountCents === '0') && <p className="quiet">{t('parts.none')}</p>}
      {data?.sharing && data.amountCents !== '0' && (
        <Table
          caption={t('parts.title')}
          head={
            <tr>
              <th scope="col">{t('parts.party')}</th>
              <th className="number" scope="col">
                {t('parts.weight')}
              </th>
              <th className="number" scope="col">
                {t('parts.part')}
              </th>
            </tr>
          }
          stacked
        >
          {data.sharing.parts.map(({ party, weight, cents }) => (
            <tr key={party}>
              <th scope="row">{names.party(party)}</th>
              <td className="number" data-label={t('parts.weight')}>
                <div>
                  {data.sharing?.unit === 'thousandthsOfVoice'
                    ? t('parts.voices', { voices: voices(String(Number(weight) / 1000)) })
                    : format.number(Number(weight))}
                </div>
              </td>
              <td className="number" data-label={t('parts.part')}>
                <div>{format.euros(cents)}</div>
              </td>
            </tr>
          ))}
          <tr>
            <th colSpan={2} scope="row">
              {t('parts.total')}
            </th>
            <td className="number" data-label={t('parts.part')}>
              <strong>{format.euros(data.amountCents)}</strong>
            </td>
          </tr>
        </Table>
      )}
    </Section>
  )
}
