import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { DropZone, FileTrigger, Button as PressButton, Text } from 'react-aria-components'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { upload } from '../../api/upload.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Progress } from '../../ui/progress.tsx'
import { SelectField } from '../../ui/field.tsx'
import type { Import } from './import-words.ts'
import './imports.css'

// What a feed is made of; the server knows the names.
const feedFile = /\.(xml|csv|zip|tgz|tar\.gz)$/i

/** Chooses the files of one export, dropped or picked, and sends them. */
export function ImportUploadPage() {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const explain = useProblemText()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [files, setFiles] = useState<File[]>([])
  const [refused, setRefused] = useState<string[]>([])
  const [sent, setSent] = useState<{ done: number; total: number }>()
  const [said, setSaid] = useState<{ mode?: string; schoolYear?: string }>({})
  const stop = useRef<AbortController>(undefined)
  const send = useMutation({
    mutationFn: async () => {
      stop.current = new AbortController()
      const text = await upload(paths.uploadImport(said), files, {
        signal: stop.current.signal,
        onProgress: (done, total) => setSent({ done, total }),
      })
      return JSON.parse(text) as Import
    },
    onSuccess: async (received) => {
      await client.invalidateQueries({ queryKey: ['imports'] })
      await navigate(paths.import(received.id), { replace: true })
    },
    onSettled: () => setSent(undefined),
  })
  const add = (added: File[]) => {
    setRefused(added.filter(({ name }) => !feedFile.test(name)).map(({ name }) => name))
    const fit = added.filter(({ name }) => feedFile.test(name))
    // The same name again replaces the former: an export holds each once.
    const kept = files.filter((file) => !fit.some(({ name }) => name === file.name))
    setFiles([...kept, ...fit].toSorted((one, other) => format.compare(one.name, other.name)))
    send.reset()
  }
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const givenUp = send.error instanceof DOMException

  return (
    <Page back={{ to: paths.imports(), label: t('list.title') }} lead={t('upload.lead')} title={t('upload.title')}>
      {send.error && !givenUp && (
        <Notice kind="danger" live="alert" title={explain(send.error)}>
          <p>{t('upload.kept')}</p>
        </Notice>
      )}
      {send.isPending ? (
        <div className="stack">
          <Progress
            label={sent && sent.done >= sent.total ? t('upload.finishing') : t('upload.sending')}
            maximum={sent?.total ?? total}
            note={sent && t('progress.bytes', { done: format.bytes(sent.done), total: format.bytes(sent.total) })}
            value={sent?.done ?? 0}
          />
          <div>
            <Button onClick={() => stop.current?.abort()}>{t('upload.cancel')}</Button>
          </div>
        </div>
      ) : (
        <DropZone
          className="drop"
          getDropOperation={() => 'copy'}
          onDrop={(event) => {
            const dropped = event.items.filter((item) => item.kind === 'file').map((item) => item.getFile())
            void Promise.all(dropped).then(add)
          }}
        >
          <Icon name="file" size={34} />
          <Text slot="label">{t('upload.drop')}</Text>
          <FileTrigger
            acceptedFileTypes={['.xml', '.csv', '.zip', '.tgz', '.gz']}
            allowsMultiple
            onSelect={(list) => add([...(list ?? [])])}
          >
            <PressButton className={buttonClass()}>{t('upload.choose')}</PressButton>
          </FileTrigger>
        </DropZone>
      )}
      <div aria-live="polite">
        {refused.length > 0 && (
          <Notice kind="warning" title={t('upload.notFeed', { files: format.list(refused), count: refused.length })} />
        )}
      </div>
      {files.length > 0 && (
        <Section title={t('upload.files', { count: files.length, size: format.bytes(total) })}>
          <ul className="file-list">
            {files.map((file) => (
              <li key={file.name}>
                <span className="code">{file.name}</span>
                <span className="quiet">{format.bytes(file.size)}</span>
                {!send.isPending && (
                  <button
                    aria-label={t('upload.removeOf', { file: file.name })}
                    className="file-remove"
                    onClick={() => setFiles(files.filter((each) => each !== file))}
                    type="button"
                  >
                    <Icon name="cross" size={18} />
                  </button>
                )}
              </li>
            ))}
          </ul>
          {!send.isPending && files.some(({ name }) => !/\.xml$/i.test(name)) && (
            <Said onChange={setSaid} said={said} />
          )}
          {!send.isPending && (
            <div>
              <Button look="primary" onClick={() => send.mutate()}>
                {t('upload.send')}
              </Button>
            </div>
          )}
        </Section>
      )}
      <p className="quiet measure">{t('upload.nothingYet')}</p>
    </Page>
  )
}

/** What files that do not say it are: tables, mostly. */
function Said({
  onChange,
  said,
}: {
  onChange: (said: { mode?: string; schoolYear?: string }) => void
  said: { mode?: string; schoolYear?: string }
}) {
  const { t } = useTranslation('imports')
  const [current] = useState(() => {
    const now = new Date()
    return now.getFullYear() - (now.getMonth() < 8 ? 1 : 0)
  })
  const choose = (name: 'mode' | 'schoolYear', value: string) => {
    const { [name]: _, ...rest } = said
    onChange(value === '' ? rest : { ...rest, [name]: value })
  }
  return (
    <fieldset className="upload-said">
      <legend>{t('upload.said')}</legend>
      <SelectField
        hint={t(said.mode === 'delta' ? 'upload.deltaHint' : 'upload.fullHint')}
        label={t('upload.mode')}
        onChange={(event) => choose('mode', event.target.value)}
        options={[
          { value: '', label: t('upload.full') },
          { value: 'delta', label: t('upload.delta') },
        ]}
        value={said.mode ?? ''}
      />
      <SelectField
        label={t('upload.year')}
        onChange={(event) => choose('schoolYear', event.target.value)}
        options={[
          { value: '', label: t('upload.yearOfDay') },
          ...[current - 1, current, current + 1].map((year) => ({ value: String(year), label: `${year}-${year + 1}` })),
        ]}
        value={said.schoolYear ?? ''}
      />
    </fieldset>
  )
}
