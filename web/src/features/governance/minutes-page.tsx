import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { api } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { TextArea } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Minutes, minutesQuery, useAct, useMaking } from './meetings.ts'
import './meetings.css'

const base = '/api/governance/agreements/{slug}'

/** The minutes of a meeting: the same words as in the PDF, and the corrections that were asked for. */
export function MinutesPage() {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { meeting = '' } = useParams()
  const { data, error, refetch } = useQuery(minutesQuery(slug, meeting))
  return (
    <GovernancePage
      actions={
        data && (
          <a className={buttonClass()} download href={paths.meetingFile(slug, meeting, 'minutes.pdf')}>
            {t('minutes.pdf')}
          </a>
        )
      }
      back={{ to: paths.governanceMeeting(slug, meeting), label: t('meeting') }}
      busy={!data && !error}
      lead={
        data &&
        (data.approvedAt !== null
          ? t('minutes.approvedOn', { when: format.dateTime(data.approvedAt) })
          : data.version === null
            ? t('minutes.draft')
            : t('minutes.version', { version: data.version }))
      }
      title={data?.title ?? t('minutes.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={10} />}
      {data && (
        <>
          <article className="minutes stack measure" lang="fr">
            {data.blocks.map((block, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- a written document: its pieces never move
              <Piece block={block} key={index} />
            ))}
          </article>
          {data.digest !== null && (
            <p className="small quiet">
              {t('minutes.digest')} <code>{data.digest}</code>
            </p>
          )}
          <Corrections meetingId={meeting} minutes={data} />
        </>
      )}
    </GovernancePage>
  )
}

function Piece({ block }: { block: Minutes['blocks'][number] }) {
  if (block.kind === 'heading') return block.level === 2 ? <h2>{block.text}</h2> : <h3>{block.text}</h3>
  if (block.kind === 'paragraph') return <p className="written">{block.text}</p>
  if (block.kind === 'list')
    return (
      <ul>
        {block.items.map((item, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- as above
          <li key={index}>{item}</li>
        ))}
      </ul>
    )
  return (
    <Table
      caption={block.caption}
      captionShown
      head={
        <tr>
          {block.columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      }
      stacked
    >
      {block.rows.map((row) => (
        <tr key={row.join(' ')}>
          {row.map((cell, index) =>
            index === 0 ? (
              <th key={block.columns[index]} scope="row">
                {cell}
              </th>
            ) : (
              <td data-label={block.columns[index]} key={block.columns[index]}>
                <span>{cell}</span>
              </td>
            ),
          )}
        </tr>
      ))}
    </Table>
  )
}

function Corrections({ minutes, meetingId }: { minutes: Minutes; meetingId: string }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [text, setText] = useState('')
  const ask = useMaking(
    (requestKey) =>
      api.POST(`${base}/meetings/{id}/minutes/corrections`, {
        params: { path: { slug, id: meetingId } },
        body: { requestKey, text },
      }),
    () => setText(''),
  )
  const answer = useAct((given: { id: string; accepted: boolean }) =>
    api.PUT(`${base}/minutes-corrections/{id}/answer`, {
      params: { path: { slug, id: given.id } },
      body: { accepted: given.accepted, answer: '' },
    }),
  )
  if (minutes.corrections.length === 0 && !minutes.mayAsk) return null
  return (
    <Section hint={minutes.mayAsk ? t('corrections.hint') : undefined} title={t('corrections.title')}>
      {minutes.corrections.length > 0 && (
        <ul className="sessions">
          {minutes.corrections.map((each) => (
            <li key={each.id}>
              <div>
                <p className="written">{each.text}</p>
                <p className="small quiet">
                  {t(`corrections.${each.state}`)}, {format.dateTime(each.askedAt)}
                </p>
              </div>
              {each.state === 'asked' && minutes.leads && (
                <div className="row">
                  <Button busy={answer.isPending} onClick={() => answer.mutate({ id: each.id, accepted: true })}>
                    {t('corrections.accept')}
                  </Button>
                  <Button
                    busy={answer.isPending}
                    look="quiet"
                    onClick={() => answer.mutate({ id: each.id, accepted: false })}
                  >
                    {t('corrections.refuse')}
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      {minutes.mayAsk && (
        <form
          className="stack stack-tight measure"
          onSubmit={(event) => {
            event.preventDefault()
            if (!ask.isPending) ask.mutate()
          }}
        >
          <TextArea
            label={t('corrections.text')}
            maxLength={5000}
            onChange={({ target }) => setText(target.value)}
            required
            rows={3}
            value={text}
          />
          <div>
            <Button busy={ask.isPending} type="submit">
              {t('corrections.ask')}
            </Button>
          </div>
        </form>
      )}
      {(ask.error ?? answer.error) && <Failure error={ask.error ?? answer.error} />}
    </Section>
  )
}
