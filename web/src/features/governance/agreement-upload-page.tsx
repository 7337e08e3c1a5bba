import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Fault } from './agreement.ts'
import { FaultTable } from './agreement-changes.tsx'
import './agreement.css'

/** The faults that a refusal names. */
export function faultsOf(error: unknown): Fault[] {
  if (!(error instanceof ApiProblem) || error.code !== 'agreement_invalid') return []
  return Array.isArray(error.body['faults']) ? (error.body['faults'] as Fault[]) : []
}

/** Loads an agreement from its file; a file that is not valid is refused line by line, and changes nothing. */
export function AgreementUploadPage() {
  const { t } = useTranslation(['agreements', 'governance'])
  const explain = useProblemText()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [file, setFile] = useState<File>()
  const [reason, setReason] = useState('')
  const [checked, setChecked] = useState(false)
  const load = useMutation({
    mutationFn: async (given: File) =>
      read(api.POST('/api/governance/agreements', { body: { source: await given.text(), reason: reason.trim() } })),
    onSuccess: async ({ slug }) => {
      await queries.invalidateQueries({ queryKey: ['governance'] })
      await navigate(paths.governanceAgreement(slug))
    },
  })
  const faults = faultsOf(load.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (file && reason.trim()) load.mutate(file)
  }
  return (
    <Page
      back={{ to: paths.governance(), label: t('governance:title') }}
      lead={t('upload.lead')}
      title={t('upload.title')}
      wide
    >
      <form className="agreement-form" noValidate onSubmit={submit}>
        <TextField
          accept=".yaml,.yml,.json"
          error={checked && !file ? t('upload.needFile') : undefined}
          label={t('upload.file')}
          onChange={({ target }) => {
            setFile(target.files?.[0])
            load.reset()
          }}
          type="file"
        />
        <TextField
          error={checked && !reason.trim() ? t('upload.needReason') : undefined}
          hint={t('upload.reasonHint')}
          label={t('upload.reason')}
          maxLength={500}
          onChange={({ target }) => setReason(target.value)}
          value={reason}
        />
        <div>
          <Button busy={load.isPending} look="primary" type="submit">
            {t('upload.load')}
          </Button>
        </div>
      </form>
      <div aria-live="polite" className="stack">
        {load.error && (
          <Notice
            kind="danger"
            title={
              faults.length > 0
                ? t('upload.refused', { count: faults.length })
                : load.error instanceof ApiProblem && load.error.code === 'agreement_amended_meanwhile'
                  ? t('upload.known')
                  : explain(load.error)
            }
          />
        )}
        {faults.length > 0 && <FaultTable faults={faults} />}
      </div>
    </Page>
  )
}
