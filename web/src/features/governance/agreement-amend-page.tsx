export function AgreementAmendPage() {
  return null
}
