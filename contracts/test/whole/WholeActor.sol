// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GrantId} from "../../src/circle/CircleTypes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {ContributionId, DatanetId, ModelId} from "../../src/protocol/Types.sol";
import {WholeAgents} from "./WholeAgents.sol";

/// @notice Everybody on the chain, doing anything in any order; and the books of every contract that holds money.
contract WholeActor is WholeAgents {
    constructor() {
        deployWhole();
        countPeople();
    }

    /// @notice Empty, or what does not hold.
    function wrong() external view returns (string memory) {
        if (bytes(broken).length > 0) return broken;
        uint256 liquidity = Predeploys.NATIVE_ASSET_LIQUIDITY.balance;
        if (onL2() + liquidity != SUPPLY) return "a wei was lost or made";
        string memory holder = _brokenProtocol();
        if (bytes(holder).length > 0) return holder;
        holder = _brokenOthers();
        if (bytes(holder).length > 0) return holder;
        holder = _brokenPromises();
        if (bytes(holder).length > 0) return holder;
        return _keeping();
    }

    /// @dev Those that say themselves what they hold, to the wei.
    function _brokenProtocol() private view returns (string memory) {
        if (address(contributorStakes).balance != contributorStakes.held()) return "ContributionStakes";
        if (address(losses).balance != losses.held()) return "StakeLosses";
        if (address(curation).balance != curation.held()) return "Curation";
        if (address(pools).balance != pools.held()) return "SnapshotPools";
        if (address(staking).balance != staking.held()) return "ModelStaking";
        if (address(royalties).balance != royalties.held()) return "ModelRoyalties";
        if (address(hosts).balance != hosts.held()) return "HostStakes";
        if (address(verifiers).balance != verifiers.held()) return "VerifierPool";
        if (address(disputes).balance != disputes.held()) return "Disputes";
        if (address(audits).balance != audits.fund()) return "Audits";
        if (address(epochs).balance != epochs.held()) return "InferenceEpochs";
        if (address(epochAudits).balance != epochAudits.fund()) return "EpochAudits";
        if (address(market).balance != owedByMarket()) return "InferenceMarket";
        if (address(demands).balance != owedByDemands()) return "ClaimDemands";
        if (address(boards).balance != _owedToReviewers()) return "Reviewers";
        if (address(models).balance != _owedByModels()) return "ModelLedger";
        if (address(balances).balance != _owedByBalances()) return "RewardBalances";
        return "";
    }

    function _brokenOthers() private view returns (string memory) {
        if (address(staked).balance != staked.held()) return "StakedOpen";
        if (address(circleFund).balance != circleFund.held()) return "CircleFund";
        if (address(circleReviewers).balance != circleReviewers.held()) return "CircleReviewers";
        if (address(circlePanels).balance != circlePanels.held()) return "CirclePanels";
        if (address(circle).balance != circle.held()) return "OpenCircle";
        if (address(agentStakes).balance != agentStakes.held()) return "AgentStakes";
        if (address(feeTreasury).balance < feeTreasury.rest()) return "FeeTreasury";
        if (circleFund.committed() + circleFund.released() > circleFund.funded()) {
            return "promises of grants";
        }
        return "";
    }

    /// @dev What stakers, contributors, ancestors and applicants could draw now is there.
    function _brokenPromises() private view returns (string memory) {
        uint256 owed = 0;
        for (uint256 i = 0; i < 5; i++) {
            address who = person(i);
            owed += staked.positionOf(who).amount + staked.leavingOf(who).amount + staked.rewardsOf(who);
        }
        if (owed > staked.held()) return "StakedOpen promises more than it has";
        uint256 index = pools.poolOf(DatanetId.wrap(1), 1).indexPerRow;
        owed = ALICE_ROWS * ((index - pools.paidIndex(DatanetId.wrap(1), 1, ContributionId.wrap(1))) >> 128);
        owed += BOB_ROWS * ((index - pools.paidIndex(DatanetId.wrap(1), 1, ContributionId.wrap(2))) >> 128);
        if (owed > pools.held()) return "SnapshotPools promises more than it has";
        owed = 0;
        for (uint256 i = 1; i <= models.modelCount(); i++) {
            (, uint256 royalty) = royalties.waitingOf(ModelId.wrap(i));
            owed += royalty;
        }
        if (owed != royalties.held()) return "ModelRoyalties promises otherwise than it has";
        owed = 0;
        for (uint256 i = 1; i <= circle.grantCount(); i++) {
            owed += circle.getGrant(GrantId.wrap(i)).escrow;
        }
        return owed == circle.held() ? "" : "OpenCircle promises otherwise than it has";
    }

    /// @dev Those that hold nothing between two transactions.
    function _keeping() private view returns (string memory) {
        address[14] memory empty = [
            address(parameters),
            address(datanets),
            address(modelRegistry),
            address(agentRegistry),
            address(ledger),
            address(plagiarism),
            address(modelDisputes),
            address(access),
            address(seeds),
            address(epochLeaves),
            address(deeds),
            address(verdicts),
            address(MINTER),
            Predeploys.LIQUIDITY_CONTROLLER
        ];
        for (uint256 i = 0; i < empty.length; i++) {
            if (empty[i].balance != 0) return string.concat("money stays in ", vm.toString(empty[i]));
        }
        return "";
    }

    /// @dev Who has a bond: one alone in the first datanet, three in the other.
    function _owedToReviewers() private view returns (uint256 owed) {
        for (uint256 d = 1; d <= datanets.datanetCount(); d++) {
            owed += boards.reviewPayOf(DatanetId.wrap(d)).pot;
        }
        owed += boards.bondOf(DatanetId.wrap(1), reviewer).amount;
        for (uint256 i = 0; i < 3; i++) {
            owed += boards.bondOf(boarded, person(i)).amount;
        }
    }

    function _owedByModels() private view returns (uint256 owed) {
        for (uint256 i = 1; i <= models.modelCount(); i++) {
            owed += models.getModel(ModelId.wrap(i)).bond;
        }
    }

    /// @dev Of contracts, those that are ever credited.
    function _owedByBalances() private view returns (uint256 owed) {
        for (uint256 i = 0; i < people.length; i++) {
            owed += balances.balanceOf(people[i]);
        }
        address[5] memory credited =
            [address(feeTreasury), address(audits), address(epochAudits), address(account), address(0)];
        for (uint256 i = 0; i < credited.length; i++) {
            owed += balances.balanceOf(credited[i]);
        }
        for (uint256 i = 1; i <= models.modelCount(); i++) {
            address purse = royalties.purseOf(ModelId.wrap(i));
            if (purse != address(0)) owed += balances.balanceOf(purse);
        }
    }
}
