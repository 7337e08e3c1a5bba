import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { useAgreement, useAgreementSlug } from '../governance.ts'
import { ActForm } from './act-form.tsx'
import { establishmentsQuery, headCountsQuery } from './head-counts.ts'
import { type Budget, type Orders, useNames } from './money.ts'

type Offer = Orders['offers'][number]

/** Services that members order for their establishments. */
export function Offers({ offers, orders, budget }: { offers: Offer[]; orders: Orders['orders']; budget: Budget }) {
  const { t } = useTranslation('money')
  const slug = useAgreementSlug()
  if (offers.length === 0 && !budget.manages) return null
  return (
    <Section hint={t('offers.hint')} title={t('offers.title')}>
      {offers.length === 0 && <p className="quiet">{t('offers.none')}</p>}
      <ul className="money-steps">
        {offers.map((offer) => (
          <OfferItem budget={budget} key={offer.id} offer={offer} orders={orders} />
        ))}
      </ul>
      {budget.manages && (
        <ActForm
          act={({ label = '', sharingKey = '', pricing, priceCents = '', effectiveOn = '' }, requestKey) =>
            api.POST('/api/governance/agreements/{slug}/money/offers', {
              params: { path: { slug } },
              body: {
                requestKey,
                label,
                sharingKey,
                priceCents,
                effectiveOn,
                pricing: pricing === 'perPupil' ? 'perPupil' : 'fixed',
              },
            })
          }
          fields={[
            { name: 'label', label: t('offers.label'), kind: 'text' },
            {
              name: 'sharingKey',
              label: t('key'),
              kind: 'select',
              options: budget.sharingKeys
                .filter(({ usedFor }) => usedFor.includes('sharedService') || usedFor.includes('individualService'))
                .map(({ key, name }) => ({ value: key, label: name })),
            },
            {
              name: 'pricing',
              label: t('offers.pricing'),
              kind: 'select',
              options: [
                { value: 'perPupil', label: t('offers.perPupil') },
                { value: 'fixed', label: t('offers.fixed') },
              ],
            },
            { name: 'priceCents', label: t('offers.price'), kind: 'euros' },
            { name: 'effectiveOn', label: t('effectiveOn'), kind: 'day' },
          ]}
          submit={t('offers.create')}
          title={t('offers.newTitle')}
        />
      )}
    </Section>
  )
}

function OfferItem({ offer, orders, budget }: { offer: Offer; orders: Orders['orders']; budget: Budget }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const { data: headCounts } = useQuery(headCountsQuery(slug))
  const { data: agreement } = useAgreement()
  // Only a holder commits its party.
  const held = agreement?.seats.filter(({ rank }) => rank === 'holder').map((seat) => seat.party) ?? []
  const own = held.filter((party) => budget.parties.some(({ key, member }) => key === party && member))
  const party = own[0] ?? ''
  const headCount = headCounts?.headCounts.find(({ countedOn }) => countedOn <= offer.effectiveOn)
  const { data } = useQuery(establishmentsQuery(slug, party === '' ? '' : (headCount?.id ?? ''), party))
  const ordered = orders.filter(({ offerId, party: by }) => offerId === offer.id && by !== null)
  const establishments = data?.establishments ?? []
  return (
    <li className="money-step">
      <h3>{offer.label}</h3>
      <p>
        {t(offer.pricing === 'perPupil' ? 'offers.perPupilPrice' : 'offers.fixedPrice', {
          price: format.euros(offer.priceCents),
        })}{' '}
        · {budget.sharingKeys.find(({ key }) => key === offer.sharingKey)?.name} · {format.dayMedium(offer.effectiveOn)}
      </p>
      <p className="small quiet">
        {offer.closedAt ? t('offers.closed') : t('offers.open')}
        {ordered.length > 0 &&
          ` · ${t('offers.orderedBy', { names: format.list(ordered.map((each) => nameOf(each.party!))) })}`}
      </p>
      {!offer.closedAt && party !== '' && !ordered.some((each) => each.party === party) && (
        <ActForm
          act={(values, requestKey) => {
            const chosen = establishments.filter(({ uai }) => values[uai] === 'yes').map(({ uai }) => uai)
            return api.POST('/api/governance/agreements/{slug}/money/offers/{id}/orders', {
              params: { path: { slug, id: offer.id } },
              body: { requestKey, party, uais: chosen.length > 0 ? chosen : establishments.map(({ uai }) => uai) },
            })
          }}
          fields={establishments.map(({ uai, name, pupils }) => ({
            name: uai,
            label: t('offers.establishment', { name, uai, count: pupils, pupils: format.number(pupils) }),
            kind: 'check' as const,
          }))}
          submit={t('offers.order')}
          title={t('offers.orderFor', { name: nameOf(party) })}
        />
      )}
      {!offer.closedAt && budget.manages && (
        <ActForm
          act={() =>
            api.POST('/api/governance/agreements/{slug}/money/offers/{id}/closing', {
              params: { path: { slug, id: offer.id } },
              body: { decisionId: null },
            })
          }
          fields={[]}
          submit={t('offers.gather')}
          title={t('offers.gatherTitle')}
        />
      )}
    </li>
  )
}
