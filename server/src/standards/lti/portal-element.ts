/**
 * `<preau-indicator>`: frames what a portal's server asked for. Attributes: `src`, the address that the API answered; or
 * `from`, an address of the portal itself that answers `{ "url": … }` to a POST, for pages that stay open; `label`, the name
 * of the frame for who hears it. Served as it is, to pages of other sites.
 */
export const elementScript = `
class PreauIndicator extends HTMLElement {
  static observedAttributes = ['src', 'from', 'label']
  #frame
  #begun = false
  #listen = ({ source, data }) => {
    if (this.#frame && source === this.#frame.contentWindow && data?.subject === 'lti.frameResize' && data.height > 0) {
      this.#frame.style.height = Math.min(data.height, 20000) + 'px'
    }
  }
  connectedCallback() {
    if (!this.style.display) this.style.display = 'block'
    addEventListener('message', this.#listen)
    void this.#show()
  }
  disconnectedCallback() {
    removeEventListener('message', this.#listen)
    this.#frame?.remove()
    this.#frame = undefined
  }
  attributeChangedCallback(name, former, value) {
    if (!this.isConnected || former === value) return
    if (name === 'label') { if (this.#frame) this.#frame.title = value ?? '' }
    else void this.#show()
  }
  async #show() {
    // Attributes come one by one, and each address serves once.
    if (this.#begun) return
    this.#begun = true
    await Promise.resolve()
    this.#begun = false
    try {
      const url = this.getAttribute('src') ?? (await this.#ask())
      if (!url || !this.isConnected) return
      // A code serves once: another address is another frame.
      const frame = document.createElement('iframe')
      frame.title = this.getAttribute('label') ?? 'Préau'
      frame.style.cssText = 'border:0;width:100%;min-height:12rem;color-scheme:normal'
      frame.src = url
      this.#frame?.remove()
      this.#frame = frame
      this.append(frame)
    } catch (error) {
      this.dispatchEvent(new CustomEvent('preau-error', { detail: error, bubbles: true }))
    }
  }
  async #ask() {
    const from = this.getAttribute('from')
    if (!from) return undefined
    const answer = await fetch(from, { method: 'POST', credentials: 'same-origin' })
    if (!answer.ok) throw new Error('HTTP ' + answer.status)
    return (await answer.json()).url
  }
}
if (!customElements.get('preau-indicator')) customElements.define('preau-indicator', PreauIndicator)
`
