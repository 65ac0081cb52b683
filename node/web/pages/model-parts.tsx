import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { hostOf, hostTerms } from "../../ai/client/hosts.ts";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { hostsOfModel } from "../chain/answers.ts";
import { useProtocol } from "../chain/connection.tsx";
import { earningsQuery } from "../chain/earnings.ts";
import { hostModel } from "../chain/factory.ts";
import { LIVE } from "../chain/live-provider.tsx";
import { modelsQuery } from "../chain/queries.ts";
import { type Signer, useSigner } from "../chain/signer.ts";
import { Button } from "../ui/button.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { formatCount, formatShare } from "../ui/format.ts";
import { Card, Facts, Section } from "../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../ui/states.tsx";
import { ModelBadge } from "../ui/status.tsx";

/** What its settled answers brought, and whom. */
export function Earnings({ modelId }: { modelId: bigint }) {
  const query = useQuery(earningsQuery(useProtocol(), modelId));
  return (
    <Section title="Earnings">
      <Loaded query={query} what="the earnings" lines={4}>
        {({ answers, fee, contributors, pools, owner, host, stakers }) =>
          answers === 0 ? (
            <Empty title="No answer of it has been settled yet." />
          ) : (
            <Card>
              <Facts
                facts={[
                  ["Answers settled", formatCount(answers)],
                  ["Fees", <Amount key="fee" wei={fee} />],
                  ["Contributors got", <Part key="c" part={contributors + pools} whole={fee} />],
                  ["Its owner got", <Part key="o" part={owner} whole={fee} />],
                  ["Hosts got", <Part key="h" part={host} whole={fee} />],
                  ["Stakers got", <Part key="s" part={stakers} whole={fee} />],
                ]}
              />
            </Card>
          )
        }
      </Loaded>
    </Section>
  );
}

function Part({ part, whole }: { part: bigint; whole: bigint }) {
  return (
    <>
      <Amount wei={part} /> <span className="text-soft">({formatShare(part, whole)})</span>
    </>
  );
}

/** Who answers for it, and how to. */
export function Hosts({ model }: { model: RegisteredModel }) {
  const { modelId } = model;
  const protocol = useProtocol();
  const signer = useSigner();
  const hosts = useQuery({
    queryKey: [LIVE, "hosts", modelId.toString()],
    queryFn: () => hostsOfModel(protocol, modelId),
  });
  return (
    <Section title="Hosts" note="They answer for a part of the fee, with a stake behind each claim.">
      <Loaded query={hosts} what="the hosts" lines={2}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No host takes this model yet.">
              A host takes it itself:{" "}
              <code className="font-mono">openledger host take {modelId.toString()}</code>
            </Empty>
          ) : (
            <Card>
              <ul className="flex flex-wrap gap-x-6 gap-y-2 text-sm">
                {list.map((host) => (
                  <li key={host}>
                    <Hex hex={host} what="host" />
                  </li>
                ))}
              </ul>
            </Card>
          )
        }
      </Loaded>
      {signer === undefined ? null : <TakeIt signer={signer} modelId={modelId} />}
    </Section>
  );
}

/** For an account that is a host: takes the model. */
function TakeIt({ signer, modelId }: { signer: Signer; modelId: bigint }) {
  const protocol = useProtocol();
  const { client, at } = protocol;
  const standing = useQuery({
    queryKey: [LIVE, "host-standing", signer.address, modelId.toString()],
    queryFn: async () => {
      const [{ amount }, { accepted }] = await Promise.all([
        hostOf(client, at, signer.address),
        hostTerms(client, at, modelId, signer.address),
      ]);
      return { isHost: amount > 0n, accepted };
    },
  });
  const taking = useMutation({ mutationFn: () => hostModel(protocol, signer, modelId) });
  if (standing.data?.isHost !== true || standing.data.accepted) return null;
  return (
    <div className="mt-3">
      <Button disabled={taking.isPending} onClick={() => taking.mutate()}>
        {taking.isPending ? "Taking it…" : "Take it as a host"}
      </Button>
      {taking.error === null ? null : <Problem error={taking.error} />}
    </div>
  );
}

/** Other models of the same owner and name, and those on the same base. */
export function Family({ model }: { model: RegisteredModel }) {
  const query = useQuery(modelsQuery(useProtocol()));
  const others = (query.data ?? []).filter(({ modelId }) => modelId !== model.modelId);
  const versions = others.filter(({ name, owner }) => name === model.name && owner === model.owner);
  const siblings = others.filter((other) => other.baseHash === model.baseHash && !versions.includes(other));
  if (versions.length + siblings.length === 0) return null;
  return (
    <Section
      title="Its family"
      note="Versions have its owner and its name; siblings learnt on the same base model."
    >
      <Card>
        <Facts
          facts={[
            ["Versions", versions.length === 0 ? undefined : <Names key="v" models={versions} />],
            ["Siblings", siblings.length === 0 ? undefined : <Names key="s" models={siblings} />],
          ]}
        />
      </Card>
    </Section>
  );
}

function Names({ models }: { models: readonly RegisteredModel[] }) {
  return (
    <ul className="space-y-1">
      {models.map((model) => (
        <li key={model.modelId.toString()} className="flex flex-wrap items-center gap-2">
          <Link
            to="/models/$model"
            params={{ model: model.modelId.toString() }}
            className="break-words text-accent hover:underline"
          >
            {model.name}, model {model.modelId.toString()}
          </Link>
          <ModelBadge model={model} />
        </li>
      ))}
    </ul>
  );
}
