import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { RadioGroup } from '../../ui/field.tsx'
import type { RuleChange, Rules } from './agreement.ts'
import { ChangeTable } from './agreement-changes.tsx'

interface Line {
  kind: 'same' | 'added' | 'removed'
  line: number
  text: string
}

/** What one version changes of another: rule by rule, or line by line. */
export function AgreementDifference({
  changes,
  lines,
  rules,
}: {
  changes: RuleChange[]
  lines: Line[]
  /** Of the newer version, for the names of its parties and bodies. */
  rules: Rules | undefined
}) {
  const { t } = useTranslation('agreements')
  const [parameters, setParameters] = useSearchParams()
  const view = parameters.get('view') === 'text' ? 'text' : 'rules'
  return (
    <>
      <RadioGroup
        legend={t('versions.compare')}
        name="view"
        onChoose={(chosen) => {
          parameters.set('view', chosen)
          setParameters(parameters, { replace: true })
        }}
        options={[
          { value: 'rules', label: t('versions.byRule') },
          { value: 'text', label: t('versions.asText') },
        ]}
        value={view}
      />
      {view === 'rules' ? <ChangeTable changes={changes} rules={rules} /> : <Lines lines={lines} />}
    </>
  )
}

const signs = { same: ' ', added: '+', removed: '−' }

function Lines({ lines }: { lines: Line[] }) {
  const { t } = useTranslation('agreements')
  const spoken = { same: t('versions.sameLine'), added: t('versions.added'), removed: t('versions.removed') }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable (RGAA 7.3)
    <section aria-label={t('versions.asText')} className="agreement-lines" tabIndex={0}>
      <table>
        <caption className="visually-hidden">{t('versions.asText')}</caption>
        <tbody>
          {lines.map(({ kind, line, text }) => (
            <tr className={`agreement-line-${kind}`} key={`${kind} ${line}`}>
              <td>{line}</td>
              <td>
                <span aria-hidden="true">{signs[kind]}</span>
                <span className="visually-hidden">{spoken[kind]}</span>
              </td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
