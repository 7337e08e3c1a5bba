import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { AgendaItemForm } from './agenda-item-form.tsx'
import { useAgreementSlug } from './governance.ts'
import { ItemPapers } from './item-papers.tsx'
import { type AgendaItem, type Meeting, useAct } from './meetings.ts'

/** The agenda in its order; for who leads, until the notice begins, with what changes it. */
export function MeetingAgenda({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [said, setSaid] = useState('')
  const { agenda } = meeting
  const order = useAct((ids: string[]) =>
    api.PUT('/api/governance/agreements/{slug}/meetings/{id}/agenda/order', {
      params: { path: { slug, id: meeting.id } },
      body: { ids },
    }),
  )
  const move = (index: number, by: -1 | 1) => {
    const ids = agenda.map(({ id }) => id)
    const [moved] = ids.splice(index, 1)
    if (moved === undefined || order.isPending) return
    ids.splice(index + by, 0, moved)
    setSaid(t('agenda.moved', { title: agenda[index]?.title, place: index + by + 1 }))
    order.mutate(ids)
  }
  return (
    <Section title={t('views.agenda')}>
      {agenda.length === 0 && <Empty title={t('agenda.none')}>{t('agenda.noneText')}</Empty>}
      <p aria-live="polite" className="visually-hidden">
        {said}
      </p>
      {order.error && <Failure error={order.error} />}
      <ol className="agenda">
        {agenda.map((item, index) => (
          <li key={item.id}>
            <Item
              item={item}
              meeting={meeting}
              {...(index > 0 && { onUp: () => move(index, -1) })}
              {...(index < agenda.length - 1 && { onDown: () => move(index, 1) })}
            />
          </li>
        ))}
      </ol>
      {meeting.agendaOpen && <AgendaItemForm key={agenda.length} meeting={meeting} />}
    </Section>
  )
}

function Item({
  item,
  meeting,
  onUp,
  onDown,
}: {
  item: AgendaItem
  meeting: Meeting
  onUp?: () => void
  onDown?: () => void
}) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [editing, setEditing] = useState(false)
  const remove = useAct(() =>
    api.DELETE('/api/governance/agreements/{slug}/agenda-items/{id}', { params: { path: { slug, id: item.id } } }),
  )
  const { decision } = item
  const about = useSubjectPage(item)
  if (editing) return <AgendaItemForm item={item} meeting={meeting} onDone={() => setEditing(false)} />
  return (
    <article className="stack stack-tight">
      <h3>
        {item.title} <span className="tag">{t(`item.${item.kind}`)}</span>
      </h3>
      {item.text !== '' && <p className="measure written">{item.text}</p>}
      {item.ballotRule && (
        <p className="small quiet">
          {item.ballotRule.name} · {t('article', { number: item.ballotRule.article })}
        </p>
      )}
      {decision && (
        <p>
          <strong>{t(`outcome.${decision.outcome}`)}</strong> · {t('agenda.decision', { number: decision.number })}
        </p>
      )}
      {item.voting === 'open' && (
        <p>
          <Link to={paths.governanceVotes(slug, meeting.id)}>{t('agenda.voting')}</Link>
        </p>
      )}
      {about && (
        <p>
          <Link to={about.to}>{about.label}</Link>
        </p>
      )}
      {item.kind === 'minutes' && item.subjectId !== null && <MinutesItem item={item} meeting={meeting} />}
      <ItemPapers item={item} meeting={meeting} />
      {meeting.leads && meeting.state === 'open' && <Gist item={item} key={item.gist} />}
      {!(meeting.leads && meeting.state === 'open') && item.gist !== '' && (
        <p className="measure written">{item.gist}</p>
      )}
      {meeting.agendaOpen && (
        <div className="row agenda-acts">
          {(onUp || onDown) && (
            <>
              <Button aria-disabled={!onUp || undefined} look="quiet" onClick={onUp}>
                {t('agenda.up')}
                <span className="visually-hidden"> : {item.title}</span>
              </Button>
              <Button aria-disabled={!onDown || undefined} look="quiet" onClick={onDown}>
                {t('agenda.down')}
                <span className="visually-hidden"> : {item.title}</span>
              </Button>
            </>
          )}
          <Button look="quiet" onClick={() => setEditing(true)}>
            {t('agenda.edit')}
            <span className="visually-hidden"> : {item.title}</span>
          </Button>
          <Button busy={remove.isPending} look="quiet" onClick={() => remove.mutate()}>
            {t('agenda.remove')}
            <span className="visually-hidden"> : {item.title}</span>
          </Button>
        </div>
      )}
      {remove.error && <Failure error={remove.error} />}
    </article>
  )
}

/** The page that tells what an item is about, for whoever is to vote on it. */
function useSubjectPage({ subjectKind, subjectId }: AgendaItem): { to: string; label: string } | undefined {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  switch (subjectKind) {
    case 'amendment':
      return { to: paths.governanceAmendments(slug), label: t('agenda.readAmendments') }
    case 'deliverableList':
      return { to: paths.governanceDeliverables(slug), label: t('agenda.readDeliverables') }
    case 'impactDossier':
      return { to: paths.governanceServices(slug), label: t('agenda.readDossier') }
    case 'change':
      return { to: paths.governanceChange(slug, subjectId ?? ''), label: t('agenda.readChange') }
    case 'joining':
      return { to: paths.governanceMembers(slug), label: t('agenda.readJoining') }
    case 'regularisation':
      return { to: paths.governanceMoneyPart(slug, 'orders'), label: t('agenda.readShares') }
    default:
      return undefined
  }
}

function MinutesItem({ item, meeting }: { item: AgendaItem; meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const approve = useAct(() =>
    api.POST('/api/governance/agreements/{slug}/agenda-items/{id}/minutes-approval', {
      params: { path: { slug, id: item.id } },
    }),
  )
  return (
    <div className="row">
      <Link to={paths.governanceMinutes(slug, item.subjectId ?? '')}>{t('agenda.readMinutes')}</Link>
      {item.approved && <strong>{t('minutes.approved')}</strong>}
      {!item.approved && meeting.leads && meeting.state === 'open' && (
        <Button busy={approve.isPending} look="primary" onClick={() => approve.mutate()}>
          {t('agenda.approve')}
        </Button>
      )}
      {approve.error && <Failure error={approve.error} />}
    </div>
  )
}

function Gist({ item }: { item: AgendaItem }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [gist, setGist] = useState(item.gist)
  const save = useAct(() =>
    api.PUT('/api/governance/agreements/{slug}/agenda-items/{id}/gist', {
      params: { path: { slug, id: item.id } },
      body: { gist },
    }),
  )
  return (
    <details>
      <summary>{t(item.gist === '' ? 'agenda.writeGist' : 'agenda.gist')}</summary>
      <form
        className="stack stack-tight measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (!save.isPending) save.mutate()
        }}
      >
        <TextArea
          hint={t('agenda.gistHint')}
          label={t('agenda.gist')}
          maxLength={20_000}
          onChange={({ target }) => setGist(target.value)}
          rows={4}
          value={gist}
        />
        <div>
          <Button busy={save.isPending} type="submit">
            {t('settings.save')}
          </Button>
        </div>
        {save.error && <Failure error={save.error} />}
        {save.isSuccess && <Notice kind="success" live="status" title={t('settings.saved')} />}
      </form>
    </details>
  )
}
