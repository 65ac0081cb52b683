// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../interfaces/protocol/IAuditCases.sol";
import {IAudits} from "../interfaces/protocol/IAudits.sol";
import {Claim, IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {AuditCases} from "./AuditCases.sol";
import {Disputes} from "./Disputes.sol";
import {HostStakes} from "./HostStakes.sol";
import {InferenceMarket} from "./InferenceMarket.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {Seeds} from "./Seeds.sol";
import {BPS} from "./Types.sol";

/// @title The market's claims that verifiers run again.
contract Audits is IAudits, AuditCases {
    InferenceMarket public immutable MARKET;
    HostStakes public immutable HOSTS;

    constructor(
        RewardBalances balances,
        InferenceMarket market,
        HostStakes hosts,
        Disputes disputes,
        Seeds seeds,
        uint128 panelFee
    ) AuditCases(balances, disputes, seeds, panelFee) {
        (MARKET, HOSTS) = (market, hosts);
    }

    /// @inheritdoc IAudits
    function checkSettle(Claim calldata given) external view {
        Case storage opened = _cases[given.requestId];
        if (opened.isUpheld) return;
        if (opened.cause != Cause.None) revert UnderDispute(given.requestId);
        Cause cause = causeOf(given);
        if (cause != Cause.None) revert AuditDue(given.requestId, cause);
    }

    /// @inheritdoc IAuditCases
    function causeOf(Claim calldata given) public view override(AuditCases, IAuditCases) returns (Cause) {
        IInferenceMarket.Request memory order = MARKET.claimed(given);
        if (HOSTS.hostOf(order.host).convictedAt >= order.claimedAt) return Cause.Convicted;
        bytes32 seed = SEEDS.hashOf(order.seedBlock);
        bool isDrawn = uint256(keccak256(abi.encode(seed, order.claimHash))) % BPS < order.auditBps;
        return isDrawn ? Cause.Drawn : Cause.None;
    }

    function _claimed(Claim calldata given) internal view override returns (address, uint64) {
        IInferenceMarket.Request memory order = MARKET.claimed(given);
        return (order.host, order.deadline);
    }

    function _refute(Claim calldata given, address by, bytes32 reason) internal override {
        MARKET.refuteByVerdict(given, by, reason);
    }
}
