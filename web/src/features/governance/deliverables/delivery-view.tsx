import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { upload } from '../../../api/upload.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Badge, type Tone } from '../../../ui/badge.tsx'
import { buttonClass } from '../../../ui/button.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { Progress } from '../../../ui/progress.tsx'
import { Table } from '../../../ui/table.tsx'
import { useNames } from '../changes.ts'
import { useAgreementSlug } from '../governance.ts'
import { type Deliverable, type Trial, useDeliverables } from './deliverables.ts'

/** One delivery: what was handed in, and how each pilot institution found it. */
export function DeliveryView({
  deliverable,
  delivery,
  number,
  isLast,
}: {
  deliverable: Deliverable
  delivery: Deliverable['deliveries'][number]
  number: number
  isLast: boolean
}) {
  const { t } = useTranslation('deliverables')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { version, on, link, notes, papers, trials } = delivery
  return (
    <section className="deliverable-delivery">
      <h3>
        {t('delivery.title', { number, version })} <span className="small quiet">{format.day(on)}</span>
      </h3>
      {!isLast && <p className="quiet small">{t('delivery.replaced')}</p>}
      {notes && <p className="measure deliverable-text">{notes}</p>}
      {link && (
        <p>
          <a href={link} rel="noreferrer">
            {link}
          </a>
        </p>
      )}
      {papers.length > 0 && (
        <ul className="papers">
          {papers.map(({ id, name, size }) => (
            <li key={id}>
              <a download href={paths.deliveryPaper(slug, deliverable.key, id)}>
                <Icon name="file" size={18} /> {name}
              </a>
              <span className="small quiet">{format.bytes(size)}</span>
            </li>
          ))}
        </ul>
      )}
      {isLast && deliverable.yours.addPaper && <AddPaper deliverable={deliverable.key} />}
      {trials.length === 0 && <p className="quiet">{t('delivery.noTrial')}</p>}
      {trials.map((trial, index) => (
        <TrialView key={index} replaced={!isLast} trial={trial} />
      ))}
    </section>
  )
}

function AddPaper({ deliverable }: { deliverable: string }) {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const input = useRef<HTMLInputElement>(null)
  const [sent, setSent] = useState<{ done: number; total: number }>()
  const add = useDeliverables((_slug, file: File) =>
    upload(paths.uploadDeliveryPaper(slug, deliverable), [file], {
      signal: new AbortController().signal,
      onProgress: (done, total) => setSent({ done, total }),
    }).finally(() => setSent(undefined)),
  )
  return (
    <>
      {!sent && (
        <div>
          <label className={buttonClass('quiet')}>
            {t('delivery.addPaper')}
            <input
              accept=".pdf,.odt,.ods,.odp,.docx,.xlsx,.pptx,.csv,.txt,.png,.jpg,.jpeg,.zip"
              className="visually-hidden"
              onChange={({ target }) => {
                const [file] = target.files ?? []
                if (file) add.mutate(file)
                if (input.current) input.current.value = ''
              }}
              ref={input}
              type="file"
            />
          </label>
        </div>
      )}
      {sent && <Progress label={t('delivery.sending')} maximum={sent.total} value={sent.done} />}
      {add.error && <Failure error={add.error} />}
    </>
  )
}

const tones: Record<NonNullable<Trial['verdict']>, Tone> = {
  satisfactory: 'success',
  reservations: 'warning',
  unsatisfactory: 'danger',
}

function TrialView({ trial, replaced }: { trial: Trial; replaced: boolean }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  const { institution, begunOn, endedOn, verdict, criteria, reservations, note, counts } = trial
  return (
    <section className="deliverable-trial">
      <h4>
        {names.party(institution)}{' '}
        <Badge tone={verdict === null ? 'accent' : tones[verdict]}>
          {t(`verdicts.${verdict ?? (replaced ? 'stopped' : 'open')}`)}
        </Badge>
      </h4>
      <p className="small quiet">
        {endedOn
          ? t('trial.span', { from: format.day(begunOn), until: format.day(endedOn) })
          : t('trial.since', { day: format.day(begunOn) })}
      </p>
      {!counts && <p className="small">{t('trial.stale')}</p>}
      {note && <p className="measure deliverable-text">{note}</p>}
      {criteria.length > 0 && (
        <Table
          caption={t('trial.criteria', { party: names.party(institution) })}
          head={
            <tr>
              <th scope="col">{t('trial.criterion')}</th>
              <th scope="col">{t('trial.met')}</th>
              <th scope="col">{t('trial.observation')}</th>
            </tr>
          }
          stacked
        >
          {criteria.map(({ what, measure, met, observation }) => (
            <tr key={`${what} ${measure}`}>
              <th scope="row">
                {what}
                <br />
                <span className="small quiet">{measure}</span>
              </th>
              <td data-label={t('trial.met')}>
                <div>{t(met ? 'trial.yes' : 'trial.no')}</div>
              </td>
              <td data-label={t('trial.observation')}>
                <div className="deliverable-text">{observation}</div>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {reservations.length > 0 && (
        <ul className="stack stack-tight">
          {reservations.map(({ text, liftedOn, note: why }, index) => (
            <li key={index}>
              <strong>{t('trial.reservation', { number: index + 1 })}</strong> {text}
              <br />
              <span className="small quiet">
                {liftedOn ? t('trial.lifted', { day: format.day(liftedOn) }) : t('trial.standing')}
                {why && ` ${why}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
