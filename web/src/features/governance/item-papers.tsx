import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { upload } from '../../api/upload.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Progress } from '../../ui/progress.tsx'
import { FileButton } from './file-button.tsx'
import { useAgreementSlug } from './governance.ts'
import { type AgendaItem, type Meeting, useAct } from './meetings.ts'

/** The papers of an item; for who leads, until the meeting is closed, with what adds or removes one. */
export function ItemPapers({ item, meeting }: { item: AgendaItem; meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [sent, setSent] = useState<{ done: number; total: number }>()
  const add = useAct((file: File) =>
    upload(paths.uploadPaper(slug, item.id), [file], {
      signal: new AbortController().signal,
      onProgress: (done, total) => setSent({ done, total }),
    }).finally(() => setSent(undefined)),
  )
  const remove = useAct((id: string) =>
    api.DELETE('/api/governance/agreements/{slug}/papers/{id}', { params: { path: { slug, id } } }),
  )
  const changes = meeting.leads && ['draft', 'convened', 'open'].includes(meeting.state)
  if (item.papers.length === 0 && !changes) return null
  return (
    <div className="stack stack-tight">
      {item.papers.length > 0 && (
        <ul className="papers">
          {item.papers.map((paper) => (
            <li key={paper.id}>
              <a download href={paths.paperFile(slug, paper.id)}>
                <Icon name="file" size={18} /> {paper.name}
              </a>
              <span className="small quiet">{format.bytes(paper.size)}</span>
              {changes && (
                <Button busy={remove.isPending} look="quiet" onClick={() => remove.mutate(paper.id)}>
                  {t('agenda.remove')}
                  <span className="visually-hidden"> : {paper.name}</span>
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {changes && !sent && <FileButton label={t('papers.add')} of={item.title} onChoose={(file) => add.mutate(file)} />}
      {sent && <Progress label={t('papers.sending')} maximum={sent.total} value={sent.done} />}
      {(add.error ?? remove.error) && <Failure error={add.error ?? remove.error} />}
    </div>
  )
}
