/** The pages at the top of every page, in this order. `of`: a service that a node may lack; its page is absent then. */
export const PAGES = [
  { to: "/", name: "Overview", exact: true },
  { to: "/chat", name: "Chat", exact: false },
  { to: "/answers", name: "Answers", exact: false },
  { to: "/models", name: "Models", exact: false },
  { to: "/datanets", name: "Datanets", exact: false },
  { to: "/factory", name: "Model Factory", exact: false, of: "hasFactory" },
  { to: "/rewards", name: "Rewards", exact: false },
  { to: "/governance", name: "Governance", exact: false, of: "hasGovernance" },
  { to: "/circle", name: "OpenCircle", exact: false, of: "hasCircle" },
  { to: "/agents", name: "Agents", exact: false, of: "hasAgents" },
  { to: "/bridge", name: "Bridge", exact: false, of: "l1Url" },
  { to: "/explorer", name: "Explorer", exact: false },
  { to: "/keys", name: "API keys", exact: false, of: "hasKeys" },
] as const;
