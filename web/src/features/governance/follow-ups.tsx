import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Empty } from '../../ui/empty.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Body, useAct } from './meetings.ts'

/** What the body decided and is to be done: what is late first. */
export function FollowUps({ body }: { body: Pick<Body, 'followUps' | 'leads'> }) {
  const { t } = useTranslation('meetings')
  const open = body.followUps.filter(({ doneOn }) => doneOn === null)
  const done = body.followUps.filter(({ doneOn }) => doneOn !== null)
  return (
    <Section hint={t('followUp.hint')} title={t('followUp.title')}>
      {open.length === 0 && <Empty title={t('followUp.none')} />}
      <ul className="sessions">
        {open.map((each) => (
          <FollowUp followUp={each} key={each.id} leads={body.leads} />
        ))}
      </ul>
      {done.length > 0 && (
        <details>
          <summary>{t('followUp.done', { count: done.length })}</summary>
          <ul className="sessions">
            {done.map((each) => (
              <FollowUp followUp={each} key={each.id} leads={false} />
            ))}
          </ul>
        </details>
      )}
    </Section>
  )
}

function FollowUp({ followUp, leads }: { followUp: Body['followUps'][number]; leads: boolean }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const [writing, setWriting] = useState(false)
  const [note, setNote] = useState('')
  const { id, number, title, dueOn, doneOn, doneNote } = followUp
  const finish = useAct(() =>
    api.PATCH('/api/governance/agreements/{slug}/decisions/{id}/follow-up', {
      params: { path: { slug, id } },
      body: { done: true, note: note || null },
    }),
  )
  const late = doneOn === null && dueOn !== null && agreement !== undefined && dueOn < agreement.today
  return (
    <li>
      <div>
        <p>
          <strong>{number}</strong> {title}
        </p>
        <p className={late ? 'small late' : 'small quiet'}>
          {doneOn !== null && t('followUp.doneOn', { day: format.dayMedium(doneOn) })}
          {doneOn === null &&
            dueOn !== null &&
            t(late ? 'followUp.late' : 'followUp.due', { day: format.dayMedium(dueOn) })}
          {doneNote && ` ${doneNote}`}
        </p>
      </div>
      {leads && !writing && (
        <Button onClick={() => setWriting(true)}>
          {t('followUp.finish')}
          <span className="visually-hidden"> : {number}</span>
        </Button>
      )}
      {writing && (
        <form
          className="stack stack-tight grow"
          onSubmit={(event) => {
            event.preventDefault()
            if (!finish.isPending) finish.mutate()
          }}
        >
          <TextArea
            label={t('followUp.note')}
            maxLength={2000}
            onChange={({ target }) => setNote(target.value)}
            rows={2}
            value={note}
          />
          <div className="row">
            <Button busy={finish.isPending} look="primary" type="submit">
              {t('followUp.finish')}
            </Button>
            <Button look="quiet" onClick={() => setWriting(false)}>
              {t('cancel')}
            </Button>
          </div>
          {finish.error && <Failure error={finish.error} />}
        </form>
      )}
    </li>
  )
}
