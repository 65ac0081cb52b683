import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { ProtocolGate } from "../chain/connection.tsx";
import { Page } from "../ui/layout.tsx";
import { Empty, Problem, Waiting } from "../ui/states.tsx";
import { keepPlaces } from "./kept-place.ts";
import { Shell } from "./shell.tsx";

/** Characters of a call in a page's address. */
const MOST_CALL = 1_000;

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Problem error={error} onRetry={reset} />,
});

/** Pages that read the protocol's contracts. */
const protocol = createRoute({
  getParentRoute: () => root,
  id: "protocol",
  component: () => (
    <ProtocolGate>
      <Outlet />
    </ProtocolGate>
  ),
});

const overview = createRoute({
  getParentRoute: () => protocol,
  path: "/",
  component: lazyRouteComponent(() => import("../pages/overview/overview.tsx"), "OverviewPage"),
});
const chat = createRoute({
  getParentRoute: () => protocol,
  path: "/chat",
  component: lazyRouteComponent(() => import("../pages/chat/chat.tsx"), "ChatPage"),
});
const answers = createRoute({
  getParentRoute: () => protocol,
  path: "/answers",
  component: lazyRouteComponent(() => import("../pages/answers.tsx"), "AnswersPage"),
});
const answer = createRoute({
  getParentRoute: () => protocol,
  path: "/answers/$request",
  component: lazyRouteComponent(() => import("../pages/answer.tsx"), "AnswerPage"),
});
const models = createRoute({
  getParentRoute: () => protocol,
  path: "/models",
  component: lazyRouteComponent(() => import("../pages/models.tsx"), "ModelsPage"),
});
const model = createRoute({
  getParentRoute: () => protocol,
  path: "/models/$model",
  component: lazyRouteComponent(() => import("../pages/model.tsx"), "ModelPage"),
});

const datanets = createRoute({
  getParentRoute: () => protocol,
  path: "/datanets",
  component: lazyRouteComponent(() => import("../pages/datanets.tsx"), "DatanetsPage"),
});
const datanet = createRoute({
  getParentRoute: () => protocol,
  path: "/datanets/$datanet",
  component: lazyRouteComponent(() => import("../pages/datanet.tsx"), "DatanetPage"),
});
const contribute = createRoute({
  getParentRoute: () => protocol,
  path: "/datanets/$datanet/contribute",
  component: lazyRouteComponent(() => import("../pages/contribute.tsx"), "ContributePage"),
});
const review = createRoute({
  getParentRoute: () => protocol,
  path: "/datanets/$datanet/review",
  component: lazyRouteComponent(() => import("../pages/review.tsx"), "ReviewPage"),
});
const factory = createRoute({
  getParentRoute: () => protocol,
  path: "/factory",
  component: lazyRouteComponent(() => import("../pages/factory/factory.tsx"), "FactoryPage"),
});
const newModel = createRoute({
  getParentRoute: () => protocol,
  path: "/factory/new",
  component: lazyRouteComponent(() => import("../pages/factory/new-model.tsx"), "NewModelPage"),
});
const run = createRoute({
  getParentRoute: () => protocol,
  path: "/factory/$job",
  component: lazyRouteComponent(() => import("../pages/factory/run.tsx"), "RunPage"),
});
const rewards = createRoute({
  getParentRoute: () => protocol,
  path: "/rewards",
  component: lazyRouteComponent(() => import("../pages/rewards.tsx"), "RewardsPage"),
});
const rewardsOf = createRoute({
  getParentRoute: () => protocol,
  path: "/rewards/$account",
  component: lazyRouteComponent(() => import("../pages/rewards.tsx"), "RewardsOfPage"),
});
const purse = createRoute({
  getParentRoute: () => protocol,
  path: "/purse",
  component: lazyRouteComponent(() => import("../pages/purse/purse.tsx"), "PursePage"),
});
const epochs = createRoute({
  getParentRoute: () => protocol,
  path: "/epochs",
  component: lazyRouteComponent(() => import("../pages/epochs/epochs.tsx"), "EpochsPage"),
});
const epoch = createRoute({
  getParentRoute: () => protocol,
  path: "/epochs/$epoch",
  component: lazyRouteComponent(() => import("../pages/epochs/epoch.tsx"), "EpochPage"),
});
const keys = createRoute({
  getParentRoute: () => protocol,
  path: "/keys",
  component: lazyRouteComponent(() => import("../pages/keys/keys.tsx"), "KeysPage"),
});
const governance = createRoute({
  getParentRoute: () => protocol,
  path: "/governance",
  component: lazyRouteComponent(() => import("../pages/governance/governance.tsx"), "GovernancePage"),
});
const propose = createRoute({
  getParentRoute: () => protocol,
  path: "/governance/propose",
  component: lazyRouteComponent(() => import("../pages/governance/propose.tsx"), "ProposePage"),
  // A page that needs a vote brings the call along.
  validateSearch: ({ call }: Record<string, unknown>): { call?: string } =>
    typeof call === "string" && call.length <= MOST_CALL ? { call } : {},
});
const stake = createRoute({
  getParentRoute: () => protocol,
  path: "/governance/stake",
  component: lazyRouteComponent(() => import("../pages/governance/stake.tsx"), "StakePage"),
});
const proposal = createRoute({
  getParentRoute: () => protocol,
  path: "/governance/$proposal",
  component: lazyRouteComponent(() => import("../pages/governance/proposal.tsx"), "ProposalPage"),
});
const circle = createRoute({
  getParentRoute: () => protocol,
  path: "/circle",
  component: lazyRouteComponent(() => import("../pages/circle/circle.tsx"), "CirclePage"),
});
const applyForGrant = createRoute({
  getParentRoute: () => protocol,
  path: "/circle/apply",
  component: lazyRouteComponent(() => import("../pages/circle/apply.tsx"), "ApplyPage"),
});
const circleReviewers = createRoute({
  getParentRoute: () => protocol,
  path: "/circle/reviewers",
  component: lazyRouteComponent(() => import("../pages/circle/reviewers.tsx"), "CircleReviewersPage"),
});
const grant = createRoute({
  getParentRoute: () => protocol,
  path: "/circle/$grant",
  component: lazyRouteComponent(() => import("../pages/circle/grant.tsx"), "GrantPage"),
});
const agents = createRoute({
  getParentRoute: () => protocol,
  path: "/agents",
  component: lazyRouteComponent(() => import("../pages/agents/agents.tsx"), "AgentsPage"),
});
const newAgent = createRoute({
  getParentRoute: () => protocol,
  path: "/agents/register",
  component: lazyRouteComponent(() => import("../pages/agents/register.tsx"), "RegisterPage"),
});
const agent = createRoute({
  getParentRoute: () => protocol,
  path: "/agents/$agent",
  component: lazyRouteComponent(() => import("../pages/agents/agent.tsx"), "AgentPage"),
});

const bridge = createRoute({
  getParentRoute: () => root,
  path: "/bridge",
  component: lazyRouteComponent(() => import("../pages/bridge.tsx"), "BridgePage"),
});

const operator = createRoute({
  getParentRoute: () => root,
  path: "/operator",
  component: lazyRouteComponent(() => import("../pages/operator.tsx"), "OperatorPage"),
});
const explorer = createRoute({
  getParentRoute: () => root,
  path: "/explorer",
  component: lazyRouteComponent(() => import("../pages/explorer.tsx"), "ExplorerPage"),
});
const block = createRoute({
  getParentRoute: () => root,
  path: "/explorer/block/$block",
  component: lazyRouteComponent(() => import("../pages/block.tsx"), "BlockPage"),
});
const transaction = createRoute({
  getParentRoute: () => root,
  path: "/explorer/tx/$hash",
  component: lazyRouteComponent(() => import("../pages/transaction.tsx"), "TransactionPage"),
});
const address = createRoute({
  getParentRoute: () => root,
  path: "/explorer/address/$address",
  component: lazyRouteComponent(() => import("../pages/address.tsx"), "AddressPage"),
});
const ofProtocol = [
  overview,
  chat,
  answers,
  answer,
  models,
  model,
  datanets,
  datanet,
  contribute,
  review,
  factory,
  newModel,
  run,
  rewards,
  rewardsOf,
  purse,
  epochs,
  epoch,
  keys,
  governance,
  propose,
  stake,
  proposal,
  circle,
  applyForGrant,
  circleReviewers,
  grant,
  agents,
  newAgent,
  agent,
] as const;

/** The pages by their addresses. */
export const router = createRouter({
  routeTree: root.addChildren([
    protocol.addChildren(ofProtocol),
    bridge,
    operator,
    explorer,
    block,
    transaction,
    address,
  ]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Waiting what="the page" lines={6} />,
  scrollRestoration: true,
});
keepPlaces(router);

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address.">The pages are listed at the top.</Empty>
    </Page>
  );
}
