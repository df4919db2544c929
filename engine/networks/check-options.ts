import { BerthError } from '../../schemas/errors.ts'
import { parseAddress } from './cidr.ts'
import { bridgeOptions, gatewayModes } from './record.ts'

/** Refuses values that a bridge's options cannot have, in dockerd's words (moby libnetwork/drivers/bridge). Pure. */
export function checkBridgeOptions(options: Readonly<Record<string, string>>): void {
  const refuse = (name: string, why: string): BerthError =>
    new BerthError('INVALID_ARGUMENT', `failed to parse ${name} value: ${options[name]} (${why})`)
  for (const name of [bridgeOptions.masquerade, bridgeOptions.peers, bridgeOptions.isDefault]) {
    const text = options[name]
    if (text !== undefined && !/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(text))
      throw refuse(name, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  const mtu = options[bridgeOptions.mtu]
  if (mtu !== undefined && !(/^\d{1,5}$/.test(mtu) && Number(mtu) <= 65535))
    throw refuse(bridgeOptions.mtu, `strconv.Atoi: parsing ${JSON.stringify(mtu)}: invalid syntax`)
  const host = options[bridgeOptions.hostBinding]
  if (host !== undefined && parseAddress(host) === undefined) throw refuse(bridgeOptions.hostBinding, 'nil ip')
  for (const name of [bridgeOptions.gatewayMode4, bridgeOptions.gatewayMode6]) {
    const mode = options[name]
    if (mode !== undefined && mode !== '' && !(gatewayModes as readonly string[]).includes(mode))
      throw refuse(name, `unknown gateway mode ${mode}`)
    // Not taken and ignored: containers would be open that were to be shut, or shut that were to be open.
    if (mode !== undefined && mode !== '' && mode !== gatewayModes[0])
      throw new BerthError(
        'NOT_IMPLEMENTED',
        `gateway mode ${mode} (${name}) is not there yet: only "${gatewayModes[0]}"`,
      )
  }
}
