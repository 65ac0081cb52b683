import { useQuery } from "@tanstack/react-query";
import { accessQuery } from "../chain/access.ts";
import { useProtocol } from "../chain/connection.tsx";
import type { Datanet } from "../chain/datanets.ts";
import { useSigner } from "../chain/signer.ts";
import { Amount } from "../ui/exact.tsx";
import { Card, Facts, Section } from "../ui/layout.tsx";
import { Loaded } from "../ui/states.tsx";
import { AccessForm } from "./access-form.tsx";

/** On what terms models are trained on a datanet. */
export function Access({ datanet }: { datanet: Datanet }) {
  const query = useQuery(accessQuery(useProtocol(), datanet));
  const signer = useSigner();
  return (
    <Section
      title="Access for training"
      note="Paid when a model is registered, to the rows' contributors and to reviewers. Who has access keeps its terms."
    >
      <Loaded query={query} what="the terms" lines={3}>
        {(terms) => (
          <Card>
            <Facts
              facts={[
                ["Licence", terms.setLicence ?? datanet.licence],
                [
                  "Price",
                  terms.perSnapshot === 0n && terms.perRow === 0n ? (
                    "free"
                  ) : (
                    <span key="price">
                      <Amount wei={terms.perSnapshot} /> for a snapshot and <Amount wei={terms.perRow} /> for
                      each row
                    </span>
                  ),
                ],
                [
                  "The newest snapshot costs",
                  terms.price === undefined || terms.price === 0n ? undefined : (
                    <Amount key="newest" wei={terms.price} />
                  ),
                ],
                [
                  "Reviewers share",
                  terms.curationBps === 0 ? undefined : `${terms.curationBps / 100} % of the price`,
                ],
                [
                  "Royalty",
                  terms.royaltyBps === 0
                    ? undefined
                    : `${terms.royaltyBps / 100} % of what a model's owner gets of each fee`,
                ],
                ["Sales", terms.closed ? "closed: nobody else gets access" : "open"],
              ]}
            />
            {signer?.address === datanet.owner.toLowerCase() ? (
              <div className="mt-3">
                <AccessForm datanetId={datanet.datanetId} terms={terms} licence={terms.setLicence ?? ""} />
              </div>
            ) : null}
          </Card>
        )}
      </Loaded>
    </Section>
  );
}
