import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { readProblem } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { useProblemText } from '../../../shell/failure.tsx'
import { Button } from '../../../ui/button.tsx'
import { saveFile } from '../../../ui/csv.ts'
import { useAgreementSlug } from '../governance.ts'

/** Takes an invoice in either syntax of EN 16931; what it lacks is said beside. */
export function InvoiceLinks({ of, id, number }: { of: 'bills' | 'claims'; id: string; number: string }) {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  const explain = useProblemText()
  const take = useMutation({
    mutationFn: async (syntax: 'ubl' | 'cii') => {
      const answer = await fetch(paths.moneyInvoice(slug, of, id, syntax))
      if (!answer.ok) throw readProblem(answer.status, await answer.text())
      saveFile(`${number}-${syntax}.xml`, await answer.blob())
    },
  })
  return (
    <span className="money-invoices">
      {(['ubl', 'cii'] as const).map((syntax) => (
        <Button
          aria-label={t('takeInvoice', { number, syntax: syntax.toUpperCase() })}
          busy={take.isPending}
          key={syntax}
          look="quiet"
          onClick={() => take.mutate(syntax)}
        >
          {syntax.toUpperCase()}
        </Button>
      ))}
      <output className="small">{take.isError ? explain(take.error) : ''}</output>
    </span>
  )
}
