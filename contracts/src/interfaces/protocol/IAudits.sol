// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "./IAuditCases.sol";
import {Claim} from "./IInferenceMarket.sol";

/// @title Audits and disputes of the market's claims.
interface IAudits is IAuditCases {
    /// @notice Reverts unless a claim may be settled. For the market.
    function checkSettle(Claim calldata given) external view;
}
