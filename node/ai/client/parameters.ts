import { protocolParametersAbi as abi } from "../../chain/generated/abi.ts";
import type { ChainClient, ProtocolAddresses } from "./chain.ts";

/** What governance has set by now; see ProtocolSettings in deploy.ts for the units. Running agreements keep what they began with. */
export function readParameters(
  client: ChainClient,
  { parameters: address }: Pick<ProtocolAddresses, "parameters">,
) {
  return client.public.readContract({ address, abi, functionName: "parameters" });
}
