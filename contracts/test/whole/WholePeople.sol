// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelStaking} from "../../src/interfaces/protocol/IModelStaking.sol";
import {ContributionId, DatanetId, DisputeId} from "../../src/protocol/Types.sol";
import {WholeDeployment} from "./WholeDeployment.sol";

/// @notice What each person has, and that nobody loses of it but by what they do themselves or by a rule that the step names.
abstract contract WholePeople is WholeDeployment {
    /// @dev Shares of stakes are counted down to whole wei.
    uint256 private constant DUST = 3;
    /// @notice What went wrong inside a step.
    string public broken;
    mapping(address who => uint256) private _had;
    mapping(address who => uint256) private _mayLose;

    /// @dev Nobody has less afterwards than before, less what `loses` has named.
    modifier step(string memory name) {
        for (uint256 i = 0; i < people.length; i++) {
            (_had[people[i]], _mayLose[people[i]]) = (wealthOf(people[i]), 0);
        }
        _;
        for (uint256 i = 0; i < people.length; i++) {
            address who = people[i];
            if (wealthOf(who) + _mayLose[who] + DUST < _had[who]) {
                broken = string.concat("a loss without a rule: ", name, " ", vm.toString(who));
            }
        }
    }

    /// @dev `who` pays, or may lose by a rule, so much in this step at most.
    function loses(address who, uint256 amount) internal {
        _mayLose[who] += amount;
    }

    /// @dev The next call is of `who`, who pays so much.
    function by(address who, uint256 amount) internal {
        loses(who, amount);
        vm.prank(who);
    }

    /// @dev Coins, what can be drawn, and what is bound for longer: a stake's owner has it still. Escrows, fees, deposits and purses are
    /// paid when they are given; what comes back of them is a gain.
    function wealthOf(address who) public view returns (uint256 sum) {
        sum = who.balance + balances.balanceOf(who) + hosts.hostOf(who).amount;
        sum += verifiers.stakeAt(who, uint64(block.timestamp)) + verifiers.verifierOf(who).leaving;
        IModelStaking.Position memory position = staking.positionOf(modelId, who);
        sum += position.amount + position.waiting + position.leaving;
        sum += staked.positionOf(who).amount + staked.leavingOf(who).amount;
        sum += circleReviewers.reviewerOf(who).bond;
        for (uint256 d = 1; d <= 2; d++) {
            sum += boards.bondOf(DatanetId.wrap(d), who).amount;
        }
        for (uint64 i = 1; i <= datanets.contributionCount(); i++) {
            if (contributorStakes.stakeOf(ContributionId.wrap(i)).contributor != who) continue;
            sum += contributorStakes.stakeOf(ContributionId.wrap(i)).amount;
        }
        if (who != owner) return sum;
        return sum + address(account).balance + agentStakes.getAgent(agentId).stake
            + agentStakes.getAgent(agentId).leaving;
    }

    /// @dev The three of the panel find `value`; of others who are drawn nobody reveals.
    function judged(DisputeId id, bytes32 value) internal {
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        decided(id, value);
    }

    /// @dev The first of the three says `other` than they: whoever has less weight is a minority.
    function split(DisputeId id, bytes32 value, bytes32 other) internal {
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        for (uint256 i = 0; i < 6; i++) {
            address who = panel[i % 3];
            bytes32 said = i % 3 == 0 ? other : value;
            if (i == 3) vm.warp(block.timestamp + 2 * WINDOW + 1);
            if (disputes.voteOf(id, 0, who).weight == 0) continue;
            bytes32 hash = disputes.commitmentOf(id, who, said, "digest", "salt");
            vm.prank(who);
            i < 3 ? disputes.commit(id, hash) : disputes.reveal(id, said, "digest", "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(id);
        vm.warp(block.timestamp + WINDOW + 1);
    }

    function person(uint256 seed) internal view returns (address) {
        address[5] memory some = [alice, bob, watcher, payer, builder];
        return some[seed % 5];
    }

    function expect(bool condition, string memory otherwise) internal {
        if (!condition) broken = otherwise;
    }
}
