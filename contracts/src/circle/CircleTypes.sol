// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Each counts from 1 in the contract that gives it; 0 is none.
type GrantId is uint256;
type PanelId is uint256;

using {isPanel} for PanelId global;

function isPanel(PanelId id) pure returns (bool) {
    return PanelId.unwrap(id) != 0;
}

PanelId constant NO_PANEL = PanelId.wrap(0);

/// @notice How large a grant is: 25 to 50, 50 to 150, 250 to 500 thousand dollars.
enum Tier {
    Exploration,
    Building,
    Expansion
}

/// @notice What a grant is for: models for DeFi and DePIN; generation for games; wallets and assistants as agents; data networks of one
/// trade, as health and finance.
enum Focus {
    DefiDepinModels,
    GamingGeneration,
    WalletAgents,
    VerticalData
}
